"""Simulated citizens and phones over real SIP: what the tests, the measurements and the first test call of an installation ring with."""

from simulation.people import CallResult, Citizen, LoadResult, Phone, Ring, load
from simulation.scenario import HangUp, Press, Step, Wait, WaitForBye
from simulation.sipp import SippError, share_ports, until
from simulation.telephones import Answers, Behaviour, Diverts, FarEnd, InTurn, Refuses, Rings, Softphone, diversion
from simulation.user_agent import Leg

__all__ = [
    "Answers", "Behaviour", "CallResult", "Citizen", "Diverts", "FarEnd", "HangUp", "InTurn", "Leg", "LoadResult", "Phone", "Press",
    "Refuses", "Ring", "Rings", "SippError", "Softphone", "Step", "Wait", "WaitForBye", "diversion", "load", "share_ports", "until",
]  # fmt: skip

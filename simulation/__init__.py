"""Simulated citizens and phones over real SIP: what the tests, the measurements and the first test call of an installation ring with."""

from simulation.people import CallResult, Citizen, LoadResult, Phone, Ring, load
from simulation.scenario import HangUp, Press, Step, Wait, WaitForBye
from simulation.sipp import SippError, share_ports, until

__all__ = [
    "CallResult", "Citizen", "HangUp", "LoadResult", "Phone", "Press", "Ring", "SippError", "Step", "Wait", "WaitForBye", "load",
    "share_ports", "until",
]  # fmt: skip

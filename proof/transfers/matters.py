"""The matters that Lekeberg's switchboard transferred in 2019, how much of a year each was, and how often its handlers answered.

From the municipality's pre-study of a contact centre. Matters whose answer rate it does not tell (loan computers, broadband, fault
reports and the switchboard's own work) are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Matter:
    """`hours` a year are its weight; `rate` is the share of calls that its handlers answered, weekdays 08.00 to 16.30."""

    title: str
    administration: str
    hours: float
    rate: float


MATTERS = (
    Matter("Turism", "executive", 208, 0.087),
    Matter("Allmän handling", "executive", 132.5, 0.513),
    Matter("Namnskyltar", "executive", 104, 0.067),
    Matter("Faderskap", "social", 84, 0.117),
    Matter("Fakturaskanning", "executive", 82, 0.671),
    Matter("Facebook", "executive", 78, 0.067),
    Matter("Inackordering", "education", 60, 0.474),
    Matter("Webbnotiser", "executive", 52, 0.067),
    Matter("Evenemang", "executive", 52, 0.067),
    Matter("Lokalbokning", "education", 52, 0.35),
    Matter("Profilvaror", "executive", 46, 0.067),
    Matter("Enklare bistånd", "social", 30, 0.706),
    Matter("Parkeringstillstånd", "technical", 28, 0.436),
    Matter("Fonder", "social", 24, 0.5),
    Matter("Resetillägg", "education", 16, 0.496),
    Matter("Arkiv", "executive", 12, 0.491),
    Matter("Enkäter", "executive", 10, 0.513),
    Matter("Lotteri", "education", 9, 0.435),
    Matter("SIM-kort", "executive", 8.5, 0.549),
    Matter("Vägbidrag", "technical", 7, 0.498),
    Matter("Anslutning VA", "technical", 5, 0.498),
    Matter("Visitkort", "executive", 4, 0.067),
    Matter("Torgplats", "technical", 3.5, 0.469),
    Matter("Tomtkö", "technical", 1.5, 0.469),
    Matter("Gatubelysning", "technical", 1, 0.498),
)

LOST_BY_SURVEY = 0.33
"""Transferred calls that nobody answered in the national service survey's test calls (KKiK), 2019."""


def lost_by_rates(matters: Sequence[Matter] = MATTERS) -> float:
    """The share that nobody answers by the handlers' rates, each matter counted once: as the pre-study's own mean."""
    return 1 - sum(one.rate for one in matters) / len(matters)


def lost_by_weight(matters: Sequence[Matter] = MATTERS) -> float:
    """The same with each matter weighed by its hours."""
    return 1 - sum(one.hours * one.rate for one in matters) / sum(one.hours for one in matters)

"""The plain dialplan beside the product, on the same Asterisk: transfers as they are without a return. Pure text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proof.transfers.calls import Phone

CONTEXT = "trunk-in"
"""Where the product's own entry stands; the console adds to contexts that there are."""


def lines(number: str, queue: str, phones: Sequence[Phone], ring_seconds: int) -> Iterator[str]:
    """Console commands: who dials the number waits for a guide, and who is transferred to a phone is rung there, then hung up on."""
    entry = ("Answer(,i)", f"Set(__TRANSFER_CONTEXT={CONTEXT})", "Set(CALLERID(name)=${CALLERID(num)})", f"Queue({queue},t)")
    yield from _extension(number, entry)
    for phone in phones:
        yield from _extension(phone.extension, (f"Dial(PJSIP/{phone.number}@trunk,{ring_seconds})", "Hangup()"))


def _extension(name: str, applications: Sequence[str]) -> Iterator[str]:
    for priority, application in enumerate(applications, start=1):
        yield f"dialplan add extension {name},{priority},{application} into {CONTEXT}"

"""A citizen whom we owe a callback rings himself, and somebody answers: then the promise is kept, by whoever owed it."""

from __future__ import annotations

from collections.abc import Collection

from callbacks.dialler import Dialler
from callbacks.model import Request
from callbacks.store import Act, CallbackStore


def is_kept(request: Request, call_id: str, reached: Collection[str]) -> bool:
    """Whether an answered call keeps a promise. What that very call has ordered stays; what a handler or function owes, or is protected,
    is kept only where the caller was put through (`reached`, extensions): a guide's answer is not the handler's."""
    if request.call_id == call_id:
        return False
    return request.owner in reached if request.owner or request.protected else True


async def close_kept(
    store: CallbackStore, dialler: Dialler, municipality: str, number: str, call_id: str, reached: Collection[str], act: Act
) -> None:
    """Close what an answered call from a number (E.164) has kept. Raises StoreAway and TelephoneAway; the same call may be told again."""
    for request in await store.of_number(municipality, number):
        if is_kept(request, call_id, reached):
            answer = await store.close(municipality, request.id, "called_in", act)
            if answer.word == "wished":
                await dialler.withdraw(answer.standing)

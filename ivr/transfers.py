"""Transfer a talk on the page's word: find the guide's leg in Asterisk, and ask for it. What becomes of it the dialplan decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from access.guard import Current
from access.model import Holder, Role
from access.refusal import Refused
from ivr.ami import ActionFailed, Ami, Event
from ivr.exchange import Exchange
from routing.municipality import Municipality
from routing.words import Extension


class Wish(BaseModel):
    """Where to: `blind` lets the caller go there at once, `attended` lets the guide speak first and hang up to hand over."""

    model_config = ConfigDict(extra="forbid")

    to: Extension
    kind: Literal["blind", "attended"] = "blind"


class Transferred(BaseModel):
    """The transfer is under way."""

    call_id: str
    to: Extension
    kind: Literal["blind", "attended"]


def router(exchange: Exchange, municipalities: Mapping[str, Municipality]) -> APIRouter:
    """POST /api/calls/{call_id}/transfer. Raises access.refusal.Refused; nothing is half done then."""
    api = APIRouter(prefix="/api/calls", tags=["calls"])

    @api.post("/{call_id}/transfer", summary="Transfer a talk to a handler or a function")
    async def transfer(call_id: str, wish: Wish, holder: Current) -> Transferred:
        async with exchange.connected() as ami:
            leg, municipality, guide = await talking(ami, call_id, municipalities)
            refuse_others(holder, guide)
            if wish.to not in municipality.extensions():
                raise Refused(404, "unknown_extension", f"Nobody has the extension {wish.to}. GET /api/handlers lists them.")
            await carry_out(ami, leg, f"{municipality.slug}-transfer", wish)
        return Transferred(call_id=call_id, to=wish.to, kind=wish.kind)

    return api


async def talking(ami: Ami, call_id: str, municipalities: Mapping[str, Municipality]) -> tuple[str, Municipality, str]:
    """The guide's channel that is connected with this caller, the municipality and the guide's extension. Raises Refused."""
    legs = [one for one in await ami.list_action("CoreShowChannels") if one.get("linkedid") == call_id]
    caller = next((one for one in legs if one.get("uniqueid") == call_id), None)
    if caller is None:
        raise Refused(409, "call_ended", "This call has ended: there is nothing to transfer.")
    for leg in legs:
        account = _account(leg)
        slug, _, extension = account.partition("-")
        if slug in municipalities and extension and leg.get("bridgeid") and leg.get("bridgeid") == caller.get("bridgeid"):
            return leg.get("channel"), municipalities[slug], extension
    raise Refused(409, "not_talking", "No guide is connected with this caller now. Answer the call first.")


def refuse_others(holder: Holder, guide: str) -> None:
    """A guide transfers the own talk only. Raises Refused."""
    if Role.TEAM_LEADER not in holder.roles and holder.extension != guide:
        raise Refused(403, "not_your_call", f"The extension {guide} has this call. Ask a team leader to transfer it.")


async def carry_out(ami: Ami, channel: str, context: str, wish: Wish) -> None:
    """One action, which Asterisk does whole or not at all. Raises Refused."""
    action = "BlindTransfer" if wish.kind == "blind" else "Atxfer"
    try:
        await ami.action(action, Channel=channel, Context=context, Exten=wish.to)
    except ActionFailed as error:
        raise Refused(409, "not_talking", "The talk ended in this very moment: nothing was transferred.") from error


def _account(leg: Event) -> str:
    """`lekeberg-1001` of the channel `PJSIP/lekeberg-1001-0000002a`."""
    technology, _, name = leg.get("channel").partition("/")
    return name.rpartition("-")[0] if technology == "PJSIP" else ""

"""Roles, duties and who holds them. Roles add up in one person; a duty is what that person may see on top."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Role(StrEnum):
    """What a person works as. They add up: in a small municipality one person holds several."""

    GUIDE = "guide"
    HANDLER = "handler"
    MANAGER = "manager"
    TEAM_LEADER = "team_leader"
    SYSTEM_MANAGER = "system_manager"
    SCREEN = "screen"
    AUDITOR = "auditor"


class Duty(StrEnum):
    """Protected lines and topics that a person may see, whatever the role."""

    IFO = "ifo"


class Holder(BaseModel):
    """Who stands behind a request."""

    model_config = ConfigDict(frozen=True)

    name: str
    roles: frozenset[Role]
    duties: frozenset[Duty] = frozenset()
    expires_at: AwareDatetime
    extension: str = ""
    """The holder's phone, a guide's or a handler's: 1001, or lekeberg-1001 where several municipalities have that extension."""

    def may_see(self, *, protected: bool) -> bool:
        """Whether a record may be shown to this holder at all."""
        return may_see(self.duties, protected=protected)


def may_see(duties: Collection[Duty], *, protected: bool) -> bool:
    """Whether a record may be shown to who has these duties: a protected one is for those with the duty only."""
    return not protected or Duty.IFO in duties

"""A request as the store keeps it: flat strings, times in epoch seconds. Both ways, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from callbacks.model import Message, Request

TIMES = ("wanted", "not_before", "place", "due", "limit", "lease_until", "follow_up_at", "tried_at", "closed_at")
FLAGS = ("protected", "lapsed")
WORDS = frozenset(Request.model_fields) - {*TIMES, *FLAGS, "message", "created_at"}
Fields = Mapping[str, str]


def seconds(moment: datetime | None) -> str:
    """Epoch seconds; "" for none."""
    return f"{moment.timestamp():.3f}" if moment else ""


def moment(text: str) -> datetime | None:
    """What `seconds` wrote."""
    return datetime.fromtimestamp(float(text), UTC) if text else None


def matter(request: Request) -> str:
    """What makes two requests one: the same number about the same topic, to the same handler."""
    return "|".join(filter(None, (request.number, request.topic, request.owner)))


def to_fields(request: Request) -> dict[str, str]:
    """All of a new record."""
    said = request.model_dump(exclude={*TIMES, *FLAGS, "message", "created_at"})
    fields = {name: str(value) for name, value in said.items()}
    fields |= {name: seconds(getattr(request, name)) for name in TIMES}
    fields |= {name: str(int(getattr(request, name))) for name in FLAGS}
    fields |= {"message": request.message.model_dump_json(), "created": seconds(request.created_at), "asked": "1", "settled": ""}
    return fields | standing(request)


def standing(request: Request) -> dict[str, str]:
    """What follows from whose a request is: the lists it stands in, and whether the program dials it."""
    return {"lists": "|".join(request.lists), "in_queue": str(int(request.in_queue)), "matter": matter(request)}


def from_fields(fields: Fields) -> Request:
    """The request of a record. Raises pydantic.ValidationError for one of another shape."""
    return Request.model_validate(
        {name: value for name, value in fields.items() if name in WORDS}
        | {name: moment(fields[name]) for name in TIMES}
        | {name: fields[name] == "1" for name in FLAGS}
        | {"schema_version": int(fields["schema_version"]), "created_at": moment(fields["created"])}
        | {"message": Message.model_validate_json(fields["message"])}
    )

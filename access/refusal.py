"""How the API says no: a status, a stable word for programs, and a sentence for people. Nothing is half done then."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Refusal(BaseModel):
    """What is said of it: a stable word, and a sentence with reason and remedy."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"error": "unknown_topic", "detail": "There is no topic 'gator'. There are: care, streets."},
    ]})  # fmt: skip

    error: str
    detail: str


class Refused(Exception):
    """A request that cannot be carried out. `error` never changes once published; `sentence` says the reason and the remedy."""

    def __init__(self, status: int, error: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.error = error
        self.sentence = sentence

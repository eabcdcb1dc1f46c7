"""What all parts of the municipality's file have in common: nothing unknown in them, and nothing changes them."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A table of the file. An unknown key is an error: it is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

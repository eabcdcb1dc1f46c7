"""Kinds of text that the parts of the municipality's file share."""

from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
"""The name of a table: also a label, and a part of Asterisk's names."""

E164 = Annotated[str, StringConstraints(pattern=r"^\+46[1-9][0-9]{5,9}$")]

Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,6}$")]
"""What is dialled inside the municipality."""

Email = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=254)]

Text = Annotated[str, StringConstraints(pattern=r'^[^"\r\n;\[\]$]+$')]
"""What may stand in Asterisk's files as it is."""

TextId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
"""The id of a spoken text: also the name of its sound file."""

TextPart = Annotated[
    str, StringConstraints(pattern=r"^(?:(?:sv|en): [^\s-].*|pause: [0-9]+(?:\.[0-9]+)?|tone: [0-9]+ [0-9]+(?:\.[0-9]+)?)$")
]
"""A piece of a spoken text, as in dialplan/prompts/catalogue.toml: words in a language, seconds of silence, or a tone."""

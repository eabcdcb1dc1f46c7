"""Kinds of text that the parts of the municipality's file share."""

from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
"""The name of a table: also a label, and a part of Asterisk's names."""

E164 = Annotated[str, StringConstraints(pattern=r"^\+46[1-9][0-9]{5,9}$")]

Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,6}$")]
"""What is dialled inside the municipality."""

Text = Annotated[str, StringConstraints(pattern=r'^[^"\r\n;\[\]$]+$')]
"""What may stand in Asterisk's files as it is."""

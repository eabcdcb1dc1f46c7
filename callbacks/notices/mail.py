"""Send a letter by SMTP, one at a time. It decides neither to whom nor what."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from callbacks.notices.letter import Letter
from routing.words import Email

SMTP_SECONDS = 20.0
"""How long a mail server may take for one answer."""


class MailAway(ConnectionError):
    """The mail server did not take the letter; another attempt may do."""


class AddressRefused(ValueError):
    """The mail server does not know the recipient, or does not take letters for it now; the message is its code."""


class Mail(BaseModel):
    """The mail server, as the settings name it. Without a host no mail is sent."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    host: str = ""
    port: int = Field(587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca: Path | None = Field(None, description="What the server's certificate is checked against; the system's own when left out.")
    user: str = ""
    password: str = ""
    sender: Email | None = Field(None, alias="from")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.host and not self.sender:
            raise ValueError("KC_MAIL__HOST is set: KC_MAIL__FROM has to say from whom mail comes")
        if self.password and self.tls == "none":
            raise ValueError("a password is sent over TLS only: set KC_MAIL__TLS to starttls or tls")
        return self


def message(letter: Letter, sender: str, to: str, now: datetime) -> EmailMessage:
    """A letter as it is sent; no machine answers it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, to, letter.subject, format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"], mail["Content-Language"] = "auto-generated", "sv"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    return mail


async def send(server: Mail, mail: EmailMessage) -> None:
    """Give a letter to the mail server. Raises MailAway or AddressRefused; after MailAway it may have been taken all the same."""
    await asyncio.to_thread(_send, server, mail)


def _send(server: Mail, mail: EmailMessage) -> None:
    try:
        with _session(server) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        raise AddressRefused(", ".join(str(code) for code, _ in error.recipients.values())) from error
    except OSError as error:  # every error of smtplib is one
        raise MailAway(f"{server.host}:{server.port}: {type(error).__name__}") from error


def _session(server: Mail) -> smtplib.SMTP:
    trust = ssl.create_default_context(cafile=str(server.ca) if server.ca else None)
    if server.tls == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SMTP_SECONDS, context=trust)
    session = smtplib.SMTP(server.host, server.port, timeout=SMTP_SECONDS)
    if server.tls == "starttls":
        session.starttls(context=trust)
    return session

"""Settings of one installation, from `KC_…` variables. Secrets have no default; what a municipality decides is in its file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from callbacks.notices.mail import Mail
from callbacks.notices.webhook import Hook
from dialplan.render import Ports, Trunk


class Settings(BaseSettings):
    """Everything that differs between installations."""

    model_config = SettingsConfigDict(env_prefix="KC_", env_nested_delimiter="__", env_file="secrets.env", extra="ignore")

    municipalities: str = "lekeberg"
    municipality_folder: Path = Path("municipalities")
    rendered: Path = Path("/var/lib/kontaktcenter/rendered")
    asterisk_logs: Path = Path("/var/log/asterisk")

    host: str = "127.0.0.1"
    sip_port: int = 5060
    ami_port: int = 5038
    ami_tls_port: int = 5039
    ami_tls_certificate: str = Field(
        "", pattern=r"^[^\s;]*$", description="Key and certificate (PEM) where Asterisk finds them; TLS is on with it."
    )
    ami_tls_ca: Path | None = Field(None, description="What the controller checks that certificate against; it speaks TLS only with it.")
    redis_port: int = 6379
    web_port: int = 8000
    prometheus_port: int = 9090
    rtp_start: int = 10000
    rtp_end: int = 19999
    trunk_out_port: int = 5070
    trunk: Trunk = Trunk()
    web_address: str = Field(
        "", pattern=r"^(https?://[^\s]+)?$", description="Where people reach the web; without it mails have no links."
    )
    mail: Mail = Mail()
    webhook: Hook = Hook()

    ami_secret: str = Field(min_length=16)
    redis_password: str = Field(min_length=16)
    phone_seed: str = Field(min_length=16)

    @property
    def ports(self) -> Ports:
        """The ports that Asterisk listens on."""
        return Ports(self.sip_port, self.ami_port, self.rtp_start, self.rtp_end, self.ami_tls_port)

    @property
    def carrier(self) -> Trunk:
        """The way out: `trunk`, with the port of a loopback installation where none is set."""
        return self.trunk if self.trunk.port else self.trunk.model_copy(update={"port": self.trunk_out_port})

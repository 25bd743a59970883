"""The one settings page: every ``NURTURE_*`` variable, typed and documented. Nothing else reads the environment."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models import Channel
from nurture.errors import InputError


class Mode(StrEnum):
    """Whom a dispatch reaches: nobody outside, or everybody who is due."""

    PREVIEW = "preview"
    LIVE = "live"

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that have a way out: a folder takes them all, to people only mail goes yet."""
        return frozenset({Channel.EMAIL} if self is Mode.LIVE else Channel)


class Settings(BaseSettings):
    """Read once, at the border (the command line or a flow), and handed on as an argument."""

    model_config = SettingsConfigDict(env_prefix="NURTURE_", frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Field(Path("var"), description="Folder for everything that a run writes.")
    content: Path = Field(Path("content"), description="Folder of templates, policy and event weights.")
    journeys: str = Field("flows.journeys", description="Python package with one module a journey.")
    zone: str = Field("Asia/Shanghai", description="Business time zone; a night is a date in it.")
    key_file: Path | None = Field(
        None, description="File with the secret that keys address hashes; default: address.key in home."
    )
    night_due: time = Field(
        time(3), description="Local time by which the night of the day should be complete; after it, it is missing."
    )
    lock_wait: float = Field(20.0, ge=0, description="Seconds to wait for the database before giving up.")
    memory: str = Field("2GB", pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$", description="Memory limit of the database engine.")
    public_url: str = Field(
        "http://127.0.0.1:8700",
        pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*[^\s/?#])?$",
        description="Where the pages of leads (leaving, links) are reached; stands in every mail.",
    )
    alarm_to: SecretStr = Field(
        SecretStr(""),
        description="Who is told when a night or a dispatch wants a person: Apprise URLs, with blanks between them.",
    )
    prefect_database: SecretStr = Field(
        SecretStr(""),
        description="Database of the Prefect server (postgresql+asyncpg://…); without it, a SQLite file in home.",
    )
    gallery_url: str = Field("", description="Where the outbox is served; without it, links to it name files.")
    web_host: str = Field("127.0.0.1", description="Address on which `nurture serve` listens.")
    web_port: int = Field(
        8700, ge=0, le=65535, description="Port on which `nurture serve` listens; 0 takes a free one."
    )
    mode: Mode = Field(
        Mode.PREVIEW, description="preview: everything goes to the outbox folder; live: approved nights go to people."
    )
    only_to: str = Field(
        "", description="Email addresses that are really written to even in preview, with blanks between them."
    )
    sendgrid_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("NURTURE_SENDGRID_API_KEY", "SENDGRID_API_KEY"),
        description="SendGrid's API key, with which mail is sent, or @FILE; SENDGRID_API_KEY is read too.",
    )
    sendgrid_url: str = Field(
        "https://api.sendgrid.com",
        pattern=r"^https?://[^\s/@?#]+$",
        description="SendGrid's API; https://api.eu.sendgrid.com for subusers in the EU.",
    )
    smtp_relays: SecretStr | None = Field(
        None,
        description="Mail relays: NAME=smtps://USER:PASSWORD@HOST:PORT (or smtp:// with STARTTLS), several, or @FILE.",
    )
    reply_domain: str = Field(
        "", description="Domain whose mail SendGrid's Inbound Parse posts to us: replies to mails go there."
    )
    name_server: str = Field(
        "", description="IPv4 address (and :PORT) of the name server that `nurture doctor` asks; else this machine's."
    )
    sendgrid_webhook_keys: str = Field(
        "", description="Public keys of SendGrid's signed event webhook, with blanks between them, or @FILE with them."
    )
    inbound_secret: SecretStr | None = Field(
        None, description="Last part of the address to which SendGrid posts replies (20 characters or more), or @FILE."
    )
    api_keys: SecretStr | None = Field(
        None, description="Who may post to /v1/events: NAME:KEY (a key of 20 characters or more), several, or @FILE."
    )
    renderers: int = Field(2, ge=1, description="Processes that render.")
    threads: int = Field(2, ge=1, description="Threads of the database engine.")

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {zone!r}; try Asia/Shanghai or Europe/Berlin") from error
        return zone

    def moment(self, typed: datetime) -> datetime:
        """A moment that a person typed: in the business zone unless it says another."""
        return typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(self.zone))

    @property
    def paths(self) -> "Home":
        """Where everything lies."""
        return Home(self.home, self.key_file)


@dataclass(frozen=True)
class Home:
    """The folder of an installation, and where in it everything lies; ``key_file`` may lie elsewhere."""

    folder: Path
    key_file: Path | None = None

    @property
    def database(self) -> Path:
        """The one DuckDB file."""
        return self.folder / "nurture.duckdb"

    @property
    def rendered(self) -> Path:
        """Where rendered messages lie, a folder a night."""
        return self.folder / "rendered"

    @property
    def attempts(self) -> Path:
        """Where every attempt to send is written down before it is made."""
        return self.folder / "attempts"

    @property
    def outbox(self) -> Path:
        """Where the preview channel delivers."""
        return self.folder / "outbox"

    @property
    def spool(self) -> Path:
        """What came in from outside and is not in the ledger yet."""
        return self.folder / "spool"

    @property
    def samples(self) -> Path:
        """Where some messages of a night that waits for its approval can be looked at."""
        return self.folder / "samples"

    @property
    def kill_switch(self) -> Path:
        """While this file is there, nothing is sent."""
        return self.folder / "STOP"

    @property
    def web_state(self) -> Path:
        """What pages must know, published by flows."""
        return self.folder / "web" / "state.sqlite"

    @property
    def web_key_file(self) -> Path:
        """Where the key of signed web addresses lies."""
        return self.folder / "web.key"

    @property
    def address_key_file(self) -> Path:
        """Where the key of the address hashes lies; never in the database."""
        return self.key_file or self.folder / "address.key"


def read_settings() -> Settings:
    """The settings of this process, from its environment.

    Raises:
        InputError: a variable has a value that cannot be used; names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "NURTURE_" + str(first["loc"][0]).upper().removeprefix("NURTURE_")
        raise InputError(f"{name}: {first['msg']}. `nurture settings` lists them all.") from error


def entries(name: str, setting: str | SecretStr | None) -> list[str]:
    """What a setting lists: words between blanks, or those of the file that ``@FILE`` names.

    Raises:
        InputError: the file cannot be read; names the setting.
    """
    text = setting.get_secret_value() if isinstance(setting, SecretStr) else setting or ""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{name}: the file that it names cannot be read ({type(error).__name__}).") from error
    return text.split()

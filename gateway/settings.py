"""Settings of this machine: defaults < ``settings.toml`` < environment. What the person sets lives in the library."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from platformdirs import PlatformDirs

from gateway.errors import BadSetting
from gateway.loopback import is_loopback

_ADDRESS = r"^[0-9a-fA-F.:]+$"
_HTTPS = 443
_DIRS = PlatformDirs("d2f", appauthor=False, roaming=False)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting, with the environment variable ``D2F_<NAME>`` that overrides it."""

    port: Annotated[int, Meta(ge=0, le=65535)] = 8377
    """Where the gateway listens."""
    host: Annotated[str, Meta(pattern=_ADDRESS)] = "127.0.0.1"
    """The address that it listens on. Beyond loopback ``reach`` asks for the four below, and a passphrase."""
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$")] | None = None
    """The host name that people type then, e.g. ``d2f.example.org``: it answers to no other. With its port, if a proxy has another."""
    certificate: Path | None = None
    """For TLS of its own: the chain, as PEM."""
    key: Path | None = None
    """The certificate's key, as PEM."""
    behind_proxy: Annotated[str, Meta(pattern=_ADDRESS)] | None = None
    """The address that a proxy with TLS asks from; nobody else is answered, and its ``X-Forwarded-*`` are believed."""
    data: Path = Path(_DIRS.user_data_dir)
    """Where the library, the key file and the kept captures live."""
    feishu: str | None = None
    """Origin of a Feishu other than the real one, e.g. ``http://127.0.0.1:9000``: the simulated one."""
    douban: str | None = None
    """Origin of another Douban for the walks: the simulated one, which needs no rests between requests."""
    pictures: str | None = None
    """Origin of another image host than Douban's own: that of the simulated Douban."""
    uploads: Annotated[float, Meta(ge=0, le=50)] = 5
    """Covers a second that Feishu takes; 0 for as many as go, which only the simulated one allows."""
    log: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def beyond(self) -> bool:
        """Whether others than this machine may reach it."""
        far = not ip_address(self.host).is_loopback
        return far or self.name is not None or self.behind_proxy is not None

    @property
    def local(self) -> str:
        """The address at which a program on this machine finds it."""
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what was set, not where we listen
        return anywhere.get(self.host, self.host)

    @property
    def device_host(self) -> str:
        """Where extensions send to."""
        return f"127.0.0.1:{self.port}"

    @property
    def dashboard_host(self) -> str:
        """The dashboard's own loopback name: cookies of 127.0.0.1 reach every port on it, those of this name do not."""
        if self.name is None:
            return f"d2f.localhost:{self.port}"
        usual = self.behind_proxy is not None or ":" in self.name or self.port == _HTTPS
        return self.name if usual else f"{self.name}:{self.port}"

    @property
    def dashboard(self) -> str:
        return f"{'https' if self.beyond else 'http'}://{self.dashboard_host}/"

    @property
    def feishu_return(self) -> str:
        """Where Feishu's log-in leads back to; the person enters it in the app's security settings."""
        origin = self.dashboard if self.beyond else f"http://{self.device_host}/"
        return f"{origin}feishu/callback"

    @property
    def library(self) -> Path:
        return self.data / "d2f.db"

    @property
    def key_file(self) -> Path:
        return self.data / "d2f.key"


def load(environment: Mapping[str, str] = os.environ, given: Mapping[str, object] | None = None) -> Settings:
    """The settings in force; what is ``given`` on the command line comes first. Raises BadSetting for a file or value that cannot be understood."""
    path = Path(_DIRS.user_config_dir) / "settings.toml"
    values: dict[str, object] = {}
    try:
        if path.is_file():
            values = msgspec.toml.decode(path.read_bytes(), type=dict[str, object])
        for name in Settings.__struct_fields__:
            if value := environment.get(f"D2F_{name.upper()}"):
                values[name] = value
        values |= {name: value for name, value in (given or {}).items() if value is not None}
        return _checked(msgspec.convert(values, Settings, strict=False, dec_hook=_decode))
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        name = re.search(r"\$\.(\w+)", str(error))
        raise BadSetting(setting=f"D2F_{name[1].upper()}" if name else str(path), why=str(error)) from error


def _checked(settings: Settings) -> Settings:
    """Raises BadSetting for what looks like an address and is none."""
    for name, address in {"HOST": settings.host, "BEHIND_PROXY": settings.behind_proxy}.items():
        try:
            ip_address(address or "127.0.0.1")
        except ValueError as error:
            raise BadSetting(setting=f"D2F_{name}", why=str(error)) from None
    for name, origin in {"FEISHU": settings.feishu, "DOUBAN": settings.douban}.items():
        parts = urlsplit(origin or "")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise BadSetting(setting=f"D2F_{name}", why="a secret goes there: https, or this machine")
    return settings


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value)).expanduser()
    raise NotImplementedError

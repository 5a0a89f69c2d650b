"""Settings of this machine: defaults < ``settings.toml`` < environment. What the person sets lives in the library."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from platformdirs import PlatformDirs

from gateway.errors import BadSetting

_DIRS = PlatformDirs("d2f", appauthor=False, roaming=False)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting, with the environment variable ``D2F_<NAME>`` that overrides it."""

    port: Annotated[int, Meta(ge=0, le=65535)] = 8377
    """Where the gateway listens, on 127.0.0.1 only."""
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
    def host(self) -> str:
        """Where extensions send to."""
        return f"127.0.0.1:{self.port}"

    @property
    def dashboard_host(self) -> str:
        """The dashboard's own loopback name: cookies of 127.0.0.1 reach every port on it, those of this name do not."""
        return f"d2f.localhost:{self.port}"

    @property
    def dashboard(self) -> str:
        return f"http://{self.dashboard_host}/"

    @property
    def feishu_return(self) -> str:
        """Where Feishu's log-in leads back to; the person enters it in the app's security settings."""
        return f"http://{self.host}/feishu/callback"

    @property
    def library(self) -> Path:
        return self.data / "d2f.db"

    @property
    def key_file(self) -> Path:
        return self.data / "d2f.key"


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. Raises BadSetting for a file or value that cannot be understood."""
    path = Path(_DIRS.user_config_dir) / "settings.toml"
    values: dict[str, object] = {}
    try:
        if path.is_file():
            values = msgspec.toml.decode(path.read_bytes(), type=dict[str, object])
        for name in Settings.__struct_fields__:
            if value := environment.get(f"D2F_{name.upper()}"):
                values[name] = value
        return msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        name = re.search(r"\$\.(\w+)", str(error))
        raise BadSetting(setting=f"D2F_{name[1].upper()}" if name else str(path), why=str(error)) from error


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value)).expanduser()
    raise NotImplementedError

"""Ids in the shapes that Feishu's real replies show; the same seed gives the same ids."""

import random
import string
from datetime import UTC, datetime
from uuid import UUID

_LETTERS = string.ascii_letters + string.digits


class Ids:
    """Makes ids."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def _letters(self, length: int) -> str:
        return "".join(self.random.choices(_LETTERS, k=length))

    def app(self) -> str:
        """``app_token``, and tokens of files and wiki nodes: 27 letters and digits."""
        return self._letters(27)

    def table(self) -> str:
        return f"tbl{self._letters(13)}"

    def view(self) -> str:
        return f"vew{self._letters(7)}"

    def condition(self) -> str:
        return f"con{self._letters(7)}"

    def field(self) -> str:
        return f"fld{self._letters(7)}"

    def option(self) -> str:
        return f"opt{self._letters(7)}"

    def record(self) -> str:
        return f"rec{self._letters(11)}"

    def token(self) -> str:
        """A tenant_access_token."""
        return f"t-{self.random.getrandbits(160):040x}"

    def personal(self) -> str:
        """A personal base token (授权码)."""
        return f"pt-{self._letters(43)}"

    def jwt(self) -> str:
        """A token of a person's, in the length of the real ones: 1 to 2 KB."""
        return f"eyJ{self._letters(self.random.randint(1000, 1900))}"

    def code(self) -> str:
        """An authorization code."""
        return self._letters(32)

    def group(self) -> str:
        """A chat_id."""
        return f"oc_{self.random.getrandbits(128):032x}"

    def message(self) -> str:
        return f"om_{self.random.getrandbits(128):032x}"

    def hook(self) -> str:
        """The last part of a custom bot's address: a UUID."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def person(self) -> str:
        """An open_id."""
        return f"ou_{self.random.getrandbits(128):032x}"

    def log(self, now: float) -> str:
        """A log id: the second, then twenty hex digits."""
        second = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S")
        return f"{second}{self.random.getrandbits(80):020X}"

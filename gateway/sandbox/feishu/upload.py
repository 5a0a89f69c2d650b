"""Files that come in parts."""

from collections.abc import Callable

from msgspec import Struct, field

from gateway.sandbox.feishu.errors import Refusal

BLOCK = 4 * 1024 * 1024
"""Bytes of a part."""
LIFE = 86_400
"""Seconds in which all parts have to come."""


class Upload(Struct):
    """A file under way."""

    who: str
    name: str
    parent: str
    size: int
    ends: float
    blocks: dict[int, bytes] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return -(-self.size // BLOCK)

    def put(self, seq: int, content: bytes) -> None:
        """Takes a part; one that comes twice replaces itself. Raises Refusal 1062009, 1062011."""
        if not 0 <= seq < self.count:
            raise Refusal(1062011)
        if len(content) != min(BLOCK, self.size - seq * BLOCK):
            raise Refusal(1062009)
        self.blocks[seq] = content

    def whole(self) -> bytes:
        """Raises Refusal 1062010 while a part is missing."""
        if len(self.blocks) < self.count:
            raise Refusal(1062010)
        return b"".join(self.blocks[seq] for seq in range(self.count))


class Uploads:
    """The files under way, by upload_id."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._uploads: dict[str, Upload] = {}

    def begin(self, who: str, name: str, parent: str, size: int) -> tuple[str, Upload]:
        upload = Upload(who, name, parent, size, self._clock() + LIFE)
        id_ = str(7_000_000_000_000_000_000 + len(self._uploads))
        self._uploads[id_] = upload
        return id_, upload

    def get(self, id_: str, who: str) -> Upload:
        """Raises Refusal 1061021 (ended, or never begun), 1062007 (somebody else's)."""
        upload = self._uploads.get(id_)
        if upload is None or upload.ends <= self._clock():
            raise Refusal(1061021)
        if upload.who != who:
            raise Refusal(1062007)
        return upload

    def end(self, id_: str) -> None:
        del self._uploads[id_]

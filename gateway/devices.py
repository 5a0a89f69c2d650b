"""Paired browsers: how one is paired, and how its messages are opened and answered."""

import asyncio
import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from gateway import __version__, seal
from gateway.audit import Act, Audit
from gateway.errors import (
    UNDECODABLE,
    BadMessage,
    D2FError,
    OldMessage,
    PairingClosed,
    SecretUnreadable,
    TooManyTries,
    UnknownDevice,
    WrongOrigin,
)
from gateway.log import get
from gateway.model import now
from gateway.problems import problem
from gateway.seal import Head, Keys
from gateway.store import Device, Store
from gateway.vault import Vault

_log = get("devices")
T = TypeVar("T")

_LIFETIME = timedelta(minutes=10)
_LOOK = 60.0
"""Seconds between two looks for a pairing that has expired: `d2f pair` opens one from another process."""
_SEEN_ANEW = timedelta(minutes=1)
"""How old it may get what is said of when a browser was last heard of."""
_MOST_FAILURES = 5
_RANDOM = 32
_KEY = 32
ORIGINS = ("chrome-extension://", "moz-extension://")

_MOST = 3000
"""Messages of one browser a minute. What waits there is 200 pages at most; a walk of its own sends two a minute; and
Chromium takes 18 ms to seal a page, so that it could not send more if it tried."""
_MINUTE = 60
_MOST_HELD = 2 * seal.MOST_BYTES
"""Bytes of one browser's messages that come at once. It sends them one after the other."""
_LET_GO = 30
"""Seconds after which a message that does not come is waited for no longer (``line.BODY``)."""

_HIGHEST_COUNTER = 2**63 - 1
"""The largest whole number that SQLite keeps."""

PAIR_PATH = "/api/v1/pair"


class Pairing(Struct, frozen=True):
    """A pairing that waits for its browser. The secret itself is in the vault."""

    expires_at: datetime
    failures: int = 0


class PairRequest(Struct, frozen=True):
    """What a browser says of itself when it is paired."""

    name: str
    version: str
    random: bytes

    def __repr__(self) -> str:
        return f"PairRequest({self.name!r}, •••)"


class PairAnswer(Struct, frozen=True):
    """``device`` is the key id of all its messages, in hex."""

    device: str
    random: bytes
    gateway: str = __version__

    def __repr__(self) -> str:
        return f"PairAnswer({self.device!r}, •••)"


class Sender(Struct, frozen=True):
    """Whom the head of a message names. It proves nothing yet: who has seen a message knows its head."""

    device: Device
    head: Head
    keys: Keys


class Message(Struct, frozen=True):
    """A message that was opened: by its key it is surely the device's own."""

    device: Device
    head: Head
    keys: Keys
    path: str
    plaintext: bytes

    def __repr__(self) -> str:
        return f"Message({self.head!r}, {self.path!r}, •••)"

    def decode(self, kind: type[T]) -> T:
        """The plaintext as JSON. Raises BadMessage."""
        try:
            return msgspec.json.decode(self.plaintext, type=kind)
        except UNDECODABLE:
            raise BadMessage from None

    def answer(self, status: int, body: object) -> bytes:
        """A sealed answer to this very message."""
        return seal.seal(self.head, self.keys.answers, f"{status} {self.path}", msgspec.json.encode(body))


class Devices:
    """All that are paired, in the store and the vault."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._audit = Audit(store)
        self._sent: dict[str, tuple[int, int]] = {}
        """By device: which minute it is, and how many messages came in it."""
        self._held: dict[str, int] = {}
        """By device: bytes of its messages that come just now."""

    def start_pairing(self, port: int, source: str) -> str:
        """Opens a pairing for ten minutes, in place of any other. Returns the code to paste."""
        psk = secrets.token_bytes(seal.SECRET_BYTES)
        with self._store.atomic():
            self._vault.set("pairing", psk)
            self._store.set("pairing", Pairing(now() + _LIFETIME))
            self._audit.note(Act.PAIRING_OPENED, source)
        return seal.pairing_code(port, psk)

    def pairing(self) -> Pairing | None:
        """The pairing that is open."""
        pairing = self._store.setting("pairing", Pairing)
        return (
            pairing if pairing and pairing.expires_at > now() and pairing.failures < _MOST_FAILURES else None
        )

    async def run(self) -> None:
        """Until it is cancelled: the secret of a pairing goes when its time is over, whoever opened it, and nobody tries it."""
        while True:
            try:
                self.forget_closed()
            except sqlite3.Error as error:  # a full disk: the next look is soon
                _log.error("library fault", error=str(error))
            await asyncio.sleep(_LOOK)

    def forget_closed(self) -> None:
        """The secret of a pairing that was not used in time is good for nothing: it goes."""
        if self.pairing() is None and self._store.secret("pairing") is not None:
            with self._store.alone():
                if self.pairing() is None:  # `d2f pair` may have opened another one
                    self._forget_pairing()

    def _forget_pairing(self) -> None:
        self._vault.set("pairing", None)
        self._store.set("pairing", None)

    def pair(self, frame: bytes, origin: str) -> bytes:
        """Makes a device of the browser that knows the code. Returns the sealed answer.

        Raises PairingClosed, WrongOrigin, BadMessage; the fifth message that does not open closes the pairing.
        """
        self.forget_closed()
        pairing, psk = self.pairing(), self._vault.get("pairing")
        if pairing is None or psk is None:
            raise PairingClosed
        if not origin.startswith(ORIGINS):
            raise WrongOrigin
        keys = Keys.for_pairing(psk)
        try:
            head = Head.of(frame)  # another key id has another key: it will not open
            request = _pair_request(seal.unseal(frame, keys.requests, f"POST {PAIR_PATH}"))
        except BadMessage:
            self._fail(pairing, origin)
            raise
        device, random = secrets.token_bytes(16), secrets.token_bytes(_RANDOM)
        made = Keys.for_device(psk, request.random, random)
        with self._store.atomic():
            self._vault.set(f"device {device.hex()}", made.requests + made.answers)
            self._store.add_device(device.hex(), request.name[:80], origin, request.version[:20])
            self._forget_pairing()
            self._audit.note(Act.PAIRED, request.name, origin)
        _log.info("paired", device=device.hex(), browser=request.name[:80])
        answer = msgspec.json.encode(PairAnswer(device.hex(), random))
        return seal.seal(head, keys.answers, f"200 {PAIR_PATH}", answer)

    def _fail(self, tried: Pairing, origin: str) -> None:
        """Counts it against the pairing that was tried, and not against one that `d2f pair` has opened since."""
        with self._store.alone():
            pairing = self._store.setting("pairing", Pairing)
            if pairing is None or pairing.expires_at != tried.expires_at:
                return
            failures = pairing.failures + 1
            self._store.set("pairing", msgspec.structs.replace(pairing, failures=failures))
            self._audit.note(Act.PAIRING_FAILED, origin)
            if failures == _MOST_FAILURES:
                self._forget_pairing()
                self._audit.note(Act.PAIRING_CLOSED, origin)
        _log.warning("pairing failed", failures=failures)

    def sender(self, begun: bytes, origin: str) -> Sender:
        """Of a message, as far as that has come. Raises UnknownDevice, WrongOrigin or BadMessage."""
        head = Head.of(begun)
        if head.counter > _HIGHEST_COUNTER:
            raise BadMessage
        device = self._store.device(head.key_id.hex())
        sealed_keys = self._vault.get(f"device {head.key_id.hex()}")
        if device is None or device.revoked_at is not None or sealed_keys is None:
            raise UnknownDevice
        if origin != device.origin:
            raise WrongOrigin
        return Sender(device, head, Keys(sealed_keys[:_KEY], sealed_keys[_KEY:]))

    @contextlib.contextmanager
    def room(self, sender: Sender) -> Generator[Callable[[bytes], None]]:
        """For a message while it comes: each part of it takes some. What is only announced takes none.

        Raises TooManyTries where too much in the name of that browser has come already, and is not whole.
        """
        device, held = sender.device.id, 0

        def take(part: bytes) -> None:
            nonlocal held
            if self._held.get(device, 0) + len(part) > _MOST_HELD:
                _log.warning("too much in the name of one browser at once", device=device)
                raise TooManyTries(seconds=str(_LET_GO))
            held += len(part)
            self._held[device] = self._held.get(device, 0) + len(part)

        try:
            yield take
        finally:
            self._held[device] = self._held.get(device, 0) - held

    def open(self, sender: Sender, frame: bytes, path: str) -> Message:
        """The whole message. Raises BadMessage; UnknownDevice for one that was revoked while it came."""
        device = self._store.device(sender.device.id)
        if device is None or device.revoked_at is not None:
            raise UnknownDevice
        plaintext = seal.unseal(frame, sender.keys.requests, f"POST {path}")
        if now() - device.seen_at > _SEEN_ANEW:
            self._store.see_device(device.id)
        return Message(device, sender.head, sender.keys, path, plaintext)

    def goodbye(self, frame: bytes, path: str) -> bytes | None:
        """What a browser that was revoked is told: sealed, so that it believes it and forgets what it holds."""
        head = Head.of(frame)
        device = self._store.device(head.key_id.hex())
        key = self._keys_of(head.key_id.hex())
        if device is None or device.revoked_at is None or key is None:
            return None
        return parting(head, key, path, UnknownDevice())

    def keys(self) -> dict[bytes, Keys]:
        """Of all that are paired, by key id: what they are told goodbye with when all is wiped."""
        paired = (bytes.fromhex(device.id) for device in self._store.devices() if device.revoked_at is None)
        keys = {each: self._keys_of(each.hex()) for each in paired}
        return {each: Keys(key[:_KEY], key[_KEY:]) for each, key in keys.items() if key is not None}

    def _keys_of(self, device_id: str) -> bytes | None:
        """None also if they open no more: that must not keep anybody from saying goodbye."""
        with contextlib.suppress(SecretUnreadable):
            return self._vault.get(f"device {device_id}")
        return None

    def believe_counter(self, message: Message) -> None:
        """Raises OldMessage if a message with this or a higher counter was taken before."""
        if not self._store.count_message(message.device.id, message.head.counter):
            raise OldMessage

    def meter(self, message: Message) -> None:
        """Raises TooManyTries for a browser that has gone mad: nothing of it is lost, it sends it again."""
        minute, second = divmod(int(time.monotonic()), _MINUTE)
        began, sent = self._sent.get(message.device.id, (minute, 0))
        sent = sent + 1 if began == minute else 1
        self._sent[message.device.id] = minute, sent
        if sent > _MOST:
            raise TooManyTries(seconds=str(_MINUTE - second))

    def is_origin(self, origin: str) -> bool:
        """Whether some paired browser sends from there."""
        sql = "SELECT 1 FROM device WHERE origin = ? AND revoked_at IS NULL"
        return self._store.one(sql, [origin]) is not None

    def rename(self, device_id: str, name: str, source: str) -> bool:
        """As the owner calls it. False if it is not paired."""
        device = self._store.device(device_id)
        with self._store.atomic():
            renamed = self._store.rename_device(device_id, name)
            if renamed and device is not None:
                self._audit.note(Act.DEVICE_RENAMED, source, f"{device.name} → {name}")
        return renamed

    def revoke(self, device_id: str, source: str) -> bool:
        """From now on nothing of that browser opens. False if it is not paired."""
        device = self._store.device(device_id)
        name = f"device {device_id}"
        with self._store.atomic():
            keys = self._keys_of(device_id)
            revoked = self._store.revoke_device(device_id)
            if revoked and device is not None:
                self._vault.set(name, keys[_KEY:] if keys else None)  # to say goodbye with, and no more
                self._audit.note(Act.DEVICE_REVOKED, source, device.name)
        return revoked


def parting(head: Head, key: bytes, path: str, error: D2FError) -> bytes:
    """The answer to a message that was not opened. It is believed: nobody else could seal it."""
    return seal.seal(head, key, f"{error.status} {path}", msgspec.json.encode(problem(error)))


def _pair_request(plaintext: bytes) -> PairRequest:
    try:
        request = msgspec.json.decode(plaintext, type=PairRequest)
    except UNDECODABLE:
        raise BadMessage from None
    if len(request.random) != _RANDOM:
        raise BadMessage
    return request

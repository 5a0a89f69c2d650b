"""How often may be called: a rate for each API, and the month's quota of the whole tenant."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone

from msgspec import Struct

from gateway.sandbox.feishu.errors import Refusal

_BEIJING = timezone(timedelta(hours=8))


class Rate(Struct, frozen=True):
    """So many calls in so many seconds, for each caller and each API."""

    calls: int
    seconds: int = 1


class _Bucket(Struct):
    left: float
    at: float

    def fill(self, rate: Rate, now: float) -> None:
        self.left = min(rate.calls, self.left + (now - self.at) * rate.calls / rate.seconds)
        self.at = now


class Meter:
    """A bucket for each caller, API and rate: it holds one period's calls and fills up steadily."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, Rate], _Bucket] = {}

    def count(self, caller: str, api: str, rates: Sequence[Rate]) -> None:
        """Counts a call if every rate has room for it. Raises Refusal 99991400 with the two headers."""
        now = self._clock()
        buckets = [self._buckets.setdefault((caller, api, rate), _Bucket(rate.calls, now)) for rate in rates]
        for rate, bucket in zip(rates, buckets, strict=True):
            bucket.fill(rate, now)
            if bucket.left < 1 - 1e-9:  # sums of floats
                raise too_often(rate.calls, math.ceil((1 - bucket.left) * rate.seconds / rate.calls))
        for bucket in buckets:
            bucket.left -= 1


def too_often(calls: int, wait: float) -> Refusal:
    """99991400. The meter says whole seconds; a fault may say fractions, which the real one might, too."""
    return Refusal(
        99991400,
        headers=(
            ("x-ogw-ratelimit-limit", str(calls)),
            ("x-ogw-ratelimit-reset", f"{max(wait, 0.001):g}"),
        ),
    )


class Quota(Struct):
    """The calls of a month, of all self-built apps of the tenant together.

    10,000 on the free plan. Not known, and therefore chosen: a call counts once its token was taken, refused
    or not; getting a token, personal base tokens and custom bots cost nothing; the month begins in Beijing.
    """

    limit: int | None = None
    """None: no limit."""
    used: int = 0
    month: str = ""

    def count(self, now: float) -> None:
        """Raises Refusal 99991403 when the month's calls are used up."""
        month = f"{datetime.fromtimestamp(now, _BEIJING):%Y-%m}"
        if month != self.month:
            self.month, self.used = month, 0
        if self.limit is not None and self.used >= self.limit:
            raise Refusal(99991403)
        self.used += 1

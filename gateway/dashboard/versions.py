"""An edit is made against what the person saw: ETag with what may be changed, If-Match with the change."""

import hashlib
from typing import Annotated, TypeVar

import msgspec
from litestar import Response
from litestar.params import HeaderParameter

from gateway.errors import ChangedMeanwhile

T = TypeVar("T")
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match")]
"""The ETag of what was seen. Without one the change is made whatever there is."""


def version(kept: object) -> str:
    """The ETag of what is kept."""
    return f'"{hashlib.sha256(msgspec.json.encode(kept)).hexdigest()[:32]}"'


def agree(seen: str | None, kept: object) -> None:
    """Raises ChangedMeanwhile if another state was seen than the one there is."""
    if seen is not None and not {"*", version(kept)} & {each.strip() for each in seen.split(",")}:
        raise ChangedMeanwhile


def tagged(shown: T, kept: object) -> Response[T]:
    """What is shown, with the version of what is kept."""
    return Response(shown, headers={"ETag": version(kept)})

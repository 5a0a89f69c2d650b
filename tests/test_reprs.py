"""No secret is in what a shape of ours looks like, as it would stand in a traceback, a log line or an exception."""

import importlib
import pkgutil
import re
from datetime import datetime
from typing import Any, get_type_hints

import msgspec
import pytest

import gateway
from gateway.model import now

SECRET = re.compile(
    r"(^|_)(access|code|cookie|keys?|passphrase|password|plaintext|psk|random|refresh|secret|session|sign|state"
    r"|token|verifier|webhook)($|_)"
)
"""What a text is called that may be one. Bytes always may."""
HARMLESS = {
    "a name": {
        ("Column", "key"),
        ("DevicePush", "state"),
        ("Head", "key_id"),
        ("Issue", "code"),
        ("Problem", "code"),
        ("Proposal", "key"),
        ("Pushed", "state"),
        ("Refreshed", "session"),
        ("Target", "key"),
        ("Waiting", "code"),
        ("Walked", "state"),
        ("_Wrong", "key"),
    },
    "where something is in Feishu": {
        ("Address", "token"),
        ("Batch", "client_token"),
        ("Table", "app_token"),
        ("_Attachment", "file_token"),
        ("_NewApp", "app_token"),
        ("_Node", "obj_token"),
        ("_Page", "page_token"),
        ("_Uploaded", "file_token"),
    },
    "marks, and what says how many": {
        ("Batch", "body"),
        ("Fetched", "content"),
        ("Kept", "result"),
        ("Picture", "content"),
        ("_Made", "body"),
        ("_Refusal", "body"),
    },
    "ciphertext, and what is in the clear beside it": {("Cost", "salt"), ("Wrap", "sealed")},
    "a test's": {("Reply", "body")},
}
"""Fields that look like secrets, and why they are none."""


def shapes() -> list[type[msgspec.Struct]]:
    """All of the gateway's, but those of the simulators."""
    names = [each.name for each in pkgutil.walk_packages(gateway.__path__, "gateway.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    return sorted(
        {
            found
            for module in modules
            if not module.__name__.startswith("gateway.sandbox")
            for found in vars(module).values()
            if isinstance(found, type)
            and issubclass(found, msgspec.Struct)
            and found.__module__ == module.__name__
        },
        key=lambda each: (each.__module__, each.__name__),
    )


def secrets(shape: type[msgspec.Struct]) -> set[str]:
    hints = {name: str(hint) for name, hint in get_type_hints(shape).items()}
    named = {
        name
        for name in shape.__struct_fields__
        if re.search(r"\bbytes\b", hints[name])
        or (re.search(r"\bstr\b", hints[name]) and SECRET.search(name))
    }
    return {name for name in named if not any((shape.__name__, name) in each for each in HARMLESS.values())}


SHAPES = [each for each in shapes() if secrets(each)]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.__name__)
def test_a_secret_is_not_shown(shape: type[msgspec.Struct]) -> None:
    hints = get_type_hints(shape)
    values: dict[str, Any] = {
        name: now() if hints[name] is datetime else f"canary of {name}" for name in shape.__struct_fields__
    }
    shown = f"{shape(**values)!r} {shape(**values)} {[shape(**values)]}"
    assert shape.__name__ in shown
    assert {name for name in secrets(shape) if f"canary of {name}" in shown} == set()


def test_what_is_harmless_is_there() -> None:
    fields = {(shape.__name__, name) for shape in shapes() for name in shape.__struct_fields__}
    assert set().union(*HARMLESS.values()) <= fields
    assert {"Browser", "DataKey", "Keys", "UserTokens"} <= {each.__name__ for each in SHAPES}

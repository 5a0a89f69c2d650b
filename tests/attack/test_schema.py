"""Requests that are made up from the OpenAPI schema, sent as the owner: none is a fault of ours, every answer is as documented."""

from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as of_openapi

from tests.attack.conftest import Attacks
from tests.attack.routes import ROWS
from tests.support import Started

EXAMPLES = 12
"""Of each route, the same ones every time."""
CHECKS: list[Any] = [
    checks.not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_schema_conformance,
]
REFUSALS = ("400", "403", "404", "409", "412")
"""With what the owner's made-up requests may be refused. The schema's ``default`` would let every status pass."""
ENDLESS = "/api/v1/events"
BY_DEVICES = {name.partition(" ")[2] for name, row in ROWS.items() if row.door == "device"}


class Owner:
    """Asks whatever is made up, and remembers which routes took something of it."""

    def __init__(self, started: Started, line: requests.Session, attacks: Attacks) -> None:
        self.started, self.line, self.attacks = started, line, attacks
        self.taken = set[str]()

    def ask(self, case: Any) -> None:
        headers = self.started.owner.headers
        if case.path in BY_DEVICES:
            headers |= {
                "Host": self.started.gateway.settings.device_host,
                "Origin": "chrome-extension://made-up",
            }
        reply = case.call(base_url=self.started.origin, session=self.line, headers=headers, timeout=30)
        if reply.status_code < 300:
            self.taken.add(f"{case.method} {case.path}")
        try:
            case.validate_response(reply, checks=CHECKS)
        except (AssertionError, BaseExceptionGroup) as error:
            self.attacks.held(False, case.method, case.formatted_path, repr(error))
        else:
            self.attacks.held(True)


def documented(started: Started) -> Any:
    """The schema without its credential: the session comes along, and nothing is made up in its place.

    And without what it says of all other statuses: those that may come are named.
    """
    told: Any = started.owner.call("GET", "/schema/openapi.json").json()
    del told["components"]["securitySchemes"]
    for path in told["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
            refused = operation["responses"].pop("default")
            operation["responses"] = dict.fromkeys(REFUSALS, refused) | operation["responses"]
    return told


def test_every_answer_is_documented(standing: Started, attacks: Attacks) -> None:
    bounds = settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    with requests.Session() as line:
        owner = Owner(standing, line, attacks)
        schema: Any = schemathesis.openapi.from_dict(documented(standing))
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path != ENDLESS:
                bounds(given(case=operation.as_strategy())(owner.ask))()
    assert len(owner.taken) > 20, f"most never reached a handler: {owner.taken}"

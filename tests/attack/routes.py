"""Who may pass which door: the table of threats, route by route. A route without a row fails ``test_routes``.

The statuses are those of the one who may pass, with an empty body or ids that nobody has.
"""

from typing import Literal

from msgspec import Struct

Door = Literal["anyone", "device", "owner", "key"]
"""``key``: a link, a ticket, a refresh cookie or a state of ours, which come along and are checked by the handler."""

ID, UUID = "0123456789abcdef", "00000000-0000-0000-0000-000000000000"
OF_PATH = {
    "{account_id:str}": ID,
    "{account:str}": ID,
    "{device_id:str}": ID,
    "{capture_id:uuid}": UUID,
    "{medium:str}": "movie",
    "{subject_id:str}": ID,
    "{file_path:path}": "dashboard.css",
    "{path:str}": "nothing",
}
"""What stands for the variable parts of a path."""


class Row(Struct, frozen=True):
    """One route."""

    door: Door
    status: int
    """What the one who may pass is answered; with ``key``: whoever brings none."""
    everywhere: bool = False
    """Also at the name of 127.0.0.1."""
    owner: int | None = None
    """With ``key``: what the owner is answered who brings none, where that is something else."""


SOCKET = "WEBSOCKET"
ROWS = {
    "GET /health": Row("anyone", 200, everywhere=True),
    # extensions: sealed messages, POST, at 127.0.0.1
    "POST /api/v1/pair": Row("device", 403),  # no pairing is open, whoever asks
    "POST /api/v1/captures": Row("device", 400),  # an empty message is opened, and is no capture
    "POST /api/v1/session": Row("device", 400),
    "POST /api/v1/state": Row("device", 400),
    # credentials that are for one thing each
    "GET /login": Row("key", 400),
    "GET /login/passphrase": Row("key", 401, owner=303),
    "POST /login/passphrase": Row("key", 400),
    "GET /renew": Row("key", 401),
    "POST /renew": Row("key", 401),
    "GET /feishu/callback": Row("key", 401, everywhere=True),
    # the owner's
    "GET /": Row("owner", 200),
    "GET /audit": Row("owner", 200),
    "GET /marks": Row("owner", 200),
    "GET /marks/{medium:str}/{subject_id:str}": Row("owner", 404),
    "GET /static/{file_path:path}": Row("owner", 200),
    "HEAD /static/{file_path:path}": Row("owner", 200),
    "GET /schema": Row("owner", 200),
    "GET /schema/openapi.json": Row("owner", 200),
    "GET /schema/{path:str}": Row("owner", 404),
    "POST /logout": Row("owner", 200),
    "POST /logout/everywhere": Row("owner", 200),
    "GET /api/v1/overview": Row("owner", 200),
    "GET /api/v1/audit": Row("owner", 200),
    "GET /api/v1/runs": Row("owner", 200),
    "GET /api/v1/events": Row("owner", 200),
    f"{SOCKET} /api/v1/events/socket": Row("owner", 101),
    "POST /api/v1/accounts/{account_id:str}/keep": Row("owner", 404),
    "POST /api/v1/accounts/{account_id:str}/decline": Row("owner", 404),
    "POST /api/v1/pairing": Row("owner", 201),
    "DELETE /api/v1/devices/{device_id:str}": Row("owner", 404),
    "POST /api/v1/devices/{device_id:str}/name": Row("owner", 400),
    "POST /api/v1/passphrase": Row("owner", 400),
    "POST /api/v1/wipe": Row("owner", 400),
    "DELETE /api/v1/douban/{account:str}/login": Row("owner", 404),
    "POST /api/v1/captures/{capture_id:uuid}/read": Row("owner", 404),
    "GET /api/v1/feishu": Row("owner", 200),
    "PUT /api/v1/feishu": Row("owner", 400),
    "DELETE /api/v1/feishu/entered": Row("owner", 204),
    "POST /api/v1/feishu/columns": Row("owner", 400),
    "POST /api/v1/feishu/login": Row("owner", 400),
    "GET /api/v1/limits": Row("owner", 200),
    "PUT /api/v1/limits": Row("owner", 400),
    "GET /api/v1/plan": Row("owner", 200),
    "POST /api/v1/plan/accept": Row("owner", 400),
    "GET /api/v1/removals": Row("owner", 200),
    "PUT /api/v1/removals": Row("owner", 400),
    "GET /api/v1/edits": Row("owner", 200),
    "PUT /api/v1/edits": Row("owner", 400),
    "POST /api/v1/check": Row("owner", 202),
    "POST /api/v1/deleted/restore": Row("owner", 202),
    "POST /api/v1/push": Row("owner", 202),
    "POST /api/v1/push/pause": Row("owner", 202),
    "POST /api/v1/push/resume": Row("owner", 202),
    "GET /api/v1/notices": Row("owner", 200),
    "PUT /api/v1/notices": Row("owner", 400),
    "POST /api/v1/notices/test": Row("owner", 400),
    "GET /api/v1/walks": Row("owner", 200),
    "POST /api/v1/walks": Row("owner", 400),
    "DELETE /api/v1/walks": Row("owner", 404),
    "POST /api/v1/walks/pause": Row("owner", 404),
    "POST /api/v1/walks/resume": Row("owner", 404),
    "POST /api/v1/walks/removals/{medium:str}/accept": Row("owner", 404),
    "POST /api/v1/walks/removals/{medium:str}/decline": Row("owner", 404),
    "GET /api/v1/schedule": Row("owner", 200),
    "PUT /api/v1/schedule": Row("owner", 400),
    "POST /api/v1/schedule/asked": Row("owner", 404),
    "DELETE /api/v1/schedule/asked": Row("owner", 404),
    "GET /api/v1/marks": Row("owner", 200),
    "GET /api/v1/marks/{medium:str}/{subject_id:str}": Row("owner", 404),
    "GET /failures": Row("owner", 200),
    "GET /api/v1/failures": Row("owner", 200),
    "POST /api/v1/failures/{medium:str}/{subject_id:str}/retry": Row("owner", 404),
}
"""By method and path, as the app has them."""


def at(path: str) -> str:
    """A path with something in place of its variable parts."""
    for part, value in OF_PATH.items():
        path = path.replace(part, value)
    assert "{" not in path, f"say what stands for the variable part of {path}"
    return path

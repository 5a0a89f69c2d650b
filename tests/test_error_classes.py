"""Every class of Feishu's errors, and what becomes of a sync that meets one: waits, goes round it, or says what to do.

The classes are those of Feishu's own error pages; each code is thrown at the calls where it can occur.
"""

import pytest

from gateway import errors
from gateway.feishu.codes import ErrorBody, explain
from gateway.sandbox.feishu import Fault
from tests.support import Started
from tests.test_push import faulty, fill, right

CREATE, LIST, FIELDS = "record.batch_create", "table.list", "field.list"

WAIT = (99991400, 1254290, 1254112)
SERIAL = (1254291, 1254607, 1254036, 1254609)
LIMITED = (1254002, 1254200, 1255001, 1255002, 1255003, 1255004, 1255005, 1255040, 2200)
TOKEN = (99991661, 99991663, 99991664, 99991665, 99991668, 99991671, 99991677)
SPENT = (1254608, 1255006)
ACT = {
    91403: "no_access",
    91402: "feishu_not_found",
    99991672: "no_scope",
    99991679: "no_scope",
    1254302: "read_only",
    1254304: "read_only",
    1254305: "read_only",
    1254306: "read_only",
    99991401: "address_barred",
    99991403: "quota_used_up",
    10014: "bad_secret",
    10015: "bad_secret",
    99991662: "app_not_published",
    99991673: "app_not_published",
    1254103: "table_full",
    1254105: "table_full",
}
ROW = (*range(1254060, 1254075), 1254106, 1254130)
OURS = (
    1254000,
    1254001,
    1254003,
    1254015,
    1254016,
    1254018,
    1254024,
    1254030,
    1254107,
    1254108,
    99992402,
    9499,
)


@pytest.mark.parametrize("call", [LIST, FIELDS, CREATE])
@pytest.mark.parametrize("code", [*WAIT, *SERIAL, *LIMITED, *TOKEN])
def test_what_passes_goes_by_unseen(stocked: Started, call: str, code: int) -> None:
    """Waited for, tried again, or a new token fetched once: the person hears nothing of it."""
    faulty(stocked, Fault(call, "refused", code=code, seconds=0.01))
    assert stocked.connect().status == 200
    right(stocked)


@pytest.mark.parametrize("code", [*SPENT, 1254607, 1255040])
def test_a_create_that_was_carried_out_all_the_same(stocked: Started, code: int) -> None:
    """The refusal says nothing of the first sending: the table is looked at before anything is written again."""
    faulty(stocked, Fault(CREATE, "refused_after", code=code))
    assert stocked.connect().status == 200
    right(stocked)


@pytest.mark.parametrize("code", [1254045, 1254044])
def test_columns_that_changed_in_between_are_looked_up_again(stocked: Started, code: int) -> None:
    stocked.connect()
    right(stocked)
    for entry in stocked.world.person.marks:
        if not entry.removed:
            stocked.world.person.edit(entry.key, comment="改过了")
    faulty(stocked, Fault("record.batch_update", "refused", code=code))
    fill(stocked)
    right(stocked)


@pytest.mark.parametrize("call", [LIST, CREATE])
@pytest.mark.parametrize(("code", "said"), ACT.items())
def test_what_the_person_must_mend_is_said(stocked: Started, call: str, code: int, said: str) -> None:
    """Nothing is tried again by itself, nothing is lost, and once it is mended all goes on."""
    faulty(stocked, Fault(call, "refused", times=99, code=code))
    reply = stocked.connect()
    if call == LIST:
        assert (reply.status >= 400, reply.json()["code"]) == (True, said)
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", said)
    calls = stocked.world.feishu.calls.total()
    assert stocked.settled().state == "error"
    assert stocked.world.feishu.calls.total() == calls
    stocked.world.background.call(stocked.world.feishu.faults.clear)
    assert stocked.connect().status == 200
    right(stocked)


@pytest.mark.parametrize("code", [1254104, 1254002])
def test_too_much_at_once_is_halved(stocked: Started, code: int) -> None:
    faulty(stocked, Fault(CREATE, "refused", times=3, code=code, message="changeset size exceed the limit"))
    assert stocked.connect().status == 200
    right(stocked)


@pytest.mark.parametrize("code", ROW)
def test_a_row_at_fault_is_the_rows(code: int) -> None:
    found = explain(code, "wrong", ErrorBody(message="第 1 行", log_id="log"), None)
    assert isinstance(found, errors.BadRow)
    assert found.log_id == "log"


@pytest.mark.parametrize("code", OURS)
def test_a_mistake_of_ours_is_loud(stocked: Started, code: int) -> None:
    """It is no row's fault, is not repeated for ever, and carries Feishu's own id of the call."""
    found = explain(code, "WrongRequestBody", ErrorBody(log_id="20260101"), None)
    assert isinstance(found, errors.FeishuRefused)
    assert str(code) in found.words.en
    assert found.log_id == "20260101"
    faulty(stocked, Fault(CREATE, "refused", times=999, code=code))
    assert stocked.connect().status == 200
    state = stocked.settled()
    assert (state.state, state.problem and state.problem.code) == ("error", "feishu_refused")
    stocked.world.background.call(stocked.world.feishu.faults.clear)
    assert stocked.owner.call("POST", "/api/v1/push").status == 202
    right(stocked)


def test_what_was_just_made_is_not_everywhere_at_once(stocked: Started) -> None:
    stocked.world.feishu.lag_new = 3
    assert stocked.connect().status == 200
    right(stocked)

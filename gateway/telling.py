"""What the command line asks the running gateway, and how it tells the answer."""

import time
from collections.abc import Callable, Iterator, Mapping, Sized

import msgspec
from msgspec import Struct

from gateway.errors import D2FError, Issue, Paused, Words
from gateway.model import Account
from gateway.plan import Plan, TablePlan
from gateway.problems import Problem
from gateway.runs import Run
from gateway.state import PushState
from gateway.visitor import NoLogIn, OwnerVisitor, Reply

_LOOK_AGAIN = 0.5
"""Seconds."""
_ROWS = 20
"""Of a table, that are told cell by cell."""
_BY = {"isbn": "书号相同 · same ISBN", "title": "名字和年份相同 · same title and year"}
_RESTS = {"unset", "paused", "waiting", "error"}
_UNCONNECTED = "还没有连接多维表格 · no Bitable is connected"


class _Overview(Struct, frozen=True):
    """What is of use here."""

    push: PushState
    accounts: list[Account]


class _Asked(Struct, frozen=True):
    """What is of use of the answer."""

    run: Run


class Refused(D2FError):
    """The gateway said no; the words are its own."""

    def __init__(self, issue: Issue) -> None:
        super().__init__()
        self._issue = issue

    @property
    def words(self) -> Words:
        return Words(self._issue.zh, self._issue.en)


class Owner:
    """The owner at the command line. Every method raises Refused."""

    def __init__(self, login_link: str) -> None:
        try:
            self._visitor = OwnerVisitor(login_link)
        except NoLogIn as error:
            _good(error.reply)
            raise
        self._account = ""
        """Whom it is about; empty for the first one."""

    def each(self, work: Callable[[], str]) -> Iterator[str]:
        """Does it for one account after the other, and says whose each is if there are several.

        What is the matter with one keeps none from its turn; it is raised in the end.
        """
        accounts, refused = self._overview.accounts, None
        for account in accounts or [Account("")]:
            self._account = account.id
            if len(accounts) > 1:
                yield f"{account.name or account.id}:"
            try:
                yield work()
            except Refused as error:
                refused = error
                if len(accounts) > 1:
                    yield f"  ! {error.words.zh} · {error.words.en}"
        if refused is not None:
            raise refused

    @property
    def _overview(self) -> _Overview:
        return msgspec.json.decode(self._ask("GET", "/api/v1/overview"), type=_Overview)

    def _ask(self, method: str, path: str) -> bytes:
        return _good(self._visitor.call(method, f"{path}?account={self._account}"))

    def plan(self) -> str:
        """What would be written, a table after the other."""
        plan = msgspec.json.decode(self._ask("GET", "/api/v1/plan"), type=Plan)
        lines = [line for table in plan.tables for line in _table(table)]
        if plan.left_out:
            zh = "、".join(f"{each.names.zh} {each.number:,}" for each in plan.left_out)
            en = ", ".join(f"{each.names.en} {each.number:,}" for each in plan.left_out)
            lines.append(f"没有表收的标记：{zh} · marks of kinds without a table: {en}")
        return "\n".join(lines) or _UNCONNECTED

    def push(self) -> str:
        """Writes what is due; returns what that did. It does not wait for what only the person, or time, can mend."""
        before, run = self._done("/api/v1/push")
        if run is None:
            return _UNCONNECTED
        made, updated, removed, failed = (
            getattr(run, name) - getattr(before, name) for name in ("created", "updated", "removed", "failed")
        )
        return (
            f"新建 {made:,} 行，更新 {updated:,} 行，移出 {removed:,} 行，失败 {failed:,} 行"
            f" · {made:,} rows made, {updated:,} updated, {removed:,} taken out, {failed:,} failed"
        )

    def check(self) -> str:
        """Looks through the tables; returns what was found there."""
        before, run = self._done("/api/v1/check")
        if run is None:
            return "没有核对 · not checked"
        edited, deleted, updated = (
            getattr(run, name) - getattr(before, name) for name in ("edited", "deleted", "updated")
        )
        notes = [f"  {note.zh}\n  {note.en}" for note in run.notes if note not in before.notes]
        told = (
            f"你改过 {edited:,} 行，删了 {deleted:,} 行；写回 {updated:,} 行"
            f" · {edited:,} rows edited by you, {deleted:,} deleted; {updated:,} written again"
        )
        return "\n".join([told, *notes])

    def _done(self, path: str) -> tuple[Run, Run | None]:
        """The run in which it was done what was asked for, before that and after; None for after if it never began."""
        before = msgspec.json.decode(self._ask("POST", path), type=_Asked).run
        while True:
            runs = msgspec.json.decode(self._ask("GET", "/api/v1/runs"), type=list[Run])
            run = next((run for run in runs if run.id == before.id), None)
            push = self._overview.push
            if run is None or run.ended is not None or push.state in _RESTS:
                break
            time.sleep(_LOOK_AGAIN)
        if push.state == "unset":
            return before, None
        if push.state == "paused":
            raise Refused(Paused().issue)
        if problem := run.problem if run is not None and run.ended is not None else push.problem:
            raise Refused(problem)
        return before, run


def plain(text: str) -> str:
    """Without what a terminal would obey: much of what is printed was written by others."""
    return "\n".join(map(line, text.split("\n")))


def line(text: str) -> str:
    """The same, and no line of its own."""
    return "".join(each for each in text if each.isprintable())


def _good(reply: Reply) -> bytes:
    if reply.status >= 400:  # noqa: PLR2004  # HTTP's
        problem = msgspec.json.decode(reply.body, type=Problem)
        raise Refused(Issue(problem.code, problem.hint.zh, problem.hint.en))
    return reply.body


def _lines(table: TablePlan) -> Iterator[str]:
    skipped = table.failed + table.theirs + table.ignored + table.deleted
    yield (
        f"{table.name}: 新建 create {table.creates:,} · 更新 update {table.updates:,} · 移出 take out {table.removals:,}"
        f" · 补写 fill in {table.fills:,} · 不写 skip {skipped:,}"
    )
    if table.problem is not None:
        yield f"  ! {table.problem.zh} · {table.problem.en}"
    if not table.accepted:
        yield (
            f"  原有 {table.rows:,} 行，认出 {table.adopts:,} 行；在控制台同意后才写"
            f" · {table.rows:,} rows there, {table.adopts:,} known; written once you agree on the dashboard"
        )
    for likely in table.likely[:_ROWS]:
        yield f"  ? {likely.title or '—'} = {likely.mark} ({_BY[likely.by]})"
        yield from _cells(likely.cells)
    yield from _more(table.proposals, table.likely)
    if table.edited:
        yield f"  你改过 {table.edited:,} 行，核对时写回 · {table.edited:,} rows edited by you, written again by a check"
    for write in table.writes[:_ROWS]:
        yield f"  {'+' if write.what == 'create' else '~'} {write.title}"
        if write.what == "create":
            continue
        if not write.cells:
            yield "      内容不变，只记下写入的时间 · as it is, but for the time of writing"
        yield from _cells(write.cells)
    yield from _more(table.creates + table.updates + table.edited, table.writes)
    for each in table.going[:_ROWS]:
        yield from (f"  - {each.title}", f"      {each.why.zh} · {each.why.en}")
    yield from _more(table.removals, table.going)
    for skip in table.skips[:_ROWS]:
        yield from (f"  = {skip.title}", f"      {skip.why.zh} · {skip.why.en}")
    yield from _more(skipped, table.skips)


def _cells(cells: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    yield from (f"      {name}: {old or '—'} → {new or '—'}" for name, (old, new) in cells.items())


def _table(table: TablePlan) -> Iterator[str]:
    """A line each, whatever breaks there are in what it tells."""
    yield from (plain(line.replace("\n", " ")) for line in _lines(table))


def _more(number: int, told: Sized) -> Iterator[str]:
    if (more := number - min(len(told), _ROWS)) > 0:
        yield f"  … {more:,}"

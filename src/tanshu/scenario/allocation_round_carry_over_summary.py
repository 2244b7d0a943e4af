"""What a carry-over came to: notices, batches, what was refused; and what must be so."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.book.state import State
from tanshu.compliance import carry_over
from tanshu.compliance.carry_over import BATCH_LABELS, Application, Batch, Terms
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import queries as registry
from tanshu.scenario.allocation_round_carry_over_model import BEYOND, CLOSED, FROZEN, LATE, Asked, CarryOver
from tanshu.scenario.result import Check, Column, Grid

REASONS = {
    LATE: Text("未按时足额清缴", "late for a year"),
    BEYOND: Text("超过可结转数量", "more than is carryable"),
    CLOSED: Text("申请期已过,且未曾冻结", "after the window, and never frozen"),
    FROZEN: Text("配额被法院冻结", "the units are frozen by a court"),
}


def figures(conn: Connection, state: State, facts: CarryOver) -> dict[str, Any]:
    """Everything that the tables and the checks show: tonnes, cases, days as text."""
    terms = Terms.of(conn)
    notices = carry_over.notices(conn, terms)
    eligible = [row for row in notices if not row.late_years]
    made = carry_over.applications(conn, terms)
    carried: dict[str, int] = defaultdict(int)
    for one in made:
        carried[one.transaction.subject_id] += one.quantity
    limits = {row.subject_id: row.carryable_t for row in notices}
    return {
        "notices": len(notices),
        "in_time": bool(notices) and facts.dates["notices"] <= terms.day("notice_by"),
        "eligible": len(eligible),
        "late": dict(sorted(Counter(row.late_years for row in notices if row.late_years).items())),
        "carryable_t": sum(row.carryable_t for row in notices),
        "carried_t": sum(carried.values()),
        "within_notice": all(quantity <= limits.get(id, 0) for id, quantity in carried.items()),
        "batches": {str(batch): _batch(batch, made) for batch in Batch},
        "refused": dict(sorted(Counter(one.refused for one in _tried(facts)).items())),
        "recalled_t": _on(conn, state, f"CEA{facts.round.year % 100}", AccountKind.RECALL),
        "new_t": _on(conn, state, facts.target, AccountKind.REGISTRATION),
        "issued_t": -_on(conn, state, facts.target, AccountKind.ISSUANCE),
    }


def told(conn: Connection, batch: Batch) -> Text:
    """A batch in a few words."""
    found = _batch(batch, carry_over.applications(conn, Terms.of(conn)))
    n, tonnes = found["issued"], found["issued_t"]
    return Text(f"{n} 笔,{tonnes:,} 吨", f"{n} applications, {tonnes:,} t")


def checks(facts: CarryOver, found: dict[str, Any]) -> tuple[Check, ...]:
    batches = found["batches"]
    expected = {str(batch): sum(not one.refused for one in facts.asked(batch)) for batch in Batch}
    return (
        Check(
            Text("结转告知按期发至名录全部单位", "everybody on the list was told in time"),
            found["in_time"] and found["notices"] == len(facts.round.entities),
        ),
        Check(
            Text("只有各年均按时足额清缴的单位可结转", "only those that paid in time may carry over"),
            found["eligible"] == len(facts.eligible)
            and found["late"].get(str(facts.round.year + 1), 0) == len(facts.late_next_year),
        ),
        Check(
            Text("结转申请全部收回并发放", "every application was recalled and issued"),
            {name: one["issued"] for name, one in batches.items()} == expected
            and all(one["applications"] == one["issued"] for one in batches.values()),
        ),
        Check(
            Text("每笔发放与其收回关联且数量相等", "each issuance names its recall and equals it"),
            all(one["unequal"] == 0 for one in batches.values()),
        ),
        Check(
            Text("收回与发放均不逾期(五个工作日)", "recalled by the day, issued within five working days"),
            all(one["overdue"] == 0 for one in batches.values()),
        ),
        Check(
            Text("收回 = 新年度发行 = 新年度持有", "recalled = created in the new vintage = held of it"),
            found["recalled_t"] == found["issued_t"] == found["new_t"] == found["carried_t"] > 0,
        ),
        Check(
            Text("各单位结转不超过告知数量", "nobody carries over more than the notice says"),
            found["within_notice"] and found["carried_t"] <= found["carryable_t"],
        ),
    )


def grids(found: dict[str, Any]) -> tuple[Grid, ...]:
    return (_notices(found), _batches(found), _refused(found))


# -- steps -------------------------------------------------------------------------------------------------


def _batch(batch: Batch, made: list[Application]) -> dict[str, Any]:
    some = [one for one in made if one.batch is batch]
    issued = [one for one in some if one.is_issued]
    days = [_issued_on(one) for one in issued]
    return {
        "applications": len(some),
        "entities": len({one.transaction.subject_id for one in some}),
        "recalled_t": sum(one.quantity for one in some if one.recalled_on),
        "recalled_on": max((str(one.recalled_on) for one in some if one.recalled_on), default=""),
        "done_by": max((str(one.done_by) for one in some if one.done_by), default=""),
        "issued": len(issued),
        "issued_t": sum(one.issuance.quantity for one in issued if one.issuance),
        "issued_on": max(map(str, days), default=""),
        "issue_by": min((str(one.issue_by) for one in issued if one.issue_by), default=""),
        "unequal": sum(not _equal(one) for one in issued),
        "overdue": sum(_overdue(one) for one in some),
    }


def _equal(one: Application) -> bool:
    issued = one.issuance
    return (
        issued is not None
        and issued.original_id == one.transaction.id
        and issued.quantity == one.quantity
        and [line.credit for line in issued.lines] == [line.debit for line in one.transaction.lines]
    )


def _overdue(one: Application) -> bool:
    """Recalled after its batch's day, or issued after its own; a day that is not known was not kept."""
    if one.recalled_on is None or one.issue_by is None or not one.is_issued:
        return True
    late = one.done_by is not None and one.recalled_on > one.done_by
    return late or _issued_on(one) > one.issue_by


def _issued_on(one: Application) -> date:
    assert one.issuance is not None and one.issuance.ended_ns is not None
    return business_date(one.issuance.ended_ns)


def _tried(facts: CarryOver) -> list[Asked]:
    """What was to be refused, and was: the run would not have gone on."""
    return [one for batch in Batch for one in facts.asked(batch) if one.refused]


def _on(conn: Connection, state: State, instrument: str, kind: AccountKind) -> int:
    number = need(registry.instrument(conn, instrument)).number
    cells = (state.cell(one.number, number) for one in parties.accounts(conn) if one.kind is kind)
    return sum(cell.available + cell.held for cell in cells)


def _notices(found: dict[str, Any]) -> Grid:
    late = ((Text(f"未按时清缴 {years}", f"late for {years}"), n) for years, n in found["late"].items())
    rows = (
        (Text("告知单位", "entities told"), found["notices"]),
        (Text("可结转单位", "eligible"), found["eligible"]),
        *late,
        (Text("可结转(吨)", "carryable (t)"), found["carryable_t"]),
        (Text("已结转(吨)", "carried over (t)"), found["carried_t"]),
    )
    columns = (Column(Text("项目", "what")), Column(Text("数量", "amount"), number=True))
    return Grid(Text("结转告知", "Notices of carry-over"), columns, rows)


def _batches(found: dict[str, Any]) -> Grid:
    columns = (
        Column(Text("批次", "batch")),
        Column(Text("申请", "applications"), number=True),
        Column(Text("单位", "entities"), number=True),
        Column(Text("收回(吨)", "recalled (t)"), number=True),
        Column(Text("收回日", "recalled on")),
        Column(Text("期限", "by")),
        Column(Text("发放(吨)", "issued (t)"), number=True),
        Column(Text("发放日", "issued on")),
        Column(Text("期限", "by")),
    )
    names = ("applications", "entities", "recalled_t", "recalled_on", "done_by", "issued_t", "issued_on")
    rows = tuple(
        (BATCH_LABELS[Batch(name)], *(one[column] or None for column in (*names, "issue_by")))
        for name, one in found["batches"].items()
    )
    return Grid(Text("结转", "Carry-over"), columns, rows)


def _refused(found: dict[str, Any]) -> Grid:
    columns = (
        Column(Text("编号", "number")),
        Column(Text("不予受理的原因", "why"), fold=True),
        Column(Text("次数", "times"), number=True),
    )
    rows = tuple((code, REASONS[code], n) for code, n in found["refused"].items())
    return Grid(Text("不予受理的结转申请", "Applications that were refused"), columns, rows)

"""How an allocation round ended: a table of what happened, the worked example, and what must be so."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, select

from tanshu.app import Installation
from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.compliance import adjusted, deductions, objections, obligations, uploads
from tanshu.compliance.carry_over import Batch
from tanshu.compliance.deductions import DRAFT
from tanshu.compliance.tables import ALLOCATION
from tanshu.compliance.upload_tables import DEDUCTION_USE
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import queries as registry
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION
from tanshu.scenario import allocation_round_carry_over_model
from tanshu.scenario import allocation_round_carry_over_summary as carry_over
from tanshu.scenario.allocation_round_model import Round
from tanshu.scenario.result import Check, Column, Grid, Result

STAGES = {"pre": Text("预分配", "pre-allocation"), "final": Text("核定分配", "final allocation")}
MOVES = ("pre-allocation", "final-allocation", "administrative-adjustment")


def told(conn: Connection, round: Round, step: str, lang: Lang) -> str:
    """What a finished step came to, on one line."""
    if step.endswith("-upload"):
        made = uploads.uploads(conn, year=round.year, stage=step.removesuffix("-upload"))
        words = Text(
            ";".join(f"{one.entities} 家 {one.total_t:,} 吨:{_state(one).zh}" for one in made),
            "; ".join(f"{one.entities} entities, {one.total_t:,} t: {_state(one).en}" for one in made),
        )
        return words.in_(lang)
    if step.startswith("carry-over-"):
        return carry_over.told(conn, Batch(step.removeprefix("carry-over-"))).in_(lang)
    if step == "decisions":
        states = Counter(row.state for row in objections.objections(conn, year=round.year))
        return ", ".join(f"{uploads.checks.STATE_LABELS[state].in_(lang)} {n}" for state, n in states.items())
    return ""


def result(installation: Installation, round: Round) -> Result:
    """The tables and the checks; `data` holds the same numbers."""
    with installation.book.reading() as (conn, state):
        figures = _figures(conn, round)
        figures["held"] = _held(conn, state, round)
        board = obligations.board(conn, round.year)
        example = _example(conn, round)
        facts = allocation_round_carry_over_model.of(round)
        carried = carry_over.figures(conn, state, facts) if facts else {}
    checks = _checks(round, figures, example, [one.obligation_t for one in board])
    grids = (_rounds(figures), _after(figures), _worked(example))
    data = {"stamp": round.stamp, "draft": DRAFT, **figures, "worked_example": example}
    if not facts:
        return Result(data, grids, checks)
    grids, checks = (*grids, *carry_over.grids(carried)), (*checks, *carry_over.checks(facts, carried))
    return Result({**data, "carry_over": carried}, grids, checks)


def _state(upload: Any) -> Text:
    return uploads.checks.STATE_LABELS[upload.state]


# -- figures ------------------------------------------------------------------------------------------------


def _figures(conn: Connection, round: Round) -> dict[str, Any]:
    """Everything that the tables show, as plain numbers of tonnes and cases."""
    attempts = [
        {
            "stage": one.stage,
            "entities": one.entities,
            "total_t": one.total_t,
            "errors": one.errors,
            "warnings": one.warnings,
            "state": one.state,
            "mismatch": one.mismatch or "",
            "loaded": one.loaded,
        }
        for one in uploads.uploads(conn, year=round.year)
    ]
    decided = conn.execute(select(ALLOCATION).where(ALLOCATION.c.year == round.year)).all()
    taken = conn.execute(select(DEDUCTION_USE)).all()
    changed = adjusted.rows(conn, round.year)
    return {
        "uploads": attempts,
        "decisions": {stage: sum(row.stage == stage for row in decided) for stage in STAGES},
        "in_force": sum(bool(row.in_force) for row in decided),
        "issued_t": {
            stage: sum(max(0, row.issue_t) for row in decided if row.stage == stage) for stage in STAGES
        },
        "to_return_t": sum(max(0, -row.issue_t) for row in decided if row.stage == "final"),
        "approved_t": sum(row.quantity for row in decided if row.stage == "final"),
        "deducted_t": sum(row.taken_t for row in taken),
        "objections": dict(Counter(row.state for row in objections.objections(conn, year=round.year))),
        "adjustments": {
            ground: sum(row.ground == ground for row, _ in changed)
            for ground in ("objection", "verification")
        },
        "adjusted_up_t": sum(max(0, row.issue_t) for row, _ in changed),
        "adjusted_down_t": sum(max(0, -row.issue_t) for row, _ in changed),
        "moved_t": {kind: registry.quantity(conn, kind, year=round.year) for kind in MOVES},
        "pending": len(
            conn.execute(
                select(TRANSACTION.c.id).where(TRANSACTION.c.state == TransactionState.PENDING)
            ).all()
        ),
    }


def _held(conn: Connection, state: Any, round: Round) -> dict[str, int]:
    """The year's units: on the holders' accounts, and left with the province."""
    number = need(registry.instrument(conn, f"CEA{round.year % 100}")).number
    found: Counter[str] = Counter()
    for account in parties.accounts(conn):
        cell = state.cell(account.number, number)
        found[account.kind.value] += cell.available + cell.held
    kinds = (
        *(AccountKind.REGISTRATION, AccountKind.PROVINCIAL, AccountKind.ISSUANCE),
        *(AccountKind.SURRENDER, AccountKind.RECALL),
    )
    return {kind.value: found[kind.value] for kind in kinds}


def _example(conn: Connection, round: Round) -> dict[str, int]:
    """The draft's worked example as the register has it: every intermediate figure."""
    entity = round.entities[0]
    subject = need(parties.subject(conn, entity.code))
    rows = conn.execute(
        select(ALLOCATION).where(ALLOCATION.c.subject_id == subject.id, ALLOCATION.c.year == round.year)
    )
    stages = {row.stage: row for row in rows}
    owed = deductions.owing(conn, (subject.id,))[subject.id]
    taken = {
        row.decision.split("-")[0]: row.taken_t
        for row in conn.execute(select(DEDUCTION_USE).where(DEDUCTION_USE.c.subject_id == subject.id))
    }
    return {
        "deduction_t": entity.deduction_t,
        "pre_t": stages["pre"].quantity,
        "pre_deducted_t": taken["pre"],
        "pre_issued_t": stages["pre"].issue_t,
        "approved_t": stages["final"].quantity,
        "returned_t": -taken["final"],
        "final_issue_t": stages["final"].issue_t,
        "remaining_t": deductions.remaining(owed),
    }


# -- what must be so ----------------------------------------------------------------------------------------

EXPECTED = {
    "deduction_t": 70_000,
    "pre_t": 50_000,
    "pre_deducted_t": 50_000,
    "pre_issued_t": 0,
    "approved_t": 30_000,
    "returned_t": 20_000,
    "final_issue_t": 0,
    "remaining_t": 40_000,
}
"""The draft's figures; the last one is inferred."""


def _checks(
    round: Round, figures: dict[str, Any], example: dict[str, int], owed: list[int]
) -> tuple[Check, ...]:
    moved, held = figures["moved_t"], figures["held"]
    gone = held["surrender"] + held["recall"]
    attempts = [(one["stage"], one["state"], one["mismatch"], one["loaded"]) for one in figures["uploads"]]
    expected = [
        (stage, state, mismatch, loaded)
        for stage, count in (("pre", len(round.pre)), ("final", len(round.entities)))
        for state, mismatch, loaded in (("returned", "tonnes", 0), ("accepted", "", count))
    ]
    issued = sum(figures["issued_t"].values())
    net = figures["adjusted_up_t"] - figures["adjusted_down_t"]
    return (
        Check(
            Text("封存总量有误的表整批退回,未载入一行", "a wrong sealed total returns the whole table"),
            attempts == expected,
        ),
        Check(
            Text("每家单位都有已生效的核定分配", "every entity has a final allocation in force"),
            figures["decisions"]["final"] == len(round.entities)
            and figures["in_force"] == sum(figures["decisions"].values()),
        ),
        Check(
            Text("分配决定与登记的数量一致", "what was decided is what the register moved"),
            issued == moved["pre-allocation"] + moved["final-allocation"],
        ),
        Check(
            Text("核定 = 发放 - 应缴回 + 扣减", "approved = issued − to be returned + deducted"),
            figures["approved_t"] == issued - figures["to_return_t"] + figures["deducted_t"],
        ),
        Check(
            Text(
                "持有 + 清缴 + 收回 = 发放 + 调增 - 调减",
                "held + surrendered + recalled = issued + adjusted up − adjusted down",
            ),
            held["registration"] + gone == issued + net,
        ),
        Check(
            Text("发行 = 持有 + 清缴 + 收回 + 省级账户", "created = held + gone + left with the province"),
            -held["issuance"] == held["registration"] + gone + held["provincial"],
        ),
        Check(
            Text("异议全部办结,逾期的不予受理", "all objections ended; late ones were not heard"),
            figures["objections"] == _ended(round),
        ),
        Check(
            Text("应清缴量随核查变更", "what is owed follows the changed verification"),
            sum(owed) == _obligations(round),
        ),
        Check(Text("没有业务悬而未决", "nothing waits"), figures["pending"] == 0),
        Check(
            Text("扣减算例与征求意见稿一致", "the worked example is the draft's"),
            example == EXPECTED or round.entities[0].deduction_t != EXPECTED["deduction_t"],
        ),
    )


def _ended(round: Round) -> dict[str, int]:
    """How the facts say that objections end."""
    upheld = len(round.upheld)
    late = len(round.objections) - len(round.decided)
    counted = {"late": late, "upheld": upheld, "dismissed": len(round.decided) - upheld}
    return {state: n for state, n in counted.items() if n}


def _obligations(round: Round) -> int:
    """Σ what must be surrendered: the verified emissions, as changed."""
    changed = {one.entity.code: one.verified_t for one in round.changes}
    return sum(changed.get(one.code, one.verified_t) for one in round.entities)


# -- tables -------------------------------------------------------------------------------------------------


def _rounds(figures: dict[str, Any]) -> Grid:
    rows = tuple(
        (
            STAGES[one["stage"]],
            one["entities"],
            one["total_t"],
            one["errors"],
            one["warnings"],
            uploads.checks.STATE_LABELS[one["state"]],
            uploads.WHAT[one["mismatch"]] if one["mismatch"] else None,
            one["loaded"],
        )
        for one in figures["uploads"]
    )
    columns = (
        Column(Text("阶段", "stage")),
        Column(Text("家数", "entities"), number=True),
        Column(Text("合计(吨)", "total (t)"), number=True),
        Column(Text("错误", "errors"), number=True),
        Column(Text("待说明", "warnings"), number=True),
        Column(Text("结果", "result")),
        Column(Text("不符", "mismatch")),
        Column(Text("已载入", "loaded"), number=True),
    )
    return Grid(Text("上传", "Uploads"), columns, rows)


def _after(figures: dict[str, Any]) -> Grid:
    heard = figures["objections"]
    labelled: tuple[tuple[Text, int], ...] = (
        (Text("核定分配(吨)", "approved (t)"), figures["approved_t"]),
        (Text("预分配发放(吨)", "issued ahead (t)"), figures["issued_t"]["pre"]),
        (Text("核定发放(吨)", "issued at the final stage (t)"), figures["issued_t"]["final"]),
        (Text("应缴回(吨)", "to be returned (t)"), figures["to_return_t"]),
        (Text("扣减(吨,草案)", "deducted (t, draft)"), figures["deducted_t"]),
        (Text("异议", "objections"), sum(heard.values())),
        *((uploads.checks.STATE_LABELS[state], n) for state, n in sorted(heard.items())),
        (Text("异议调整", "adjustments after objections"), figures["adjustments"]["objection"]),
        (Text("核查变更调整", "adjustments after verification"), figures["adjustments"]["verification"]),
        (Text("调增(吨)", "adjusted up (t)"), figures["adjusted_up_t"]),
        (Text("调减(吨)", "adjusted down (t)"), figures["adjusted_down_t"]),
        (Text("单位持有(吨)", "held by entities (t)"), figures["held"]["registration"]),
        (Text("省级账户(吨)", "left with the province (t)"), figures["held"]["provincial"]),
        (Text("清缴(吨)", "surrendered (t)"), figures["held"]["surrender"]),
        (Text("结转收回(吨)", "recalled for carry-over (t)"), figures["held"]["recall"]),
    )
    columns = (Column(Text("项目", "what")), Column(Text("数量", "amount"), number=True))
    return Grid(Text("分配、异议与调整", "Allocation, objections, adjustments"), columns, labelled)


_WORDS = {
    "deduction_t": Text("应扣减", "to be deducted"),
    "pre_t": Text("预分配量", "pre-allocated"),
    "pre_deducted_t": Text("预分配时扣减", "deducted at the pre-allocation"),
    "pre_issued_t": Text("预分配发放", "issued at the pre-allocation"),
    "approved_t": Text("核定量", "approved"),
    "returned_t": Text("退回待扣减", "returned to what is owed"),
    "final_issue_t": Text("核定发放", "issued at the final stage"),
    "remaining_t": Text("尚待扣减(推断)", "still to be deducted (inferred)"),
}


def _worked(example: dict[str, int]) -> Grid:
    columns = (Column(Text("步骤", "step")), Column(Text("吨", "t"), number=True))
    title = Text("扣减算例(征求意见稿,草案)", "Worked example of deductions (consultation draft)")
    return Grid(title, columns, tuple((_WORDS[name], value) for name, value in example.items()))

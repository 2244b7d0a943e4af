"""`tanshu comply penalty|close|carry-over`: what follows the deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.border import REFUSED, complain
from tanshu.cli.door import Door, command
from tanshu.cli.output import (
    BAD,
    Chip,
    Facts,
    Fen,
    Line,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.own_words import own_words
from tanshu.cli.stamps import notices, short_stamp
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.parties.model import Subject
    from tanshu.rules.carry_over import CarryOver
    from tanshu.rules.penalties import PenaltyRange

YearOption = Annotated[int | None, typer.Option(help="履约年度 · compliance year")]
SubjectOption = Annotated[str, typer.Option(metavar="HANDLE", help="主体,缺省为全部 · default: all")]

ESTIMATES = (
    text_column("重点排放单位", "entity", fold=True),
    number_column("净卖出", "net sold"),
    number_column("最大可结转", "ceiling"),
    number_column("期末持仓", "available"),
    text_column("符合条件", "eligible"),
    number_column("可结转(估算)", "carryable (estimate)"),
)
UNKNOWN = (
    text_column("主体", "subject", fold=True),
    text_column("代号", "handle"),
    text_column("编号", "code"),
    text_column("原因", "why", fold=True),
)
DECISIONS = (
    text_column("文号", "document"),
    text_column("依据", "basis", fold=True),
    number_column("欠缴(吨)", "unpaid (t)"),
    number_column("罚款(元)", "fine (CNY)"),
    text_column("经办人", "person"),
)


def add_to(app: typer.Typer) -> None:
    command(app, "penalty", "处罚幅度;--decide 记录决定 · the range of the fine", may_write=True)(penalty)
    command(app, "close", "关闭履约年度 · state how a province's year ended", writes=True)(close)
    command(app, "carry-over", "结转估算 · estimate of what may be carried over")(carry_over)


def penalty(
    door: Door,
    year: YearOption = None,
    subject: SubjectOption = "",
    average_price: Annotated[
        int | None, typer.Option(metavar="FEN", help="平均价格(分/吨) · average price, fen per tonne")
    ] = None,
    decide: Annotated[bool, typer.Option("--decide", help="记录主管部门的决定 · record a decision")] = False,
    amount_fen: Annotated[int, typer.Option(metavar="FEN", help="罚款金额(分) · the fine in fen")] = 0,
    basis: Annotated[str, typer.Option(help="法律依据 · law and article")] = "",
    document: Annotated[str, typer.Option(help="决定书文号 · number of the decision")] = "",
) -> Reply:
    """What the law allows, with its basis and notes; only an authority's recorded decision is a penalty."""
    if decide:
        return _decide(door, subject, year, amount_fen, basis, document)
    from tanshu.base.refusal import Refusal
    from tanshu.cli.comply import listed_subjects, newest_year, today_of
    from tanshu.compliance import checks, penalties

    with door.reading() as (conn, _):
        year = year or newest_year(conn)
        today = today_of(conn)
        found = {
            one: penalties.penalty_range(conn, one, year, average_price_fen=average_price, today=today)
            for one in listed_subjects(conn, year, subject)
        }
        decided = penalties.decisions(conn, year)
        mark, say = short_stamp(conn), own_words(conn)
    refused = {one: range_ for one, range_ in found.items() if isinstance(range_, Refusal)}
    for refusal in refused.values():
        if subject or refusal.kind is checks.DEADLINE_AHEAD:
            need(refusal)
    ranges = {one: range_ for one, range_ in found.items() if not isinstance(range_, Refusal)}
    unknown = {one: refusal for one, refusal in refused.items() if refusal.kind is not checks.NOT_SHORT}
    data = {
        "stamp": mark,
        "year": year,
        "ranges": [
            {"subject": one.handle, "name": one.name, **range_.as_json()} for one, range_ in ranges.items()
        ],
        "unknown": [
            {"subject": one.handle, "name": one.name, **refusal.as_json()} for one, refusal in unknown.items()
        ],
        "decisions": decided,
    }
    parts = notices(mark)
    parts += [part for one, range_ in ranges.items() for part in _range_parts(one, range_)]
    if unknown:
        refusals = [(one.name, one.handle, Chip(r.code, BAD), r.text) for one, r in unknown.items()]
        parts.append(Table(UNKNOWN, refusals, Text("未能得出幅度", "no range could be told")))
    if not found.keys() - refused.keys() and not unknown:
        nobody = Text(
            f"{year} 年度没有未按时足额清缴的单位。", f"Nobody was short at the deadline of {year}."
        )
        parts.append(Line(nobody))
    if decided:
        title = Text("已记录的决定", "recorded decisions")
        rows = [
            (r["document"], r["basis"], r["unpaid_t"], Fen(r["amount_fen"]), r["person"]) for r in decided
        ]
        parts.append(Table(DECISIONS, rows, title))
    return Reply(data, say(parts), REFUSED if unknown else 0)


def _decide(door: Door, subject: str, year: int | None, amount_fen: int, basis: str, document: str) -> Reply:
    from tanshu.compliance import penalties

    if not door.actor or not subject or year is None:
        raise complain(
            door.lang, "--decide 需要 --as、--subject 与 --year", "--decide needs --as, --subject and --year"
        )
    body = penalties.DecidePenalty(subject, year, amount_fen, basis, document)
    answer, key = door.do(penalties.decide_penalty, body)
    return accepted(
        answer,
        key,
        (Text("决定", "decision"), answer["id"]),
        (Text("主体", "subject"), answer["subject"]),
        (Text("金额(元)", "amount (CNY)"), Fen(answer["amount_fen"])),
    )


def close(
    door: Door,
    region: Annotated[str, typer.Option(metavar="CODE", help="省级行政区划代码,如 420000 · province")],
    year: Annotated[int, typer.Option(help="履约年度 · compliance year")],
) -> Reply:
    """The statuses at the deadline enter the log; later surrenders leave them as they are."""
    from tanshu.compliance.closing import CloseYear, close_year
    from tanshu.compliance.obligations import STATUS_LABELS, Status

    answer, key = door.do(close_year, CloseYear(region, year))
    counts: dict[str, int] = answer["status_at_deadline"]
    return accepted(
        answer,
        key,
        (Text("年度", "year"), str(year)),
        (Text("期限", "deadline"), answer["deadline"]),
        (Text("单位数", "entities"), answer["entities"]),
        *((STATUS_LABELS[Status(name)], count) for name, count in counts.items() if count),
        (Text("应清缴(吨)", "obligation (t)"), answer["obligation_t"]),
        (Text("已清缴(吨)", "surrendered (t)"), answer["surrendered_t"]),
        (Text("已抵销(吨)", "offset (t)"), answer["offset_t"]),
        (Text("期限日尚欠(吨)", "short at the deadline (t)"), answer["short_t"]),
    )


def carry_over(door: Door, year: YearOption = None, subject: SubjectOption = "") -> Reply:
    """By the carry-over pack as things stand; the register's own notice decides."""
    from tanshu.cli.comply import listed_subjects, newest_year
    from tanshu.compliance import carry_over as estimates
    from tanshu.compliance import packs
    from tanshu.registry import settled

    with door.reading() as (conn, book):
        year = year or newest_year(conn)
        state = book.catch_up(conn)
        window = packs.carry_over(conn).table("window")
        traded = settled.totals(conn, window["trades_first"], window["trades_last"])
        found = [
            (one, estimates.estimate(conn, state, one, traded))
            for one in listed_subjects(conn, year, subject)
        ]
        mark, say = short_stamp(conn), own_words(conn)
    data = {
        "stamp": mark,
        "estimates": [{"subject": one.handle, "name": one.name, **what.as_json()} for one, what in found],
        "carryable_t": sum(what.carryable_t for _, what in found),
    }
    return Reply(data, say([*notices(mark), *_estimate_parts(found, door.lang, in_steps=bool(subject))]))


def _estimate_parts(found: list[tuple[Subject, CarryOver]], lang: Any, *, in_steps: bool) -> list[Part]:
    from tanshu.cli.rules import explained
    from tanshu.rules.explain import lines_of

    rows = [
        (one.name, what.net_sold_t, what.ceiling_t, what.available_t, what.eligible, what.carryable_t)
        for one, what in found
    ]
    total = (
        Text(f"合计 {len(found)} 家", f"{len(found)} in all"),
        sum(what.net_sold_t for _, what in found),
        sum(what.ceiling_t for _, what in found),
        sum(what.available_t for _, what in found),
        "",
        sum(what.carryable_t for _, what in found),
    )
    parts: list[Part] = []
    if found:
        what = found[0][1]
        parts += [Notice(what.watermark)] if what.watermark else []
        parts += [Line(note, "yellow") for note in what.notes]
    parts.append(Table(ESTIMATES, rows, Text("结转估算(吨)", "carry-over estimate (t)"), total))
    if in_steps:
        parts += [part for _, what in found for part in explained(lines_of(what.steps, lang))]
    return parts


def _range_parts(subject: Subject, found: PenaltyRange) -> list[Part]:
    return [
        Facts(
            (
                (Text("主体", "subject"), subject.name),
                (Text("法律", "law"), found.law),
                (Text("依据", "basis"), found.basis),
                (Text("计算", "numbers"), found.numbers),
                (Text("下限(元)", "least (CNY)"), Fen(found.min_fen)),
                (Text("上限(元)", "most (CNY)"), Fen(found.max_fen)),
                (Text("来源", "source"), str(found.source)),
            )
        ),
        *(Line(note, "yellow") for note in found.notes),
    ]

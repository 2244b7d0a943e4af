"""`tanshu supervise`: go through a market's day, see alerts, and say how good the rules are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import Refused, need, refusal
from tanshu.base.text import Text
from tanshu.cli import supervision_cases
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import (
    BAD,
    GOOD,
    Chip,
    Facts,
    Line,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.progress import progress
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.book.commit import Book

BAD_SEEDS = refusal(
    "CLI-2301",
    "种子“{value}”不合格式。请写一个数,或起止,如 1001-1020,最多 {limit} 个。",
    "“{value}” names no seeds. Write a number, or the first and the last, 1001-1020; at most {limit}.",
)
SEEDS_MAX = 1_000
DAY = ["%Y-%m-%d"]
ALERTS = (
    text_column("预警", "alert"),
    text_column("日期", "day"),
    text_column("规则", "rule"),
    text_column("级别", "level"),
    number_column("分值", "score"),
    text_column("案件", "case"),
    text_column("说明", "what", fold=True),
)
SCORES = (
    text_column("规则", "rule"),
    number_column("已标注", "labelled"),
    number_column("发现", "found"),
    text_column("召回率", "recall"),
    number_column("误报", "false alarms"),
    text_column("每月误报", "per clean month"),
    text_column("每万参与人日", "per 10,000 participant-days"),
)
EVIDENCE = (
    text_column("种类", "kind"),
    number_column("编号", "number"),
    text_column("日志位置", "place in the log"),
)

MarketOption = Annotated[str, typer.Option("--market", metavar="NAME", help="市场 · the market")]
DayOption = Annotated[datetime, typer.Option(formats=DAY, help="交易日 · trading day")]
PackOption = Annotated[
    str, typer.Option("--pack", metavar="NAME", help="监控参数规则包 · the pack with the thresholds")
]


def add_to(root: typer.Typer) -> None:
    supervise = group("异常交易监控 · market supervision")
    root.add_typer(supervise, name="supervise")
    command(supervise, "run", "按规则检查一个交易日 · go through a trading day", writes=True)(run)
    command(supervise, "alerts", "预警 · alerts")(list_alerts)
    command(supervise, "alert", "一项预警及其证据 · one alert with its evidence")(show_alert)
    command(supervise, "owner", "登记实际控制人 · record who controls a participant", writes=True)(owner)
    command(supervise, "evaluate", "在模拟市场上检验规则 · try the rules on generated markets", drafts=True)(
        evaluate
    )
    supervision_cases.add_to(supervise)


def run(door: Door, market: MarketOption, day: DayOption, pack: PackOption = "") -> Reply:
    """Read the market's log up to the close of a day, and record what the rules find; twice changes nothing.

    By a maker of the exchange or of the registry. Refuses with EXC-7015 where the day is not closed.
    """
    from tanshu.exchange import market as markets
    from tanshu.exchange.supervision import reading, service, thresholds
    from tanshu.exchange.supervision.commands import RecordAlerts
    from tanshu.parties import queries as parties

    key, on = door.key_for(), day.date()
    with door.installation() as installation:
        with installation.database.read() as conn:
            log = need(markets.by_name(installation.book, conn, market)).log
            jurisdiction = parties.jurisdiction(conn)
            terms = thresholds.of_market(jurisdiction, pack, allow_draft=door.allow_draft)
            with progress("supervise") as tick:
                found = need(reading.found_on(conn, log, on, terms, tick))
        body = RecordAlerts(market, on, found.upto, terms.pack, found.alerts)
        answer = need(service.record_alerts(door.context(installation, key), body))
        with installation.database.read() as conn:
            table = _table(conn, _of_day(conn, log, on))
    reply = accepted(
        answer,
        key,
        (Text("发现", "found"), answer["found"]),
        (Text("新增", "new"), len(answer["new"])),
        (Text("参数", "thresholds"), terms.pack),
        parts=(*_watermark(terms.watermark), table),
    )
    return Reply({**reply.data, "pack": terms.pack, "watermark": terms.watermark}, reply.parts)


def list_alerts(
    door: Door,
    market: Annotated[str, typer.Option("--market", metavar="NAME", help="市场 · the market")] = "",
    day: Annotated[datetime | None, typer.Option(formats=DAY, help="交易日 · trading day")] = None,
    rule: Annotated[str, typer.Option(help="规则 · rule, e.g. self-trade")] = "",
) -> Reply:
    """By day; the case of those that are part of one."""
    from tanshu.exchange.supervision import cases

    with door.reading() as (conn, book):
        log = _log(conn, book, market)
        found = cases.alerts(conn, log=log, day=day.date() if day else None, rule=rule)
        part_of = cases.case_of(conn)
        data = {"alerts": [{**_json(row), "case": part_of.get(row.id)} for row in found]}
        return Reply(data, (_table(conn, found),))


def show_alert(door: Door, alert: Annotated[str, typer.Argument(metavar="ALERT", help="预警编号")]) -> Reply:
    """The numbers that crossed, the participants, and where orders and trades stand in the market's log."""
    from tanshu.exchange.supervision import cases, service
    from tanshu.exchange.supervision.model import LEVEL_LABELS, RULE_LABELS, Level, Rule
    from tanshu.parties import queries as parties

    with door.reading() as (conn, _):
        row = need(cases.alert(conn, alert))
        case = cases.case_of(conn).get(row.id)
        named = parties.subjects_by_id(conn, service.subjects_of(conn, row))
        handles = [named[id].handle for id in service.subjects_of(conn, row)]
    data = {**_json(row), "case": case, "participants": handles}
    facts = Facts(
        (
            (Text("预警", "alert"), row.id),
            (Text("日期", "day"), row.day),
            (Text("规则", "rule"), RULE_LABELS[Rule(row.rule)]),
            (Text("级别", "level"), LEVEL_LABELS[Level(row.level)]),
            (Text("分值", "score"), row.score),
            (Text("参与人", "participants"), handles),
            (Text("案件", "case"), case),
            (Text("参数", "thresholds"), row.pack),
            *((Text(name, name), value) for name, value in json.loads(row.figures).items()),
        )
    )
    places = [
        (Text("委托", "order") if what == "order" else Text("成交", "trade"), number, f"{seq}.{n}")
        for what, seq, n, number in json.loads(row.evidence)
    ]
    return Reply(data, (Line(Text(row.zh, row.en)), facts, Table(EVIDENCE, places)))


def owner(
    door: Door,
    participant: Annotated[str, typer.Argument(metavar="HANDLE", help="参与人 · the participant")],
    owner: Annotated[str, typer.Option(help="实际控制人,空白为无 · who controls it; blank for nobody")],
    basis: Annotated[str, typer.Option(help="依据 · how that is known")],
) -> Reply:
    """Participants of one owner count as one for self-trades, the close and the holding limit."""
    from tanshu.exchange.supervision import service
    from tanshu.exchange.supervision.commands import RecordOwner

    answer, key = door.do(service.record_owner, RecordOwner(participant, owner, basis))
    return accepted(answer, key, (Text("实际控制人", "owner"), answer["owner"]))


def evaluate(
    door: Door,
    seeds: Annotated[str, typer.Option(help="种子,如 4001-4020 · seeds")] = "4001-4010",
    abuses: Annotated[int, typer.Option(help="每月每类违规次数 · abuses of each kind a month", min=1)] = 2,
    pack: PackOption = "",
) -> Reply:
    """For each seed a month with labelled abuse and a clean one: what is found, and what is claimed wrongly.

    Needs no database. Seeds 1 to 40 were used to choose the example's thresholds: name others.
    """
    from tanshu.exchange.supervision import evaluation, thresholds

    chosen = _seeds(seeds)
    terms = thresholds.of_market("sim", pack, allow_draft=door.allow_draft)
    with progress("evaluate", len(chosen)) as tick:
        result = evaluation.evaluate(chosen, terms, abuses=abuses, tick=tick)
    tuned = bool(set(chosen) & set(evaluation.TUNED)) and terms.pack == thresholds.DEFAULT
    data = {**evaluation.as_json(result), "seeds": list(chosen), "pack": terms.pack, "seeds_tuned_on": tuned}
    warned = [Notice(SEEDS_TUNED)] if tuned else []
    facts = Facts(
        (
            (Text("标注违规的月份", "labelled months"), result.labelled_months),
            (Text("无违规的月份", "clean months"), result.clean_months),
            (Text("参与人日(无违规)", "participant-days, clean"), result.participant_days),
            (Text("大户报告(非误报)", "large-holder reports, no alarms"), result.reports),
        )
    )
    return Reply(data, (*_watermark(terms.watermark), *warned, Table(SCORES, _scores(data)), facts))


SEEDS_TUNED = Text(
    "所用种子含有选取参数时用过的种子(1—40),结果偏乐观。",
    "Some of these seeds (1 to 40) were used to choose the thresholds: the result flatters.",
)


# -- pieces -------------------------------------------------------------------------------------------------


def _seeds(text: str) -> range:
    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text.strip())
    found = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
    if not 0 < len(found) <= SEEDS_MAX:
        raise Refused(BAD_SEEDS(field="seeds", value=text, limit=SEEDS_MAX))
    return found


def _scores(data: Mapping[str, Any]) -> list[Sequence[object]]:
    from tanshu.exchange.supervision.evaluation import RECALL_WANTED
    from tanshu.exchange.supervision.model import RULE_LABELS, Rule

    return [
        (
            RULE_LABELS[Rule(name)],
            one["labels"],
            one["found"],
            Chip(one["recall"], GOOD if one["recall"] >= RECALL_WANTED else BAD),
            one["false_alarms"],
            one["false_alarms_per_month"],
            one["false_alarms_per_10000_participant_days"],
        )
        for name, one in data["rules"].items()
    ]


def _log(conn: Connection, book: Book, market: str) -> int | None:
    from tanshu.exchange import market as markets

    return need(markets.by_name(book, conn, market)).log if market else None


def _of_day(conn: Connection, log: int, day: date) -> Sequence[Any]:
    from tanshu.exchange.supervision import cases

    return cases.alerts(conn, log=log, day=day)


def _table(conn: Connection, rows: Sequence[Any]) -> Table:
    from tanshu.exchange.supervision import cases
    from tanshu.exchange.supervision.model import LEVEL_LABELS, RULE_LABELS, Level, Rule

    part_of = cases.case_of(conn)
    return Table(
        ALERTS,
        [
            (
                row.id,
                row.day,
                RULE_LABELS[Rule(row.rule)],
                Chip(LEVEL_LABELS[Level(row.level)], BAD if row.level == Level.ALARM else "yellow"),
                row.score,
                part_of.get(row.id),
                Text(row.zh, row.en),
            )
            for row in rows
        ],
    )


def _json(row: Any) -> dict[str, object]:
    told = dict(row._mapping)
    for name in ("parties", "figures", "evidence"):
        told[name] = json.loads(told[name])
    return {**told, "text": {"zh": told.pop("zh"), "en": told.pop("en")}}


def _watermark(mark: Text | None) -> list[Part]:
    return [Notice(mark)] if mark else []

"""The papers of an auction: 竞价公告 and 竞价结果公告, as documents and as JSON.

A reserve that is hidden appears with the result; who bid and who won does not appear at all, as results of
allowance auctions are published: totals and prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from tanshu.base.documents import Bridge, Facts, Paper, Paragraphs, Part, Row, Words
from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refusal
from tanshu.base.text import Lang, Text
from tanshu.book.commit import Book
from tanshu.exchange.auctions import checks, queries
from tanshu.exchange.auctions.model import (
    OUTCOME_WORDS,
    PRICING_WORDS,
    SIDE_WORDS,
    TIES_WORDS,
    Notice,
    Result,
)
from tanshu.exchange.engine.records import Outcome
from tanshu.parties import queries as parties
from tanshu.parties.model import SubjectKind
from tanshu.registry import papers
from tanshu.rules import packs

NOTICE_LETTER, RESULT_LETTER = "A", "B"
NO_RESERVE = Text("无", "none")
UNDISCLOSED = Text("不公开,随结果公布", "not disclosed before the result")
YES, NO = Text("是", "yes"), Text("否", "no")


def notice_paper(conn: Connection, book: Book, log: int, number: int) -> Paper | Refusal:
    """竞价公告. Refuses with EXC-5101."""
    notice = queries.notice(conn, log, number)
    if isinstance(notice, Refusal):
        return notice
    lead = Text(
        f"{_initiator(conn, notice)}通过单向竞价{SIDE_WORDS[notice.side].zh} {notice.instrument} "
        f"{notice.quantity:,} 吨,现公告如下。",
        f"{_initiator(conn, notice)} offers the {SIDE_WORDS[notice.side].en} of {notice.quantity:,} t of "
        f"{notice.instrument} by one-way auction.",
    )
    parts: list[Part] = [Facts(_terms(conn, notice, hidden=notice.reserve_hidden))]
    if notice.criteria.zh:
        parts.append(Paragraphs((notice.criteria,), Text("竞价资格", "Who may bid")))
    title = Text("竞价公告", "Notice of auction")
    return _paper(conn, book, notice, notice.seq, NOTICE_LETTER, title, lead, parts)


def result_paper(conn: Connection, book: Book, log: int, number: int) -> Paper | Refusal:
    """竞价结果公告. Refuses with EXC-5101, EXC-5112 where it is not public."""
    notice = queries.notice(conn, log, number)
    if isinstance(notice, Refusal):
        return notice
    result = queries.result(conn, log, number)
    if result is None or result.published_seq is None:
        return checks.NO_RESULT(field="auction", auction=number)
    word = OUTCOME_WORDS[result.outcome]
    lead = Text(f"{notice.title.zh}:{word.zh}。", f"{notice.title.en}: {word.en}.")
    parts: list[Part] = [
        Facts(_outcome(notice, result), Text("结果", "Result")),
        Facts(_terms(conn, notice, hidden=False), Text("公告要素", "As announced")),
    ]
    title = Text("竞价结果公告", "Result of auction")
    return _paper(conn, book, notice, result.published_seq, RESULT_LETTER, title, lead, parts)


def notice_json(conn: Connection, notice: Notice) -> dict[str, Any]:
    """What a notice says, for programs: fen, tonnes; a hidden reserve is null."""
    return {
        "market": notice.market,
        "auction": notice.number,
        "title": {"zh": notice.title.zh, "en": notice.title.en},
        "initiator": _initiator(conn, notice),
        "side": notice.side,
        "instrument": notice.instrument,
        "quantity_t": notice.quantity,
        "reserve_fen": None if notice.reserve_hidden else notice.reserve_fen,
        "reserve_hidden": notice.reserve_hidden,
        "pricing": notice.pricing,
        "ties": notice.ties,
        "sealed": notice.sealed,
        "one_bid": notice.one_bid,
        "binding": notice.binding,
        "day": notice.day.isoformat(),
        "opens": notice.opens,
        "closes": notice.closes,
        "deposit_share": f"{notice.deposit_share:f}",
        "cap_t": notice.cap_t,
        "criteria": {"zh": notice.criteria.zh, "en": notice.criteria.en},
        "paid_year": notice.paid_year,
        "year_total_t": notice.year_total_t,
        "pack": notice.pack,
        "published_on": notice.published_on.isoformat(),
        "entry": notice.seq,
    }


def result_json(conn: Connection, notice: Notice, result: Result) -> dict[str, Any]:
    """What a public result says, for programs."""
    assert result.published_on is not None
    said: Mapping[str, Any] = {
        "outcome": result.outcome.name.lower(),
        "why": result.why,
        "reserve_fen": notice.reserve_fen,
        "sold_t": result.sold_t,
        "clearing_fen": result.clearing_fen,
        "amount_fen": result.amount_fen,
        "bids": result.bids,
        "valid_t": result.valid_t,
        "best_fen": result.best_fen,
        "result_published_on": result.published_on.isoformat(),
        "result_entry": result.published_seq,
    }
    return {**notice_json(conn, notice), **said}


def text(paper: Paper, lang: Lang) -> str:
    """The paper as plain lines, for a terminal or a letter."""

    def say(words: Words) -> str:
        return words.in_(lang) if isinstance(words, Text) else words

    lines = [
        say(paper.title),
        f"{paper.number}  {paper.issuer}",
        *map(say, paper.stamps),
        "",
        say(paper.lead),
    ]
    for part in paper.parts:
        title = getattr(part, "title", None)
        lines += ["", say(title)] if title else [""]
        match part:
            case Facts():
                lines += [f"{say(label)}: {say(value)}" for label, value in part.rows]
            case Paragraphs():
                lines += map(say, part.lines)
            case Bridge():
                lines += [f"{say(step.label)}: {yuan(step.amount)}" for step in part.steps]
            case _:
                lines += ["\t".join(map(say, row)) for row in part.rows]
    return "\n".join((*lines, "", say(paper.check), ""))


# -- parts -------------------------------------------------------------------------------------------------


def _paper(
    conn: Connection, book: Book, notice: Notice, seq: int, letter: str, title: Text, lead: Text,
    parts: Sequence[Part],
) -> Paper:  # fmt: skip
    position = papers.position_of(conn, book, seq)
    initiator = papers.subject_at(conn, notice.initiator_id, seq)
    stamped = papers.stamps(conn, [initiator])
    about = f"{notice.market} {notice.number}"
    paper = papers.composed(
        conn, position, papers.number(letter, position, about), stamped, lead=lead, parts=parts,
        title=Text(f"{title.zh} · {notice.title.zh}", f"{title.en} · {notice.title.en}"),
    )  # fmt: skip
    exchange = parties.only_of_kind(conn, SubjectKind.EXCHANGE)
    issuer = papers.name_at(conn, exchange, seq) if exchange else paper.issuer
    return replace(paper, issuer=issuer, stamps=(*paper.stamps, *_pack_stamps(notice.pack)))


def _pack_stamps(name: str) -> tuple[Text, ...]:
    """Of a market whose rules are a draft or an example."""
    pack = packs.load(name, allow_draft=True)
    if isinstance(pack, Refusal) or pack.watermark is None:
        return ()
    return (pack.watermark,)


def _terms(conn: Connection, notice: Notice, *, hidden: bool) -> tuple[Row, ...]:
    reserve: Words = _price(notice.reserve_fen) if notice.reserve_fen else NO_RESERVE
    cap = Text(f"{notice.cap_t:,} 吨", f"{notice.cap_t:,} t") if notice.cap_t else NO_RESERVE
    share = f"{notice.deposit_share * 100:f}".rstrip("0").rstrip(".") + " %"
    window = f"{notice.day} {notice.opens}–{notice.closes}"
    paid: tuple[Row, ...] = ()
    if notice.paid_year is not None:
        total = Text(
            f"{notice.paid_year} 年度(总量 {notice.year_total_t:,} 吨)",
            f"{notice.paid_year}, of {notice.year_total_t:,} t in all",
        )
        paid = ((Text("有偿分配年度", "Paid allocation of"), total),)
    return (
        (Text("市场与编号", "Market, number"), f"{notice.market} {notice.number}"),
        (Text("发起方", "Initiator"), _initiator(conn, notice)),
        (Text("方向", "Side"), SIDE_WORDS[notice.side]),
        (Text("产品", "Product"), notice.instrument),
        (Text("数量", "Quantity"), Text(f"{notice.quantity:,} 吨", f"{notice.quantity:,} t")),
        (Text("保留价", "Reserve price"), UNDISCLOSED if hidden else reserve),
        (Text("成交价", "Price"), PRICING_WORDS[notice.pricing]),
        (Text("同价申报", "Equal bids"), TIES_WORDS[notice.ties]),
        (Text("密封报价", "Sealed bids"), YES if notice.sealed else NO),
        (Text("每方只有一笔申报", "One bid each"), YES if notice.one_bid else NO),
        (Text("申报不可撤销", "Bids bind"), YES if notice.binding else NO),
        (Text("竞价时段", "Window"), Text(f"{window}(上海时间)", f"{window} (Shanghai)")),
        (Text("保证金比例", "Deposit"), share),
        (Text("每方申报上限", "One bidder's limit"), cap),
        *paid,
        (Text("公告日期", "Published"), str(notice.published_on)),
    )


def _outcome(notice: Notice, result: Result) -> tuple[Row, ...]:
    rows: list[Row] = [(Text("结果", "Outcome"), OUTCOME_WORDS[result.outcome])]
    if result.why:
        rows.append((Text("原因", "Why"), result.why))
    if result.outcome in (Outcome.SOLD, Outcome.PART):
        uniform, amount = notice.pricing == "uniform", yuan(result.amount_fen)
        label = Text("成交价", "Clearing price") if uniform else Text("最低入围价", "Worst accepted bid")
        rows += [
            (Text("成交量", "Traded"), Text(f"{result.sold_t:,} 吨", f"{result.sold_t:,} t")),
            (label, _price(result.clearing_fen)),
            (
                Text("成交额", "Amount"),
                Text(f"{amount} 元", f"{amount} CNY"),
            ),
            (Text("最优报价", "Best bid"), _price(result.best_fen)),
        ]
    if result.outcome is not Outcome.CALLED_OFF:
        valid = Text(f"{result.bids} 笔,{result.valid_t:,} 吨", f"{result.bids}, {result.valid_t:,} t")
        rows.append((Text("有效申报", "Valid bids"), valid))
    rows.append((Text("公布日期", "Published"), str(result.published_on)))
    return tuple(rows)


def _price(fen: int) -> Text:
    return Text(f"{yuan(fen)} 元/吨", f"{yuan(fen)} CNY/t")


def _initiator(conn: Connection, notice: Notice) -> str:
    """Its name when the notice was published."""
    return papers.subject_at(conn, notice.initiator_id, notice.seq).name

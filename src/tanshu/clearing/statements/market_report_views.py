"""The market's settlement report as people read it: a paper. For programs: market_report_data.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection

from tanshu.base.bridge import Step
from tanshu.base.documents import Bridge, Facts, Paper, Part, Table, Words
from tanshu.base.quantity import yuan
from tanshu.base.text import Text
from tanshu.clearing.model import DAY_LABELS, MODEL_LABELS, DayState, Model
from tanshu.clearing.reconciling import KINDS, REASONS
from tanshu.clearing.statements.computing import DELIVERED
from tanshu.clearing.statements.customer_views import WHY
from tanshu.clearing.statements.market_report import HouseMoney, MarketReport
from tanshu.clearing.statements.totals import LABELS, Totals
from tanshu.exchange.figures.words import MODES
from tanshu.parties.model import ACCOUNT_TYPES, AccountKind
from tanshu.registry import papers

LETTER = "M"
TITLE = Text("市场结算报告", "Market settlement report")
SHOWN = 100
"""A paper lists so many participants; the table has them all."""
SIDES = {
    "market": Text("市场", "market"),
    "book": Text("账簿", "book"),
    "bank": Text("银行", "bank"),
}
EQUAL, UNEQUAL = Text("一致", "equal"), Text("不一致", "not equal")
FAIL_STATES = {"waiting": Text("待交收", "waiting"), "delivered": Text("已补交收", "delivered since")}


def number(found: MarketReport) -> str:
    """Before the seal, or before what failed was delivered, it is another paper than after it."""
    ended = sum(one.state == DELIVERED for one in found.fails)
    return papers.number(LETTER, found.stated, f"{found.day.day} {found.day.state} {ended}")


def paper(conn: Connection, found: MarketReport, *, stamp: Text | None = None) -> Paper:
    stamped = papers.stamps(conn, found.people, stamp, found.packs)
    lead = Text(
        f"{found.day.day} 全市场成交、交收、资金与持仓汇总如下,共 {len(found.statements):,} 份结算单。",
        f"What the market traded, delivered, paid and held on {found.day.day}; {len(found.statements):,} "
        "statements were made.",
    )
    parts: list[Part] = [
        Facts(facts(found)),
        _markets(found),
        _lines(found),
        Bridge(steps(found), Text("全部参与人的资金变动", "How all participants' cash changed")),
        _house(found.house),
        _holdings(found),
        *_fails(found),
        _breaks(found),
        *_explained(found),
        _sums(found.ours, found.theirs),
        _people(found),
    ]
    return papers.composed(conn, found.stated, number(found), stamped, title=TITLE, lead=lead, parts=parts)


def facts(found: MarketReport) -> tuple[tuple[Text, Words], ...]:
    """The day, how far it is, whose hands it went through, and what it is bound to."""
    day = found.day
    sealed = day.sealed_seq is not None
    hands = (
        (Text("清算经办", "Cleared by"), day.collected_by),
        (Text("交易机构确认", "Confirmed by"), day.confirmed_by),
        (Text("初审", "First review"), day.reviewed_by),
        (Text("复审", "Second review"), day.approved_by),
    )
    return (
        (Text("结算日", "Settlement day"), day.day.isoformat()),
        (Text("状态", "State"), DAY_LABELS[DayState(day.state)]),
        *((label, who) for label, who in hands if who),
        (Text("差异", "Differences"), str(day.differences or 0)),
        *(
            ((Text("已说明的差异", "Differences explained"), str(len(found.explained))),)
            if found.explained
            else ()
        ),
        (Text("结算单合计与市场", "Statements and market"), EQUAL if found.agrees else UNEQUAL),
        (Text("结算单哈希(SHA-256)", "Statements' hash (SHA-256)"), day.statements_hash),
        *(
            (
                (Text("封账至条目", "Sealed up to entry"), str(day.log_seq)),
                (Text("该条目哈希", "That entry's hash"), day.log_hash),
                (Text("账簿状态哈希", "The book's state hash"), day.state_hash),
            )
            if sealed
            else ()
        ),
    )


def steps(found: MarketReport) -> list[Step]:
    """From what all had to what all have; trades among them cancel out, fees do not."""
    t = found.ours
    fees = t.trading_fees + t.settlement_fees - t.failed_fees + t.late_fees
    moves = (
        (Text("入金", "Cash in"), t.cash_in),
        (Text("出金", "Cash out"), -t.cash_out),
        (Text("其他收付", "Other"), t.other),
        (Text("交易与结算费用", "Fees"), -fees),
    )
    return [
        Step(Text("期初资金", "Opening cash"), found.opening, total=True),
        *(Step(label, fen) for label, fen in moves if fen),
        Step(Text("期末资金", "Closing cash"), found.closing, total=True),
    ]


# -- the paper ---------------------------------------------------------------------------------------------


def _markets(found: MarketReport) -> Table:
    columns = (
        Text("市场", "Market"),
        Text("结算方式", "Settled"),
        Text("成交笔数", "Trades"),
        Text("吨", "t"),
        Text("金额(元)", "Yuan"),
        Text("交易手续费", "Trading fees"),
        Text("结算手续费", "Settlement fees"),
        Text("已交收", "Delivered"),
        Text("未交收", "Failed"),
    )
    rows = [
        (
            one.market,
            MODEL_LABELS[Model(one.model)],
            f"{one.trades:,}",
            f"{one.tonnes:,}",
            *(yuan(fen) for fen in (one.amount, one.trading_fees, one.settlement_fees)),
            f"{one.delivered:,}",
            f"{one.failed:,}",
        )
        for one in found.markets
    ]
    return Table(Text("分市场", "By market"), columns, rows, frozenset(range(2, 9)))


def _lines(found: MarketReport) -> Table:
    columns = (
        Text("市场", "Market"),
        Text("产品", "Instrument"),
        Text("方式", "Mode"),
        Text("笔数", "Trades"),
        Text("吨", "t"),
        Text("金额(元)", "Yuan"),
        Text("交易手续费", "Trading fees"),
        Text("结算手续费", "Settlement fees"),
    )
    rows = [
        (
            one.market,
            one.instrument,
            MODES[one.mode],
            f"{one.trades:,}",
            f"{one.tonnes:,}",
            *(yuan(fen) for fen in (one.amount, one.trading_fees, one.settlement_fees)),
        )
        for one in found.lines
    ]
    return Table(Text("分产品与交易方式", "By product and mode"), columns, rows, frozenset(range(3, 8)))


def house_label(one: HouseMoney) -> Text:
    """What the money in an account is."""
    if one.account.kind is AccountKind.BANK:
        return Text("专用账户应有余额", "must be in the special account")
    return ACCOUNT_TYPES[one.account.kind].label


def _house(house: Sequence[HouseMoney]) -> Table:
    columns = (Text("账户", "Account"), Text("户主", "Owner"), Text("内容", "What"), Text("元", "Yuan"))
    rows = [(one.account.code, one.owner, house_label(one), yuan(one.amount)) for one in house]
    return Table(Text("结算银行与自有账户", "Banks and the house"), columns, rows, frozenset({3}))


def _holdings(found: MarketReport) -> Table:
    columns = (
        Text("产品", "Instrument"),
        Text("交易可用(吨)", "Trading, available"),
        Text("交易冻结", "Trading, held"),
        Text("登记可用", "Registration, available"),
        Text("登记冻结", "Registration, held"),
    )
    rows = [
        (
            one.instrument,
            *(
                f"{amount:,}"
                for amount in (
                    one.trading_available,
                    one.trading_held,
                    one.registration_available,
                    one.registration_held,
                )
            ),
        )
        for one in found.holdings
    ]
    title = Text("全部参与人分年度持仓", "All participants' holdings by vintage")
    return Table(title, columns, rows, frozenset(range(1, 5)))


def _fails(found: MarketReport) -> tuple[Table, ...]:
    if not found.fails:
        return ()
    columns = (
        Text("市场", "Market"),
        Text("成交编号", "No."),
        Text("吨", "t"),
        Text("金额(元)", "Yuan"),
        Text("相关账户", "Account in the way"),
        Text("原因", "Why"),
        Text("状态", "State"),
    )
    rows = [
        (
            one.market,
            str(one.trade),
            f"{one.quantity:,}",
            yuan(one.amount),
            one.account,
            _word(WHY, one.why),
            _word(FAIL_STATES, one.state),
        )
        for one in found.fails
    ]
    return (Table(Text("未交收", "Not delivered"), columns, rows, frozenset({2, 3})),)


def _explained(found: MarketReport) -> Iterator[Table]:
    """What kept no day open, since two people said whose it is."""
    columns = (
        Text("编号", "Number"),
        Text("类别", "Kind"),
        Text("对象", "About"),
        Text("账簿", "Ours"),
        Text("对方", "Theirs"),
        Text("理由", "Reason"),
        Text("申请与复核", "Asked and granted by"),
    )
    rows = [
        (
            *(one.id, _word(KINDS, one.kind), one.about, f"{one.ours:,}", f"{one.theirs:,}"),
            *(one.reason, f"{one.asked_by}, {one.granted_by}"),
        )
        for one in found.explained
    ]
    if rows:
        yield Table(Text("已说明的差异", "Differences explained"), columns, rows, frozenset({3, 4}))


def _breaks(found: MarketReport) -> Table:
    columns = (
        Text("类别", "Kind"),
        Text("不符一方", "Side"),
        Text("对象", "About"),
        Text("账簿", "Ours"),
        Text("对方", "Theirs"),
        Text("原因", "Cause"),
    )
    rows = [
        (
            _word(KINDS, one.kind),
            _word(SIDES, one.side),
            one.about,
            f"{one.ours:,}",
            f"{one.theirs:,}",
            _word(REASONS, one.cause),
        )
        for one in found.breaks
    ]
    title = Text("对账差异(最近一次)", "Differences (the newest reconciliation)")
    return Table(title, columns, rows, frozenset({3, 4}))


def _word(words: Mapping[str, Text], name: str) -> Words:
    """What people call it; its own name where nobody said."""
    return words.get(name, name)


def _sums(ours: Totals, theirs: Totals) -> Table:
    columns = (
        Text("项目", "Item"),
        Text("结算单合计", "Sum of statements"),
        Text("市场", "Market"),
        Text("核对", "Check"),
    )
    rows = [
        (label, f"{mine:,}", f"{other:,}", EQUAL if mine == other else UNEQUAL)
        for label, mine, other in zip(LABELS, ours, theirs, strict=True)
    ]
    title = Text("结算单合计与市场数据核对", "The statements' sum beside the market's figures")
    return Table(title, columns, rows, frozenset({1, 2}))


def _people(found: MarketReport) -> Table:
    columns = (
        Text("主体", "Subject"),
        Text("期初(元)", "Opening"),
        Text("入金", "In"),
        Text("出金", "Out"),
        Text("买入", "Buys"),
        Text("卖出", "Sells"),
        Text("费用", "Fees"),
        Text("期末", "Closing"),
    )
    rows: list[Sequence[Words]] = []
    for subject, one in zip(found.people[:SHOWN], found.statements, strict=False):
        fees = one.buy_fee + one.sell_fee + one.settlement_fee - one.failed_fees + one.late_fees
        amounts = (one.opening, one.cash_in, one.cash_out, one.buys, one.sells, fees, one.closing)
        rows.append((subject.name, *map(yuan, amounts)))
    left = len(found.statements) - len(rows)
    note = None
    if left > 0:
        note = Text(f"另有 {left:,} 个主体,见 CSV 或 XLSX。", f"{left:,} more are in the CSV and the XLSX.")
    return Table(Text("分主体", "By participant"), columns, rows, frozenset(range(1, 8)), note)

"""What a run of a scenario came to, computed from the database alone; and what to say after each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Connection, func, select

from tanshu.app import Installation
from tanshu.base.quantity import yuan
from tanshu.base.text import Lang, Text
from tanshu.book import serials
from tanshu.clearing.bank import queries as banks
from tanshu.compliance import obligations
from tanshu.compliance.obligations import Status
from tanshu.compliance.tables import ALLOCATION
from tanshu.insight import figures, market_section, report, settlement_section
from tanshu.insight.figures import Traded, YearFigures, year_figures
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import HOLDERS, AccountKind
from tanshu.registry import queries as registry
from tanshu.registry.model import Transaction, TransactionState
from tanshu.registry.settled import SettledTrade, settled
from tanshu.scenario.market_steps import step_name
from tanshu.scenario.power_year import PowerYear
from tanshu.scenario.trading_result import MarketResult, market_result, price

Totals = Mapping[str, object]

LABELS: Mapping[str, Text] = {
    "subjects": Text("主体", "subjects"),
    "instruments": Text("产品", "instruments"),
    "holders": Text("开户主体", "account holders"),
    "accounts": Text("账户", "accounts"),
    "entities": Text("重点排放单位", "covered entities"),
    "last_verified_t": Text("上年核查排放量", "verified last year"),
    "opening_t": Text("期初持仓", "opening stock"),
    "elsewhere_t": Text("其他省份(虚构)", "elsewhere (fictional)"),
    "pre_allocated_t": Text("预分配", "pre-allocated"),
    "verified_t": Text("核查排放量", "verified"),
    "units": Text("机组", "units"),
    "final_t": Text("补发", "issued at the true-up"),
    "allocated_t": Text("全年已分配", "allocated for the year"),
    "banks": Text("结算银行", "settlement banks"),
    "bound": Text("已绑定", "bound"),
    "deposits": Text("入金笔数", "deposits"),
    "deposited_fen": Text("入金", "deposited"),
    "transfers": Text("划转笔数", "transfers"),
    "moved_t": Text("划转", "moved"),
    "trades": Text("成交笔数", "trades"),
    "volume_t": Text("成交量", "volume"),
    "amount_fen": Text("成交额", "amount"),
    "participants": Text("参与人", "participants"),
    "average_listing": Text("挂牌均价", "listing average"),
    "average_block": Text("大宗均价", "block average"),
    "average_auction": Text("竞价均价", "auction average"),
    "close": Text("收盘价", "close"),
    "differences": Text("封账差异", "sealed with differences"),
    "offset_t": Text("抵销", "offset"),
    "surrendered_t": Text("清缴", "surrendered"),
    "compliant": Text("已履约", "compliant"),
    "short_t": Text("欠缴", "short"),
}
_UNITS = {
    "_t": Text(" 吨", " t"),
    "_fen": Text(" 元", " CNY"),
    "average_": Text(" 元/吨", " CNY/t"),
    "close": Text(" 元/吨", " CNY/t"),
}


def summary(installation: Installation, run: PowerYear, *, database: str | None = None) -> dict[str, object]:
    """The run's result as plain data (JSON-able): tonnes as integers, prices as text in yuan per tonne.

    database: the address to name, as its user gave it (default: the installation's own).
    """
    found, facts, market = figures_of(installation, run), run.facts, market_of(installation, run)
    return {
        "scenario": facts.id,
        "title": _both(facts.title),
        "stamp": _both(facts.stamp),
        "database": database or installation.database.url,
        "compliance_year": found.year,
        "deadline": found.deadline.isoformat(),
        "entities": found.entities,
        "verified_t": found.verified_t,
        "pre_allocated_t": found.pre_allocated_t,
        "allocated_t": found.allocated_t,
        "opening_t": found.opening_t,
        "trades": found.trades,
        "traded_t": found.traded_t,
        "amount_fen": found.amount_fen,
        "averages": [_average(run, row) for row in found.by_month_and_mode],
        "surrendered_t": found.surrendered_t,
        "surrendered": dict(found.surrendered),
        "offset_t": found.offset_t,
        "short_t": found.short_t,
        "left_t": found.left_t,
        "compliant": found.compliant,
        "status": dict(found.status),
        "status_at_deadline": dict(found.status_at_deadline),
        "carry_over_estimate_t": found.carry_over_t,
        "conservation": dict(found.conservation),
        "log_seq": found.seq,
        "log_hash": found.hash,
        "market": market.as_json() if market else None,
        "settlement": settlement_of(installation),
        "estimated_fields": list(run.year.estimated_fields),
    }


def figures_of(installation: Installation, run: PowerYear) -> YearFigures:
    """The scenario's year in figures."""
    with installation.database.read() as conn:
        state = installation.book.catch_up(conn)
        return year_figures(conn, state, run.facts.compliance_year, places=_places(run))


def market_of(installation: Installation, run: PowerYear) -> MarketResult | None:
    """What the scenario's market came to; None before it is founded."""
    with installation.database.read() as conn:
        return market_result(conn, run.facts.market.name)


def settlement_of(installation: Installation) -> list[dict[str, object]]:
    """The settlement days, each with its state and its sums: tonnes, fen."""
    with installation.database.read() as conn:
        return [
            {
                "day": one.day.isoformat(),
                "state": one.state,
                "trades": one.trades,
                "volume_t": one.tonnes,
                "amount_fen": one.amount,
                "fees_fen": one.fees,
                "failed": one.failed,
                "positions_fen": one.positions,
                "statements": one.statements,
                "differences": one.differences,
            }
            for one in settlement_section.of_days(conn)
        ]


def write_report(installation: Installation, run: PowerYear, folder: Path | str, lang: Lang) -> Path:
    """The report of the scenario's year with everything the scenario knows: title, stamp, prices, sources."""
    facts = run.facts
    heading = Text("市场行情(模拟成交)", "The market (synthetic trades)")
    section = market_section.rendered(installation.book, facts.market.name, lang, heading=heading)
    with serials.reading(installation.book) as conn:
        state = installation.book.catch_up(conn)
        return report.write(
            conn,
            state,
            installation.book,
            facts.compliance_year,
            folder,
            lang,
            title=facts.title,
            stamp=facts.stamp,
            estimated=run.year.estimated_fields,
            published_fen={(month, mode): fen for (month, mode), fen in facts.prices_fen.items()},
            places=_places(run),
            sources=tuple(facts.sources.values()),
            market=section + settlement_section.rendered(conn, lang),
        )


# -- after each step ---------------------------------------------------------------------------------------


def step_totals(conn: Connection, run: PowerYear, step: str) -> dict[str, object]:
    """What a finished step came to, by the names of `LABELS`; {} for a step that has nothing to tell.

    Tonnes (`…_t`) and fen (`…_fen`) are integers, averages are text in yuan per tonne.
    """
    if step.startswith("trading-"):
        return _trading(conn, run, step)
    tell = _TELL.get(step)
    return tell(conn, run) if tell else {}


def in_words(totals: Totals, lang: Lang) -> str:
    """Step totals as one line for a person: 预分配 67,543,175 吨 · 重点排放单位 46."""
    return " · ".join(f"{LABELS[name].in_(lang)} {_shown(name, totals[name], lang)}" for name in totals)


def _shown(name: str, value: object, lang: Lang) -> str:
    unit = next((text for mark, text in _UNITS.items() if name.endswith(mark) or name.startswith(mark)), None)
    text = str(value)
    if isinstance(value, int):
        text = yuan(value) if name.endswith("_fen") else f"{value:,}"
    return text + (unit.in_(lang) if unit else "")


def _institutions(conn: Connection, _run: PowerYear) -> dict[str, object]:
    return {"subjects": len(parties.subjects(conn)), "instruments": len(registry.instruments(conn))}


def _accounts(conn: Connection, _run: PowerYear) -> dict[str, object]:
    holders = {one.id for one in parties.subjects(conn) if one.kind in HOLDERS}
    opened = [one for one in parties.accounts(conn) if one.subject_id in holders]
    return {"holders": len(holders), "accounts": len(opened)}


def _lists(conn: Connection, run: PowerYear) -> dict[str, object]:
    year = run.facts.compliance_year
    return {
        "entities": len(mrv.listed(conn, year)),
        "last_verified_t": sum(mrv.verified(conn, year - 1).values()),
    }


def _opening(conn: Connection, run: PowerYear) -> dict[str, object]:
    listed = mrv.listed(conn, run.facts.compliance_year)
    given = _effected(conn, "final-allocation", batch="opening")
    elsewhere = _effected(conn, "administrative-adjustment", batch="opening")
    own = sum(one.quantity for one in given if one.subject_id in listed)
    return {"opening_t": own, "elsewhere_t": sum(one.quantity for one in elsewhere)}


def _pre_allocation(conn: Connection, run: PowerYear) -> dict[str, object]:
    made = _effected(conn, "pre-allocation", year=run.facts.compliance_year)
    return {"pre_allocated_t": sum(one.quantity for one in made), "entities": len(made)}


def _verification(conn: Connection, run: PowerYear) -> dict[str, object]:
    verified = mrv.verified(conn, run.facts.compliance_year)
    units = sum(len(mrv.units(conn, id, run.facts.compliance_year)) for id in verified)
    return {"verified_t": sum(verified.values()), "entities": len(verified), "units": units}


def _final_allocation(conn: Connection, run: PowerYear) -> dict[str, object]:
    year = run.facts.compliance_year
    final, pre, back = (
        registry.quantity(conn, type, year=year)
        for type in ("final-allocation", "pre-allocation", "return-of-excess")
    )
    decided = select(func.count()).select_from(ALLOCATION)
    decided = decided.where(ALLOCATION.c.year == year, ALLOCATION.c.stage == "final")
    entities = int(conn.execute(decided).scalar_one())
    return {"final_t": final, "allocated_t": pre + final - back, "entities": entities}


def _banks(conn: Connection, _run: PowerYear) -> dict[str, object]:
    holders = [one for one in parties.subjects(conn) if one.kind in HOLDERS]
    bound = [one for one in holders if banks.bound_to(conn, one.id) is not None]
    return {"banks": len(banks.banks(conn)), "bound": len(bound)}


def _deposits(conn: Connection, _run: PowerYear) -> dict[str, object]:
    made = _effected(conn, "cash-deposit")
    return {"deposited_fen": sum(one.quantity for one in made), "deposits": len(made)}


def _moves(to: AccountKind) -> Callable[[Connection, PowerYear], dict[str, object]]:
    def tell(conn: Connection, _run: PowerYear) -> dict[str, object]:
        targets = {one.number for one in parties.accounts(conn) if one.kind is to}
        made = [
            one for one in _effected(conn, "position-transfer") if {li.credit for li in one.lines} <= targets
        ]
        return {"moved_t": sum(one.quantity for one in made), "transfers": len(made)}

    return tell


def _market(conn: Connection, run: PowerYear) -> dict[str, object]:
    found = market_result(conn, run.facts.market.name)
    return {"participants": found.participants} if found else {}


def _trading(conn: Connection, run: PowerYear, step: str) -> dict[str, object]:
    """A day: what was settled of it by the register, and the close that the market made."""
    trades: list[SettledTrade] = [one for one in settled(conn) if step_name(one.day) == step]
    total, found = figures.traded(trades), market_result(conn, run.facts.market.name)
    averages = {f"average_{row.mode}": str(row.average_price) for row in figures.group(trades, mode=True)}
    closes = [one.closes for one in found.days if step_name(one.day) == step] if found else []
    days = settlement_section.of_days(conn)
    return {
        "trades": total.trades,
        "volume_t": total.volume_t,
        "amount_fen": total.amount_fen,
        **averages,
        "close": " ".join(price(fen) for day in closes for fen in day.values()),
        "differences": sum(one.differences or 0 for one in days if step_name(one.day) == step),
    }


def _offset(conn: Connection, run: PowerYear) -> dict[str, object]:
    made = _effected(conn, "offset", year=run.facts.compliance_year)
    return {"offset_t": sum(one.quantity for one in made), "entities": len({one.subject_id for one in made})}


def _surrender(conn: Connection, run: PowerYear) -> dict[str, object]:
    made = _effected(conn, "surrender", year=run.facts.compliance_year)
    entities = len({one.subject_id for one in made})
    return {"surrendered_t": sum(one.quantity for one in made), "entities": entities}


def _close(conn: Connection, run: PowerYear) -> dict[str, object]:
    board = obligations.board(conn, run.facts.compliance_year)
    return {
        "entities": len(board),
        "compliant": sum(row.status is Status.COMPLIANT for row in board),
        "short_t": sum(row.due_t for row in board),
    }


_TELL: Mapping[str, Callable[[Connection, PowerYear], dict[str, object]]] = {
    "institutions": _institutions,
    "accounts": _accounts,
    "lists": _lists,
    "opening-stock": _opening,
    "pre-allocation": _pre_allocation,
    "verification": _verification,
    "final-allocation": _final_allocation,
    "market": _market,
    "banks": _banks,
    "deposits": _deposits,
    "to-trading": _moves(AccountKind.TRADING),
    "to-registry": _moves(AccountKind.REGISTRATION),
    "offset": _offset,
    "surrender": _surrender,
    "close": _close,
}


# -- pieces ------------------------------------------------------------------------------------------------


def _effected(
    conn: Connection, type: str, *, year: int | None = None, batch: str | None = None
) -> list[Transaction]:
    return registry.transactions(conn, type=type, state=TransactionState.EFFECTED, year=year, batch=batch)


def _average(run: PowerYear, row: Traded) -> dict[str, object]:
    """One month and mode beside the exchange's published average, where the scenario has it."""
    published = {f"{month}/{mode}": fen for (month, mode), fen in run.facts.prices_fen.items()}
    return {
        "month": row.month,
        "mode": row.mode,
        "trades": row.trades,
        "volume_t": row.volume_t,
        "amount_fen": row.amount_fen,
        "average_yuan": str(row.average_price),
        "published_yuan": _text(figures.yuan(published.get(f"{row.month}/{row.mode}"))),
    }


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def _places(run: PowerYear) -> dict[str, str]:
    return {entity.uscc: entity.city for entity in run.facts.entities}


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}

"""The offer board and block trades in the words of a dealer: a line is done, and answered.

    board   N offers Q at P · N wants Q at P                    post to sell, post to buy
            N takes Q [at P] [from #M] · N gives Q [at P] [to #M]   take what is offered, what is wanted
    block   N quotes sell|buy Q at P [to M] · N counters #M Q at P · N confirms #M · N declines #M
    both    N cancels #M · board|block|all PHASE · suspend N · lift N · freeze N · close
            pay N FEN · withdraw N FEN · limit N TONNES outside TONNES · tick|lot T

Prices in yuan, quantities in tonnes (99,999 or 100k). `answer` gives the code, and for OK what came of it:
`Q@P #B #S` for a trade of buy order B with sell order S, `#M WHY Q` for an order that goes with Q left. What
is entered is not told again: orders count from #1. A line without words goes on with the answer above it.
"""

from __future__ import annotations

from decimal import Decimal

from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Gone, Mode, Op, Phase, Row, Side, row
from tests.exchange.engine.support import CEA, check_invariants, check_trades, do, totals

MODES = {"board": Mode.LISTING, "block": Mode.BLOCK, "all": Mode.NONE}
POSTS = {"offers": Side.SELL, "wants": Side.BUY}
TAKES = {"takes": Side.BUY, "gives": Side.SELL}


def record(words: str) -> Row:
    """What a line does, as a record."""
    said = [word for word in words.replace(",", "").split() if word not in ("to", "from", "at", "outside")]
    match said:
        case ["close"]:
            return row(Op.CLOSE_DAY)
        case [("suspend" | "lift" | "freeze") as verb, who]:
            op = {"suspend": Op.SUSPEND, "lift": Op.LIFT, "freeze": Op.WITHDRAW_ALL}[verb]
            return row(op, party=int(who))
        case [("pay" | "withdraw") as verb, who, amount]:
            op = Op.CASH_IN if verb == "pay" else Op.CASH_OUT
            return row(op, party=int(who), quantity=int(amount))
        case ["limit", who, most, outside]:
            return row(Op.HOLDING, party=int(who), quantity=tonnes(outside), price=tonnes(most))
        case [mode, phase] if mode in MODES:
            return row(Op.PHASE, mode=MODES[mode], kind=Phase[phase])
        case [who, verb, *rest]:
            return _traded(int(who), verb, rest, words)
        case _:
            raise ValueError(words)


def _traded(who: int, verb: str, rest: list[str], words: str) -> Row:
    said = {"party": who, "other": who}
    board, block = {"mode": Mode.LISTING, "instrument": CEA}, {"mode": Mode.BLOCK, "instrument": CEA}
    if verb in POSTS:
        return row(Op.OFFER, **board, side=POSTS[verb], quantity=tonnes(rest[0]), price=fen(rest[1]), **said)
    if verb in TAKES:
        worst = next((fen(word) for word in rest[1:] if not word.startswith("#")), 0)
        maker = next((int(word[1:]) for word in rest[1:] if word.startswith("#")), 0)
        return row(
            Op.TAKE, **board, side=TAKES[verb], quantity=tonnes(rest[0]), price=worst, order=maker, **said
        )
    match verb, rest:
        case "cancels", [which]:
            return row(Op.CANCEL, order=int(which[1:]), **said)
        case "quotes", [side, quantity, price, *whom]:
            to = int(whom[0]) if whom else 0
            terms = {"quantity": tonnes(quantity), "price": fen(price)}
            return row(Op.QUOTE, **block, side=Side[side.upper()], counter=to, **terms, **said)
        case "counters", [which, quantity, price]:
            terms = {"quantity": tonnes(quantity), "price": fen(price)}
            return row(Op.COUNTER, mode=Mode.BLOCK, order=int(which[1:]), **terms, **said)
        case (("confirms" | "declines"), [which]):
            op = Op.CONFIRM if verb == "confirms" else Op.DECLINE
            return row(op, mode=Mode.BLOCK, order=int(which[1:]), **said)
        case _:
            raise ValueError(words)


def tonnes(word: str) -> int:
    return int(word.removesuffix("k")) * (1000 if word.endswith("k") else 1)


def fen(word: str) -> int:
    """Yuan to fen; more places than two are an error of the test's."""
    amount = Decimal(word) * 100
    assert amount == int(amount)
    return int(amount)


def answer(code: Code, outputs: list[Row]) -> str:
    """What came of a line, in words."""
    if code is not Code.OK:
        return code.name
    told = [_told(out) for out in outputs if out[0] in (Op.TRADE, Op.GONE)]
    return "; ".join(["OK", *told])


def _told(out: Row) -> str:
    if out[0] == Op.TRADE:
        return f"{out[7]}@{Decimal(out[8]) / 100:.2f} #{out[9]} #{out[10]}"
    return f"#{out[9]} {Gone(out[3]).name} {out[7]}"


def tell(engine: Engine, story: str, *, restore: bool = False) -> tuple[Engine, list[Row]]:
    """Do a table `| line | answer |` and compare. Everything that must hold is asked after every line.

    With `restore` the engine is put away and taken out again before every line. Returns it, and all that was
    told.
    """
    told: list[Row] = []
    for words, wanted in _lines(story):
        if restore:
            hash_ = engine.state_hash()
            engine = Engine.restore(engine.image())
            assert engine.state_hash() == hash_
        before, one = totals(engine), record(words)
        code, outputs = do(engine, one)
        assert answer(code, outputs) == wanted, words
        told += outputs
        check_invariants(engine)
        check_trades(engine, told)
        if one[0] not in (Op.CASH_IN, Op.CASH_OUT):
            assert totals(engine) == before, "nothing comes of nothing"
    return engine, told


def _lines(story: str) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for line in filter(None, (line.strip() for line in story.splitlines())):
        words, wanted = (cell.strip() for cell in line.strip("|").split("|"))
        if words:
            lines.append((words, wanted))
        else:
            lines[-1] = lines[-1][0], f"{lines[-1][1]} {wanted}"
    return lines

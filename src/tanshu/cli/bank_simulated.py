"""`tanshu bank simulate|pay-in|faults`: the simulated bank, its customers, and what is to go wrong at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command
from tanshu.cli.output import Facts, Fen, Part, Reply, Table, number_column, text_column

BankArgument = Annotated[str, typer.Argument(metavar="BANK", help="结算银行 · the bank's handle")]
DayArgument = Annotated[str, typer.Argument(metavar="DAY", help="日期 YYYY-MM-DD · the day")]
SimulatorOption = Annotated[
    str, typer.Option("--at", metavar="URL", help="银行模拟器地址 · the simulator's address")
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="[BANK/]FAULT[:TIMES[:VALUE]]", help="故障,可多次 · may repeat"),
]
KNOWN = (text_column("故障", "fault"), text_column("说明", "what it does", fold=True))
PENDING = (
    text_column("银行", "bank"),
    text_column("故障", "fault"),
    number_column("剩余次数", "times left"),
    number_column("值", "value"),
)


def add_to(bank: typer.Typer) -> None:
    """Into the group `tanshu bank`."""
    command(bank, "simulate", "启动银行模拟器 · run a simulated bank")(simulate)
    command(bank, "pay-in", "(模拟器)客户缴款 · a customer of the simulated bank pays in")(pay_in)
    command(bank, "faults", "(模拟器)故障 · what is to go wrong at it")(faults)


def simulate(
    _door: Door,
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="它自己的账 · its own books")],
    port: Annotated[int, typer.Option("--port", help="0:任取空闲端口 · 0: a free one")] = 0,
    port_file: Annotated[
        Path | None, typer.Option("--port-file", metavar="FILE", help="写入端口号 · where it writes its port")
    ] = None,
    fault: FaultOption = None,
) -> Reply | None:
    """On 127.0.0.1, until it is interrupted. Any bank that is named to it is one of its."""
    from tanshu.clearing.bank import simulator

    for text in fault or ():
        _fault(text)
    simulator.serve(str(file), port, str(port_file or ""), fault or ())
    return None


def pay_in(
    door: Door,
    bank: BankArgument,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="分账(资金账户编号) · the sub-ledger")],
    yuan: Annotated[str, typer.Argument(metavar="YUAN", help="金额,元 · CNY")],
    day: DayArgument,
    at: SimulatorOption,
    name: Annotated[str, typer.Option("--name", help="户名 · whose account it is")],
    interest: Annotated[bool, typer.Option("--interest", help="结息,非缴款 · it is interest")] = False,
    reference: Annotated[str, typer.Option("--reference", help="银行流水号 · the bank's reference")] = "",
) -> Reply:
    """With the same reference it happens once."""
    from tanshu.clearing.bank.process import Simulator
    from tanshu.cli.market_orders import fen

    amount, on = fen(door, yuan), read_date(day, door.lang, "DAY")
    kind = "interest" if interest else "deposit"
    with _reached(at):
        told = Simulator(at).deposit(bank, account, name, amount, on, kind=kind, reference=reference)
    facts = ((Text("银行流水", "reference"), told), (Text("金额(元)", "CNY"), Fen(amount)))
    return Reply({"bank": bank, "reference": told, "amount": amount, "day": on}, (Facts(facts),))


def faults(
    door: Door,
    fault: Annotated[
        list[str] | None,
        typer.Argument(metavar="[[BANK/]FAULT[:TIMES[:VALUE]]…]", help="要发生的故障 · what is to go wrong"),
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="URL", help="模拟器地址 · its address")] = "",
    closed: Annotated[
        list[str] | None, typer.Option("--closed", metavar="DAY", help="银行自行休假 · days it is closed on")
    ] = None,
) -> Reply:
    """Without anything: what there is. Refuses CLR-3303 (unknown), CLR-3302 (it does not answer)."""
    from tanshu.clearing.bank.process import Simulator
    from tanshu.clearing.bank.simulated import FAULTS

    wanted = [_fault(text) for text in fault or ()]
    days = [read_date(text, door.lang, "--closed") for text in closed or ()]
    if not at and (wanted or days):
        raise complain(door.lang, "需要 --at:模拟器地址", "--at is needed: the simulator's address")
    data: dict[str, object] = {"known": dict(FAULTS)}
    parts: list[Part] = [Table(KNOWN, [(name, what) for name, what in FAULTS.items()])]
    if at:
        there = Simulator(at)
        with _reached(at):
            for bank, name, times, value in wanted:
                there.fail(name, bank=bank, times=times, value=value)
            if days:
                there.close_on(*days)
            waiting = there.faults()
        data["set"] = waiting
        rows = [(one["bank"], one["name"], one["times"], one["value"]) for one in waiting]
        parts.append(Table(PENDING, rows, Text("将要发生", "still to happen")))
    return Reply(data, parts)


def _fault(text: str) -> tuple[str, str, int, int]:
    from tanshu.clearing.bank import checks, simulator
    from tanshu.clearing.bank.simulated import FAULTS

    try:
        return simulator.read_fault(text)
    except ValueError:
        raise Refused(checks.SIMULATOR_FAULT(field="fault", value=text, known=", ".join(FAULTS))) from None


@contextmanager
def _reached(address: str) -> Iterator[None]:
    """A simulator that is not there is a bank that does not answer."""
    from tanshu.clearing.bank import checks

    try:
        yield
    except OSError as error:
        raise Refused(checks.BANK_SILENT(field="at", bank=address, why=error)) from error

"""How a gateway and a bank speak: values as JSON and back, for both ends of the line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from unicodedata import category

from tanshu.base.quantity import QUANTITY_MAX
from tanshu.clearing.bank.gateway import (
    BankAnswer,
    Done,
    Instruction,
    Kind,
    LineKind,
    NeverHeard,
    Notice,
    Part,
    RefusedByBank,
    Statement,
    StatementLine,
    Unknown,
)

DONE, REFUSED, QUEUED, NEVER = "done", "refused", "queued", "never-heard"
TEXT_MAX = 200
"""Characters of a name, a reference, a reason: a bank's words are kept, so they are bounded."""


def instruction_out(one: Instruction, on: date) -> dict[str, object]:
    """on: the bank day on which it is sent."""
    return {
        "id": one.id,
        "on": on.isoformat(),
        "day": one.day.isoformat(),
        "kind": one.kind,
        "amount": one.amount,
        "account": one.account,
        "name": one.name,
        "other": one.other,
        "parts": [[part.account, part.name, part.amount] for part in one.parts],
    }


def instruction_in(said: Mapping[str, Any]) -> tuple[Instruction, date]:
    """The instruction and the day on which it was sent. Raises KeyError, ValueError, TypeError."""
    parts = tuple(Part(str(code), str(name), _fen(fen)) for code, name, fen in said["parts"])
    return (
        Instruction(
            str(said["id"]),
            date.fromisoformat(said["day"]),
            Kind(said["kind"]),
            _fen(said["amount"]),
            str(said["account"]),
            str(said["name"]),
            str(said["other"]),
            parts,
        ),
        date.fromisoformat(said["on"]),
    )


def answer_in(said: Mapping[str, Any]) -> BankAnswer | NeverHeard:
    """A bank's answer; one that makes no sense is unknown."""
    state = said.get("state")
    if state == DONE:
        return Done(_named(said["reference"]), date.fromisoformat(said["on"]))
    if state == REFUSED:
        return RefusedByBank(_text(said.get("why", "")))
    return NeverHeard() if state == NEVER else Unknown(str(state))


def notice_in(said: Mapping[str, Any]) -> Notice:
    return Notice(
        _fen(said["n"]),
        _named(said["reference"]),
        LineKind(said["kind"]),
        _text(said["account"]),
        _text(said["name"]),
        _fen(said["amount"]),
        date.fromisoformat(said["day"]),
    )


def statement_out(one: Statement) -> dict[str, object]:
    names = ("n", "kind", "reference", "request", "account", "name", "amount", "balance")
    return {
        "bank": one.bank,
        "day": one.day.isoformat(),
        "opening": one.opening,
        "closing": one.closing,
        "lines": [{name: getattr(line, name) for name in names} for line in one.lines],
        "subs": dict(one.subs),
    }


def statement_in(said: Mapping[str, Any]) -> Statement:
    lines = tuple(
        StatementLine(
            _fen(line["n"]),
            LineKind(line["kind"]).value,
            _text(line["reference"]),
            _text(line["request"]),
            _text(line["account"]),
            _text(line["name"]),
            _fen(line["amount"]),
            _fen(line["balance"]),
        )
        for line in said["lines"]
    )
    return Statement(
        _text(said["bank"]),
        date.fromisoformat(said["day"]),
        _fen(said["opening"]),
        _fen(said["closing"]),
        lines,
        {_named(code): _fen(fen) for code, fen in said["subs"].items()},
    )


def _fen(value: object) -> int:
    """Money is a whole number of fen, or it is not money."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no amount in fen")
    if abs(value) > QUANTITY_MAX:
        raise ValueError("there is no such amount of money")
    return value


def _text(value: object) -> str:
    """Words that can be kept: short, and nothing in them but characters that are written."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text")
    if len(value) > TEXT_MAX or any(category(one) in ("Cc", "Cs") for one in value):
        raise ValueError("the text is too long, or not all of it can be written")
    return value


def _named(value: object) -> str:
    """What something is known by is not blank."""
    text = _text(value)
    if not text:
        raise ValueError("a name is blank")
    return text

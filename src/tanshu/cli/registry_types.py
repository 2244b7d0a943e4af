"""`tanshu registry types`: the whole table of transaction types, with a jurisdiction's chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import Refused, need
from tanshu.base.text import Lang, Text
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import (
    BAD,
    GOOD,
    WEAK,
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

if TYPE_CHECKING:
    from tanshu.registry.types import TransactionType
    from tanshu.rules.pack_model import Pack
    from tanshu.rules.registry_pack import Chain

app = group("登记机构 · the register")

DEFAULT_JURISDICTION = "cn"
CONFIRMED, WARN = "confirmed", "yellow"
NO_BOOK = ("BASE-1101", "LOG-1002")
"""No database, or one without a book: the table can be read all the same."""

COLUMNS = (
    number_column("号", "no"),
    text_column("类型", "type"),
    text_column("名称", "name", fold=True),
    text_column("转出", "gives"),
    text_column("转入", "receives"),
    text_column("产品", "of what"),
    text_column("主体", "between"),
    text_column("归属", "whose"),
    text_column("室", "room"),
    text_column("占用", "held"),
    text_column("限制可办", "restricted"),
    text_column("复验", "again"),
    number_column("有效(天)", "days"),
    number_column("可撤(天)", "undo"),
    text_column("方式", "effect"),
    text_column("权利类别", "claim", fold=True),
    text_column("附文件", "documents"),
)
"""Held: its units, while it waits. Restricted: from such an account, too. Again: checked at each approval."""
CHAINS = (
    number_column("号", "no"),
    text_column("类型", "type"),
    text_column("审批链", "chain", fold=True),
    text_column("依据", "evidence"),
    text_column("所涉原业务", "original", fold=True),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="registry")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one jurisdiction says of a type: whether it exists there, and its chain if the pack has one."""

    enabled: bool
    chain: Chain | None

    @classmethod
    def by(cls, pack: Pack) -> Mapping[str, Allowed]:
        """Of every type, by its code."""
        from tanshu.registry.types import TYPES
        from tanshu.rules import registry_pack

        chains, enabled = registry_pack.chains(pack), registry_pack.enabled_types(pack)
        return {code: cls(code in enabled, chains.get(one.chain)) for code, one in TYPES.items()}

    @property
    def steps(self) -> tuple[tuple[Text, Text], ...]:
        """(who, what they do), in order; empty where the pack has no such chain."""
        from tanshu.rules.terms import ACTS, ORGANISATIONS

        return tuple((ORGANISATIONS[one.by], ACTS[one.act]) for one in self.chain.steps) if self.chain else ()


@command(app, "types", "业务类型表:全部列 · the table of transaction types, every column", drafts=True)
def types(
    door: Door,
    type: Annotated[str, typer.Argument(metavar="[TYPE]", help="只看一种 · one type alone")] = "",
    jurisdiction: Annotated[
        str, typer.Option(help="辖区,默认为本登记系统的 · default: this register's")
    ] = "",
) -> Reply:
    """Whose chains are shown: the register's own jurisdiction; without a database, China's."""
    from tanshu.registry.checks import TYPE_UNKNOWN
    from tanshu.registry.types import TYPES
    from tanshu.rules import packs

    if type and type not in TYPES:
        raise Refused(TYPE_UNKNOWN(field="type", value=type, known=", ".join(TYPES)))
    jurisdiction = jurisdiction or _own(door)
    pack = need(packs.load(f"{jurisdiction}.registry", allow_draft=door.allow_draft))
    allowed = Allowed.by(pack)
    chosen = [TYPES[type]] if type else list(TYPES.values())
    data = {
        "jurisdiction": jurisdiction,
        "pack": {"name": pack.name, "title": pack.title, "status": pack.status, "watermark": pack.watermark},
        "types": [as_json(one, allowed[one.code]) for one in chosen],
    }
    mark: list[Part] = [Notice(pack.watermark)] if pack.watermark else []
    if type:
        return Reply(data, (*mark, *_one(chosen[0], allowed[type], door.lang)))
    table = Table(COLUMNS, [_row(one, door.lang) for one in chosen], Text("业务类型", "transaction types"))
    title = Text(f"审批链({jurisdiction})", f"approval chains ({jurisdiction})")
    chains = Table(CHAINS, [_chain_row(one, allowed[one.code], door.lang) for one in chosen], title)
    note = Text("审批链为空:本辖区没有此业务。", "No chain: the jurisdiction has no such transaction.")
    return Reply(data, (*mark, table, chains, Line(note, WEAK)))


def as_json(kind: TransactionType, allowed: Allowed) -> dict[str, object]:
    """A row for programs: every column, codes beside their words. Its keys stay as they are."""
    from tanshu.cli.words import BETWEEN, CLAIMS, EFFECTS, INSTRUMENT_KINDS, ROOMS, WHOSE
    from tanshu.parties.model import ACCOUNT_TYPES

    return {
        "number": kind.number,
        "code": kind.code,
        "name": kind.name,
        "gives": [_coded(one, ACCOUNT_TYPES[one].label) for one in kind.debit],
        "receives": [_coded(one, ACCOUNT_TYPES[one].label) for one in kind.credit],
        "instruments": [_coded(one, INSTRUMENT_KINDS[one]) for one in kind.instruments],
        "between": _coded(kind.between, BETWEEN[kind.between]),
        "whose": _coded(kind.whose, WHOSE[kind.whose]),
        "room": _coded(kind.room, ROOMS[kind.room]),
        "held": kind.held,
        "while_restricted": kind.while_restricted,
        "revalidated": kind.revalidated,
        "expiry_days": kind.expiry_days,
        "reversible_days": kind.reversible_days,
        "effect": _coded(kind.effect, EFFECTS[kind.effect]),
        "claim": _coded(kind.claim, CLAIMS[kind.claim]),
        "about": list(kind.about),
        "needs_documents": kind.evidence,
        "enabled": allowed.enabled,
        "chain": _chain_json(kind.chain, allowed.chain),
    }


def _chain_json(key: str, chain: Chain | None) -> dict[str, object]:
    """The chain a type names; its steps and their evidence are null where the pack has no such chain."""
    from tanshu.rules.terms import ACTS, EVIDENCE, ORGANISATIONS

    if chain is None:
        return {"key": key, "name": None, "steps": None, "evidence": None, "source": None, "note": None}
    steps = [
        {"by": _coded(one.by, ORGANISATIONS[one.by]), "act": _coded(one.act, ACTS[one.act])}
        for one in chain.steps
    ]
    return {
        "key": key,
        "name": chain.name,
        "steps": steps,
        "evidence": _coded(chain.source.evidence, EVIDENCE[chain.source.evidence]),
        "source": str(chain.source),
        "note": chain.note,
    }


def _coded(code: str, label: Text) -> dict[str, object]:
    return {"code": str(code), "label": label}


def _own(door: Door) -> str:
    """The jurisdiction of the register this database holds; China's where there is none."""
    from tanshu.parties import queries

    try:
        with door.reading() as (conn, _):
            return queries.jurisdiction(conn)
    except Refused as refused:
        if refused.refusal.code not in NO_BOOK:
            raise
        return DEFAULT_JURISDICTION


# -- showing -----------------------------------------------------------------------------------------------


def _row(kind: TransactionType, lang: Lang) -> tuple[object, ...]:
    from tanshu.cli.words import BETWEEN, CLAIMS, EFFECTS, INSTRUMENT_KINDS, ROOMS, WHOSE
    from tanshu.parties.model import ACCOUNT_TYPES

    return (
        kind.number,
        kind.code,
        kind.name,
        "\n".join(ACCOUNT_TYPES[one].label.in_(lang) for one in kind.debit),
        "\n".join(ACCOUNT_TYPES[one].label.in_(lang) for one in kind.credit),
        "\n".join(INSTRUMENT_KINDS[one].in_(lang) for one in kind.instruments),
        BETWEEN[kind.between],
        WHOSE[kind.whose],
        ROOMS[kind.room],
        kind.held,
        kind.while_restricted,
        kind.revalidated,
        str(kind.expiry_days) if kind.expiry_days else None,
        str(kind.reversible_days) if kind.reversible_days else None,
        EFFECTS[kind.effect],
        CLAIMS[kind.claim],
        kind.evidence,
    )


def _chain_row(kind: TransactionType, allowed: Allowed, lang: Lang) -> tuple[object, ...]:
    """Who acts in which order, how well that is known, and of which types the original may be."""
    from tanshu.rules.terms import EVIDENCE

    about = ", ".join(kind.about)
    if not allowed.enabled or allowed.chain is None:
        missing = (
            Chip(Text("规则包缺此审批链", "the pack lacks this chain"), BAD) if allowed.enabled else None
        )
        return kind.number, kind.code, missing, None, about
    words = " → ".join(f"{who.in_(lang)} {act.in_(lang)}" for who, act in allowed.steps)
    grade = allowed.chain.source.evidence
    return kind.number, kind.code, words, Chip(EVIDENCE[grade], GOOD if grade == CONFIRMED else WARN), about


def _one(kind: TransactionType, allowed: Allowed, lang: Lang) -> list[Part]:
    """One type: its columns one below the other, and what its chain rests on."""
    columns = (*COLUMNS, *CHAINS[2:])
    values = (*_row(kind, lang), *_chain_row(kind, allowed, lang)[2:])
    rows: list[tuple[Text, object]] = [
        (column.label, value.replace("\n", ", ") if isinstance(value, str) else value)
        for column, value in zip(columns, values, strict=True)
    ]
    if not allowed.enabled or allowed.chain is None:
        return [Facts(rows)]
    rows.append((Text("来源", "source"), str(allowed.chain.source)))
    note = allowed.chain.note
    return [Facts(rows), *([Line(note, WARN)] if note else [])]

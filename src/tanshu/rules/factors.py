"""Numbers that a market's authority sets every year and does not always publish: required configuration.

An allocation pack says in [factors] where its numbers are: here, in its own tables, or with the operator, who
writes them into a pack of kind "factors" (hb.factors.2023). There is no default: a number that is in neither
is refused by the name of its key.
"""

from __future__ import annotations

from decimal import Decimal

from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import checks, packs
from tanshu.rules.pack_model import Pack, Table


def operators_pack(pack: Pack, *, allow_draft: bool = False) -> Pack | Refusal | None:
    """The operator's numbers for an allocation pack: None where it has its own, or nobody wrote any.

    Refuses with RULE-1002 (a draft) or RULE-11xx (malformed).
    """
    table = pack.tables.get("factors")
    if table is None or table["given"] == "here":
        return None
    found = packs.load(_name(pack), allow_draft=allow_draft)
    if isinstance(found, Refusal) and found.kind is checks.PACK_UNKNOWN:
        return None  # the first number that is asked for is refused by its key
    return found


def factor(pack: Pack, factors: Pack | None, table: str, key: str = "value") -> Decimal:
    """One number. Raises Refused RULE-1511, naming pack, table and key, where nobody has given it."""
    return source(pack, factors, table).decimal(key)


def source(pack: Pack, factors: Pack | None, table: str) -> Table:
    """The table that holds a number. Raises Refused RULE-1511 where nobody has given it."""
    here = pack.table("factors")["given"] == "here"
    owner = pack if here else factors
    found = owner.tables.get(table) if owner else None
    if found is None:
        name = pack.name if here else _name(pack)
        raise Refused(checks.FACTOR_MISSING(field=table, pack=pack.name, factors=name, table=table))
    return found


def _name(pack: Pack) -> str:
    return f"{pack.jurisdiction}.factors.{pack.table('scope')['year']}"

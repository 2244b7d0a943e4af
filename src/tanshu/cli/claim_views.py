"""How `tanshu claim` shows claims: their rows on the screen, and their objects for programs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tanshu.base.clock import shanghai_text
from tanshu.base.text import Text
from tanshu.cli.output import GOOD, WEAK, Chip, number_column, text_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from tanshu.parties.model import Subject
    from tanshu.registry.encumbrances.explain import Place
    from tanshu.registry.encumbrances.life import Turn
    from tanshu.registry.encumbrances.model import Claim, Portion
    from tanshu.registry.model import Transaction

LIST = (
    text_column("权利负担", "claim"),
    text_column("类别", "class"),
    text_column("账户", "account"),
    text_column("主体", "subject", fold=True),
    text_column("产品", "instrument"),
    number_column("应占用", "ordered"),
    number_column("现占用", "held"),
    text_column("状态", "state"),
    text_column("权利人", "for whom", fold=True),
    text_column("依据", "document", fold=True),
    text_column("期限", "until"),
    text_column("业务", "transaction"),
)
QUEUE = (
    number_column("位次", "place"),
    text_column("类别", "class"),
    number_column("同类顺位", "rank"),
    number_column("应占用", "ordered"),
    number_column("现占用", "held"),
    text_column("权利人", "for whom", fold=True),
    text_column("依据", "document", fold=True),
    text_column("说明", "why", fold=True),
    text_column("权利负担", "claim"),
)
LIFE = (
    text_column("日志序号", "log seq"),
    text_column("时间", "time"),
    text_column("变化", "event"),
    number_column("应占用", "ordered"),
    number_column("现占用", "held"),
    text_column("命令", "command"),
    text_column("经办人", "person"),
)
HOLDS = (
    text_column("占用位置", "hold at"),
    number_column("剩余", "left"),
)
PLEDGES = (
    number_column("顺位", "rank"),
    text_column("账户", "account"),
    text_column("产品", "instrument"),
    number_column("质押数量", "pledged"),
    number_column("现占用", "held"),
    text_column("出质人", "pledgor", fold=True),
    text_column("质权人", "pledgee", fold=True),
    text_column("公示登记编号", "public registration"),
    text_column("公示时间", "registered at"),
    text_column("占用位置", "hold at"),
    text_column("登记", "state"),
    text_column("证明文件(SHA-256)", "evidence (SHA-256)"),
    text_column("业务", "transaction"),
)
EVIDENCE_SHOWN = 12
"""Digits of a hash on the screen; --json has them all."""


class Names:
    """Accounts, subjects, instruments and transactions by number and id, each looked up once."""

    def __init__(self, conn: Connection):
        from tanshu.base.refusal import Refusal
        from tanshu.parties import queries as parties
        from tanshu.registry import queries as registry

        self.account = cache(lambda number: parties.account_by_number(conn, number))
        self.subject = cache(lambda id: parties.subject_by_id(conn, id))
        self.instrument = cache(lambda number: registry.instrument_by_number(conn, number))

        @cache
        def transaction(id: str) -> Transaction | None:
            found = registry.transaction(conn, id)
            return None if isinstance(found, Refusal) else found

        self.transaction = transaction

    def owner(self, claim: Claim) -> Subject:
        return self.subject(self.account(claim.account).subject_id)

    def beneficiary(self, claim: Claim) -> Subject | None:
        return self.subject(claim.beneficiary_id) if claim.beneficiary_id else None


def as_json(claim: Claim, names: Names) -> dict[str, object]:
    beneficiary = names.beneficiary(claim)
    return {
        "claim": claim.id,
        "class": claim.cls,
        "state": claim.state,
        "account": names.account(claim.account).code,
        "subject": names.owner(claim).handle,
        "instrument": names.instrument(claim.instrument).code,
        "ordered": claim.ordered,
        "reach": claim.reach,
        "held": claim.held,
        "waits_for": claim.short,
        "follows": claim.follows,
        "beneficiary": beneficiary.handle if beneficiary else None,
        "document": claim.document,
        "expires_on": claim.expires_on,
        "transaction": claim.transaction_id,
        "line": claim.line + 1,
        "root": claim.root_id,
        "entered_seq": claim.seq,
        "ended_seq": claim.ended_seq,
    }


def list_row(claim: Claim, names: Names) -> tuple[object, ...]:
    from tanshu.registry.encumbrances.model import CLASS_LABELS

    beneficiary = names.beneficiary(claim)
    return (
        claim.id,
        CLASS_LABELS[claim.cls],
        names.account(claim.account).code,
        names.owner(claim).name,
        names.instrument(claim.instrument).code,
        claim.ordered,
        claim.held,
        _state(claim),
        beneficiary.name if beneficiary else None,
        claim.document,
        claim.expires_on,
        claim.transaction_id,
    )


def facts(claim: Claim, names: Names) -> list[tuple[Text, object]]:
    labels = [column.label for column in LIST]
    return [
        *zip(labels, list_row(claim, names), strict=True),
        (Text("及于后到数量", "takes later arrivals"), claim.follows),
        (Text("轮候", "waits for"), claim.short),
    ]


def _state(claim: Claim) -> Chip:
    from tanshu.registry.encumbrances.model import CLAIM_STATE_LABELS, ClaimState

    style = {ClaimState.IN_FORCE: GOOD, ClaimState.WAITING: "yellow"}.get(claim.state, WEAK)
    return Chip(CLAIM_STATE_LABELS[claim.state], style)


def turn_json(turn: Turn) -> dict[str, object]:
    return {
        "seq": turn.seq,
        "time": shanghai_text(turn.time_ns),
        "event": turn.event,
        "ordered": turn.ordered,
        "held": turn.held,
        "command": turn.command,
        "person": turn.actor,
    }


def turn_row(turn: Turn) -> tuple[object, ...]:
    from tanshu.registry.encumbrances.life import EVENT_LABELS

    told = turn_json(turn)
    return (
        str(turn.seq),
        told["time"],
        EVENT_LABELS[turn.event],
        turn.ordered,
        turn.held,
        turn.command,
        turn.actor,
    )


def hold_json(hold: Portion) -> dict[str, object]:
    return {"position": hold.position, "at": position(hold), "left": hold.quantity}


def position(hold: Portion) -> str:
    """Entry and record, as the log names them."""
    from tanshu.book.records import POSITION_BITS

    return f"{hold.position >> POSITION_BITS}:{hold.position & (1 << POSITION_BITS) - 1}"


def place_json(place: Place) -> dict[str, object]:
    claim, made = place.claim, place.transaction
    return {
        "place": place.place,
        "class": claim.cls,
        "rank": place.rank,
        "claim": claim.id,
        "ordered": claim.ordered,
        "held": claim.held,
        "state": claim.state,
        "for": place.whose,
        "document": claim.document,
        "expires_on": claim.expires_on,
        "transaction": made.id if made else claim.transaction_id,
        "type": made.type.code if made else None,
        "why": place.why,
    }


def place_row(place: Place) -> tuple[object, ...]:
    from tanshu.registry.encumbrances.model import CLASS_LABELS

    claim = place.claim
    document = claim.document or (place.transaction.type.name if place.transaction else claim.transaction_id)
    label = CLASS_LABELS[claim.cls]
    return (
        place.place,
        label,
        place.rank,
        claim.ordered,
        claim.held,
        place.whose,
        document,
        place.why,
        claim.id,
    )


def order_words(rule: str | None) -> Text:
    if rule == "by_class":
        return Text("先后:按规则包规定的类别,同类按时间", "order: by class as the pack has it, then by time")
    if rule == "first_come":
        return Text("先后:按登记时间", "order: by time of registration")
    return Text(
        "先后:按登记时间;规则包未规定不同类别之间孰先",
        "order: by time; the pack does not say which class goes first",
    )


def pledge_json(claim: Claim, rank: int, holds: Sequence[Portion], names: Names) -> dict[str, object]:
    root = names.transaction(claim.root_id)
    details = root.details if root else {}
    documents = details.get("documents") or ()
    beneficiary = names.beneficiary(claim)
    return {
        "rank": rank,
        "claim": claim.id,
        "account": names.account(claim.account).code,
        "instrument": names.instrument(claim.instrument).code,
        "ordered": claim.ordered,
        "held": claim.held,
        "pledgor": names.owner(claim).handle,
        "pledgor_name": names.owner(claim).name,
        "pledgee": beneficiary.handle if beneficiary else None,
        "pledgee_name": beneficiary.name if beneficiary else None,
        "registration_number": details.get("registration_number"),
        "registered_at": details.get("registered_at"),
        "state": root.state if root else None,
        "hold": position(holds[0]) if holds else None,
        "effected": shanghai_text(root.ended_ns) if root and root.ended_ns is not None else None,
        "evidence": [one["sha256"] for one in documents],
        "transaction": claim.root_id,
    }


def _registered(state: object) -> Chip | None:
    from tanshu.registry.model import TRANSACTION_STATE_LABELS, TransactionState

    if state is None:
        return None
    effected = state == TransactionState.EFFECTED
    return Chip(TRANSACTION_STATE_LABELS[TransactionState(str(state))], GOOD if effected else "yellow")


def pledge_row(told: dict[str, object]) -> tuple[object, ...]:
    evidence = told["evidence"]
    assert isinstance(evidence, list)
    return (
        *(told[name] for name in ("rank", "account", "instrument", "ordered", "held")),
        *(told[name] for name in ("pledgor_name", "pledgee_name", "registration_number", "registered_at")),
        told["hold"],
        _registered(told["state"]),
        ", ".join(one[:EVIDENCE_SHOWN] for one in evidence),
        told["transaction"],
    )

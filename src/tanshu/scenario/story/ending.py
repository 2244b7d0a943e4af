"""How a story ended: each queue explained claim by claim, and the line that closes each account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from tanshu.app import Installation
from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances import explain
from tanshu.registry.encumbrances.explain import Queue
from tanshu.registry.encumbrances.model import CLAIM_STATE_LABELS, CLASS_LABELS
from tanshu.rules import packs, registry_pack
from tanshu.rules.registry_pack import ClaimsPolicy
from tanshu.scenario.result import Check, Column, Grid, Result, ending
from tanshu.scenario.story import market_ending
from tanshu.scenario.story.cast import Programme

_COLUMNS = (
    Column(Text("位次", "place"), number=True),
    Column(Text("权利", "claim")),
    Column(Text("同类顺位", "rank in its class"), number=True),
    Column(Text("依据", "document"), fold=True),
    Column(Text("登记数量", "ordered"), number=True),
    Column(Text("占用", "held"), number=True),
    Column(Text("状态", "state")),
    Column(Text("说明", "why"), fold=True),
)
_ZERO = Text("每一产品的全部账户合计为零", "per instrument, all accounts sum to zero")
_REFUSED = (Column(Text("编号", "number")), Column(Text("不予受理的申请", "what was refused"), fold=True))


def of(installation: Installation, programme: Programme, refused: Sequence[tuple[str, str]]) -> Result:
    """The queues that the story asks about, what was refused on the way, and what must be so."""
    end = ending(installation)
    with installation.database.read() as conn:
        state = installation.book.catch_up(conn)
        policy = _policy(conn)
        queues = [_queue(conn, state, programme, policy, one) for one in programme.explained]
    grids = [_grid(queue) for queue in queues]
    if refused:
        rows = tuple((code, text) for text, code in refused)
        grids.append(Grid(Text("不予受理(如所述)", "Refused, as told"), _REFUSED, rows))
    markets, floors, sums = market_ending.of(
        installation, {one.handle: one.name for one in programme.players}
    )
    grids += floors
    good = [
        *sums,
        *(
            Check(Text(f"{_name(queue)}:{line.zh}", f"{_name(queue)}: {line.en}"), queue.adds_up)
            for queue in queues
            for line in [queue.conservation()]
        ),
        Check(
            Text("每一产品的全部账户合计为零", "per instrument, all accounts sum to zero"),
            not any(end.conservation.values()),
        ),
    ]
    data: dict[str, Any] = {
        "queues": [_as_json(queue) for queue in queues],
        "refused": [{"sentence": text, "code": code} for text, code in refused],
        **({"markets": markets} if markets else {}),
    }
    return Result(data, tuple(grids), tuple(good))


def _queue(
    conn: Connection, state: Any, programme: Programme, policy: ClaimsPolicy | None, asked: Any
) -> Queue:
    found = programme.cast.account(asked.account)
    assert found is not None, asked.account
    subject = need(parties.subject(conn, found[0]))
    account = parties.account_of(conn, subject.id, found[1])
    assert account is not None
    return explain.queue(conn, state, account, need(registry.instrument(conn, asked.instrument)), policy)


def _policy(conn: Connection) -> ClaimsPolicy | None:
    """Who goes first on the day of the newest entry."""
    pack = packs.load(f"{parties.jurisdiction(conn)}.registry", allow_draft=True)
    tail = store.tail(conn, store.REGISTRY_LOG)
    if isinstance(pack, Refusal) or tail is None:
        return None
    found = registry_pack.claims_policy(pack, business_date(tail[1]))
    return None if isinstance(found, Refusal) else found


def _name(queue: Queue) -> str:
    return f"{queue.account.code} {queue.instrument.code}"


def _grid(queue: Queue) -> Grid:
    rows = tuple(
        (
            place.place,
            CLASS_LABELS[place.claim.cls],
            place.rank,
            place.claim.document or place.claim.transaction_id,
            place.claim.ordered,
            place.claim.held,
            CLAIM_STATE_LABELS[place.claim.state],
            place.why,
        )
        for place in queue.places
    )
    title = Text(f"权利负担:{_name(queue)}", f"Claims on {_name(queue)}")
    total = ("", Text("合计", "total"), None, "", None, queue.held, "", queue.conservation())
    return Grid(title, _COLUMNS, rows, total)


def _as_json(queue: Queue) -> dict[str, Any]:
    return {
        "account": queue.account.code,
        "instrument": queue.instrument.code,
        "available": queue.available,
        "held": queue.held,
        "claims": [
            {
                "place": place.place,
                "class": place.claim.cls,
                "rank": place.rank,
                "document": place.claim.document,
                "transaction": place.claim.transaction_id,
                "ordered": place.claim.ordered,
                "held": place.claim.held,
                "state": place.claim.state,
                "why": {"zh": place.why.zh, "en": place.why.en},
            }
            for place in queue.places
        ],
    }

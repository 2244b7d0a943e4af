"""质押登记证明: that units are pledged, to whom, which ones, and in which rank.

A pledge is a transaction and the claims that belong together under it; parts of it may have been released or
substituted since. The certificate says what stands as of an entry.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from tanshu.base.clock import business_date
from tanshu.base.documents import Facts, Paper, Row, Table
from tanshu.base.refusal import Refusal, refusal
from tanshu.base.text import Text
from tanshu.book import serials as book_serials
from tanshu.book.commit import Book
from tanshu.parties import queries as parties
from tanshu.registry import papers, past_claims, queries, serials
from tanshu.registry.certificate import not_effected
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.encumbrances.model import CLAIM_STATE_LABELS, Claim, ClaimState
from tanshu.registry.encumbrances.tables import CLAIM_HOLD
from tanshu.registry.model import Transaction, TransactionState
from tanshu.registry.papers import amount
from tanshu.registry.past_claims import PastClaim
from tanshu.registry.types import ClaimClass

NOT_A_PLEDGE = refusal(
    "REG-6002",
    "{id} 不是质押:请给出质押业务或其权利的编号。",
    "{id} is no pledge: name a pledge's transaction or one of its claims.",
)
NO_LONGER = refusal(
    "REG-6003",
    "质押 {id} 截至第 {seq} 条已无任何存续的权利。",
    "Nothing of the pledge {id} stands at entry {seq}.",
)
LETTER = "P"


def pledge_paper(
    conn: Connection, book: Book, id: str, seq: int, *, stamp: Text | None = None
) -> Paper | Refusal:
    """The certificate of a pledge as of entry `seq`. id: of the transaction, or of one of its claims.

    Refuses with REG-6002 (no pledge), REG-4001 (not registered yet), REG-6003 (nothing of it stands),
    BOOK-1202 (serial numbers were not followed so far: read with `serials.reading`).
    """
    pledge = _pledge(conn, id)
    if isinstance(pledge, Refusal):
        return pledge
    if pledge.state is not TransactionState.EFFECTED or (pledge.ended_seq or 0) > seq:
        return not_effected(pledge)
    if refused := book_serials.behind(conn, book.log, seq):
        return refused
    everything = past_claims.standing(conn, book.log, seq)
    belonging = {one.id: one for one in encumbrances.of_root(conn, pledge.id, standing=False)}
    standing = [one for one in everything if one.id in belonging]
    if not standing:
        return NO_LONGER(field="pledge", id=pledge.id, seq=seq)
    position = papers.position_of(conn, book, seq)
    pledgor = papers.subject_at(conn, pledge.subject_id, seq)
    pledgee = _pledgee(conn, list(belonging.values()), seq)
    stamped = papers.stamps(conn, [pledgor], stamp)
    day = business_date(position.time_ns)
    return papers.composed(
        conn,
        position,
        papers.number(LETTER, position, pledge.id),
        stamped,
        title=Text("质押登记证明", "Certificate of pledge"),
        lead=Text(
            f"兹证明:截至 {day}(登记簿第 {seq} 条),{pledgor.name} 的下列权利已为 {pledgee} 办理质押登记。",
            f"At {day} (entry {seq} of the log) these units of {pledgor.name} are pledged to {pledgee}.",
        ),
        parts=(
            Facts((*papers.subject_rows(pledgor), *_facts(pledge, pledgee))),
            _claims(conn, standing, everything, seq),
            *_numbers(conn, book.log, standing, seq),
        ),
    )


def cells(conn: Connection, log: int, id: str, seq: int) -> list[tuple[int, int]] | Refusal:
    """(account, instrument) of what a pledge stands on at entry `seq`: what its proofs are of."""
    pledge = _pledge(conn, id)
    if isinstance(pledge, Refusal):
        return pledge
    belonging = {one.id for one in encumbrances.of_root(conn, pledge.id, standing=False)}
    found = past_claims.standing(conn, log, seq)
    return sorted({(one.account, one.instrument) for one in found if one.id in belonging})


def _pledge(conn: Connection, id: str) -> Transaction | Refusal:
    """The pledge that is meant, by its own number or by a claim's."""
    claim = encumbrances.claim(conn, id)
    root = claim.root_id if isinstance(claim, Claim) else id
    found = queries.transaction(conn, root)
    if isinstance(found, Refusal) or found.type.claim is not ClaimClass.PLEDGE:
        return NOT_A_PLEDGE(field="pledge", id=id)
    return found


def _pledgee(conn: Connection, belonging: Sequence[Claim], seq: int) -> str:
    named = [one.beneficiary_id for one in belonging if one.beneficiary_id is not None]
    return papers.subject_at(conn, named[0], seq).name if named else ""


def _facts(pledge: Transaction, pledgee: str) -> tuple[Row, ...]:
    assert pledge.ended_ns is not None
    return (
        (Text("质权人", "Pledgee"), pledgee),
        (Text("质押业务", "Pledge"), pledge.id),
        (Text("公示登记编号", "Public registration"), str(pledge.details.get("registration_number", ""))),
        (Text("公示登记时间", "Registered at"), str(pledge.details.get("registered_at", ""))),
        (Text("登记生效时间", "Took effect"), papers.when(pledge.ended_ns)),
    )


def _claims(
    conn: Connection, standing: Sequence[PastClaim], everything: Sequence[PastClaim], seq: int
) -> Table:
    known = {one.number: one for one in queries.instruments(conn)}
    columns = (
        Text("权利", "Claim"),
        Text("账户", "Account"),
        Text("产品", "Instrument"),
        Text("登记数量", "Pledged"),
        Text("实际冻结", "Held"),
        Text("质权顺位", "Rank"),
        Text("状态", "State"),
    )
    rows = [
        (
            one.id,
            papers.account_label(conn, one.account, "", seq),
            papers.instrument_label(known[one.instrument]),
            amount(known[one.instrument], one.ordered),
            amount(known[one.instrument], one.held),
            str(_rank(one, everything)),
            CLAIM_STATE_LABELS[ClaimState(one.state)],
        )
        for one in standing
    ]
    return Table(Text("质押的权利", "What is pledged"), columns, rows, frozenset({3, 4, 5}))


def _rank(claim: PastClaim, everything: Sequence[PastClaim]) -> int:
    """Its place among the pledges of its cell, by the time of their registration."""
    cell = (claim.account, claim.instrument)
    before = [
        one
        for one in everything
        if (one.account, one.instrument) == cell
        and one.cls == ClaimClass.PLEDGE
        and (one.seq, one.n) < (claim.seq, claim.n)
    ]
    return len(before) + 1


def _numbers(conn: Connection, log: int, standing: Sequence[PastClaim], seq: int) -> tuple[Table, ...]:
    """The numbers of the units that the pledge holds: all of them."""
    theirs = select(CLAIM_HOLD.c.position).where(CLAIM_HOLD.c.claim_id.in_([one.id for one in standing]))
    holds = set(conn.execute(theirs).scalars())
    accounts = sorted({one.account for one in standing})
    codes = {number: parties.account_by_number(conn, number).code for number in accounts}
    known = serials.serialised(conn, log).values()
    found = [one for one in serials.held(conn, log, accounts, known, seq) if one.hold in holds]
    rows = [(str(one), amount(one.instrument, one.units), codes[one.account]) for one in found]
    return papers.numbers_table(rows, Text("账户", "Account"), [str(one) for one in found], "")

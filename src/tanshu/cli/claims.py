"""`tanshu claim`: who has a claim on units, in which order, and since when. Orders are in `claim_orders`."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli import claim_views as views
from tanshu.cli.border import REFUSED, complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, LOUD, WEAK, Facts, Line, Reply, Table
from tanshu.cli.stamps import notices, short_stamp

app = group("权利负担:冻结、质押、顺位 · claims on units: freezes, pledges, queues")


def add_to(root: typer.Typer) -> None:
    from tanshu.cli import claim_orders

    claim_orders.add_to(app)
    root.add_typer(app, name="claim")


@command(app, "list", "列出权利负担 · list claims")
def list_claims(
    door: Door,
    account: Annotated[str, typer.Option(metavar="CODE", help="账户 · one account")] = "",
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="主体 · accounts of one subject")] = "",
    cls: Annotated[
        str, typer.Option("--class", metavar="CLASS", help="court · duty · pledge · session · holder")
    ] = "",
    instrument: Annotated[str, typer.Option(metavar="CODE", help="产品 · one instrument")] = "",
    everything: Annotated[bool, typer.Option("--all", help="含已终止 · those that ended, too")] = False,
) -> Reply:
    """Those that stand, by account, instrument and time. Quantities are in the minor unit (1 t)."""
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry
    from tanshu.registry.encumbrances import queries as claims
    from tanshu.registry.encumbrances.model import ClaimClass

    if cls and cls not in tuple(ClaimClass):
        known = ", ".join(ClaimClass)
        raise complain(door.lang, f"--class 应为 {known}", f"--class is one of {known}")
    with door.reading() as (conn, _):
        wanted: set[int] | None = None
        if account:
            wanted = {need(parties.account(conn, account)).number}
        if subject:
            owned = parties.accounts_of(conn, need(parties.subject(conn, subject)).id)
            theirs = {one.number for one in owned}
            wanted = theirs if wanted is None else wanted & theirs
        found = claims.found(
            conn,
            cls=ClaimClass(cls) if cls else None,
            accounts=wanted,
            instrument=need(registry.instrument(conn, instrument)).number if instrument else None,
            standing=not everything,
        )
        names = views.Names(conn)
        data = [views.as_json(one, names) for one in found]
        rows = [views.list_row(one, names) for one in found]
        mark = short_stamp(conn)
    count = Line(Text(f"共 {len(found)} 项", f"{len(found)} claims"), WEAK)
    return Reply({"stamp": mark, "claims": data}, (*notices(mark), Table(views.LIST, rows), count))


@command(app, "show", "一项权利负担的来历 · the life of a claim")
def show(door: Door, id: Annotated[str, typer.Argument(metavar="ID", help="权利负担编号 · claim")]) -> Reply:
    """Every entry that touched it, and its holds by their positions in the log. Refuses REG-5001."""
    from tanshu.registry.encumbrances import life
    from tanshu.registry.encumbrances import queries as claims

    with door.reading() as (conn, book):
        claim = need(claims.claim(conn, id))
        turns = list(life.life(conn, book.log, claim))
        holds = claims.holds(conn, claim.id)
        names = views.Names(conn)
        mark = short_stamp(conn)
        facts = views.facts(claim, names)
        data = {"stamp": mark, **views.as_json(claim, names)}
    data |= {
        "life": [views.turn_json(one) for one in turns],
        "holds": [views.hold_json(one) for one in holds],
    }
    parts = (
        *notices(mark),
        Facts(facts),
        Table(views.LIFE, [views.turn_row(one) for one in turns], Text("来历", "life")),
        Table(views.HOLDS, [(views.position(one), one.quantity) for one in holds], Text("占用", "holds")),
    )
    return Reply(data, parts)


@command(app, "queue", "一个账户一种产品的顺位 · the queue of an account's units", drafts=True)
def queue(
    door: Door,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="账户或主体 · account or subject")],
    instrument: Annotated[str, typer.Argument(metavar="INSTRUMENT", help="产品 · instrument")],
) -> Reply:
    """Who stands where, what each holds and why; the last line shows that it adds up."""
    from tanshu.base.refusal import Refusal
    from tanshu.cli.claim_orders import account_meant
    from tanshu.cli.comply import today_of
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry
    from tanshu.registry.encumbrances import explain
    from tanshu.rules import packs, registry_pack

    with door.reading() as (conn, book):
        cell = need(account_meant(conn, account)), need(registry.instrument(conn, instrument))
        pack = need(packs.load(f"{parties.jurisdiction(conn)}.registry", allow_draft=door.allow_draft))
        policy = registry_pack.claims_policy(pack, today_of(conn))
        rule = None if isinstance(policy, Refusal) else policy
        found = explain.queue(conn, book.catch_up(conn), *cell, rule)
        owner = parties.subject_by_id(conn, cell[0].subject_id)
        mark = short_stamp(conn)
    sums = found.conservation()
    order = rule.rule if rule else None
    data = {
        "stamp": mark,
        "account": found.account.code,
        "subject": owner.handle,
        "instrument": found.instrument.code,
        "rule": order,
        "available": found.available,
        "held": found.held,
        "places": [views.place_json(one) for one in found.places],
        "conservation": sums,
        "adds_up": found.adds_up,
    }
    cell_name = f"{found.account.code} {owner.name} · {found.instrument.code}"
    wrong = Text("与账簿的占用不符!", "not what the book holds!")
    parts = (
        *notices(mark),
        Table(views.QUEUE, [views.place_row(one) for one in found.places], Text(cell_name, cell_name)),
        Line(views.order_words(order), WEAK),
        Line(sums, LOUD),
        *(() if found.adds_up else (Line(wrong, BAD),)),
    )
    return Reply(data, parts, 0 if found.adds_up else REFUSED)


@command(app, "pledges", "质押清单:顺位与公示 · pledges: ranks and public registrations")
def pledges(
    door: Door,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="出质人或质权人 · pledgor or pledgee")] = "",
) -> Reply:
    """Every standing pledge with what perfects it: its hold, its public registration, its papers."""
    from tanshu.parties import queries as parties
    from tanshu.registry.encumbrances import queries as claims
    from tanshu.registry.encumbrances.model import ClaimClass

    with door.reading() as (conn, _):
        whose = need(parties.subject(conn, subject)).id if subject else None
        names = views.Names(conn)
        ranks: Counter[tuple[int, int]] = Counter()
        rows: list[dict[str, object]] = []
        for claim in claims.found(conn, cls=ClaimClass.PLEDGE):
            ranks[claim.account, claim.instrument] += 1
            rank = ranks[claim.account, claim.instrument]
            if whose in (None, claim.beneficiary_id, names.owner(claim).id):
                rows.append(views.pledge_json(claim, rank, claims.holds(conn, claim.id), names))
        mark = short_stamp(conn)
    table = [views.pledge_row(one) for one in rows]
    return Reply({"stamp": mark, "pledges": rows}, (*notices(mark), Table(views.PLEDGES, table)))

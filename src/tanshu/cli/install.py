"""`tanshu init`: make the tables, the genesis entry, the register."""

from __future__ import annotations

from typing import Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.border import shown_url
from tanshu.cli.door import Door, command
from tanshu.cli.output import GOOD, Chip, Facts, Reply


def add_to(app: typer.Typer) -> None:
    command(app, "init", "建立账簿与登记机构 · found a book and its register")(init)


def init(
    door: Door,
    jurisdiction: Annotated[str, typer.Option(help="适用规则的辖区 · whose rules apply")] = "cn",
    name: Annotated[
        str, typer.Option(help="账簿名称,写入创世记录 · the book's name, kept in genesis")
    ] = "tanshu",
    registry_name: Annotated[str, typer.Option(help="登记机构名称 · name of the registry")] = "登记结算机构",
) -> Reply:
    """On a book that is there already: says so and changes nothing."""
    from tanshu.app import FIRST_PEOPLE, found
    from tanshu.log import store

    known = _is_founded(door)
    installation = found(door.url, name=name, jurisdiction=jurisdiction, registry_name=registry_name)
    try:
        with installation.database.read() as conn:
            installation.book.catch_up(conn)
            book = store.book_name(conn, store.REGISTRY_LOG)
        tail = installation.book.tail
    finally:
        installation.close()
    people = [one.handle for one in FIRST_PEOPLE]
    data = {
        "database": shown_url(door.url),
        "book": book,
        "jurisdiction": jurisdiction,
        "created": not known,
        "people": people,
        "log_seq": tail.seq,
        "log_hash": tail.hash.hex(),
    }
    made = Chip(Text("已建立", "founded"), GOOD)
    there = Chip(Text("此前已建立,未改动", "was there already; nothing changed"), "yellow")
    facts = Facts(
        (
            (Text("结果", "result"), there if known else made),
            (Text("数据库", "database"), data["database"]),
            (Text("账簿", "book"), book),
            (Text("辖区", "jurisdiction"), jurisdiction),
            (Text("首批经办人", "first role holders"), people),
        )
    )
    return Reply(data, (facts,))


def _is_founded(door: Door) -> bool:
    from tanshu.base.refusal import Refused
    from tanshu.cli.border import of_database

    try:
        with door.reading():
            return True
    except Refused:
        return False
    except Exception as error:
        if of_database(error, door.url) is None:
            raise
        return False

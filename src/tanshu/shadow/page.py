"""The breaks of a month as one HTML page with a picture: days by kinds."""

from __future__ import annotations

from pathlib import Path

from tanshu.base.documents import render
from tanshu.base.ids import random_key
from tanshu.base.quantity import yuan
from tanshu.base.text import Lang, Text
from tanshu.shadow.causes import LABELS
from tanshu.shadow.model import Break, Unit
from tanshu.shadow.picture import draw
from tanshu.shadow.run import Result


def write(path: Path, result: Result, lang: Lang) -> None:
    """Write the page; it appears whole or not at all. Raises OSError."""
    page = html(result, lang)
    part = path.with_name(f".{path.name}.{random_key().hex()[:8]}.part")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def html(result: Result, lang: Lang) -> str:
    """The page, without anything from outside: no clock is read, so equal results give equal bytes."""
    rows = [
        {"one": one, "label": LABELS[one.kind], "theirs": shown(one, "theirs"), "ours": shown(one, "ours"),
         "difference": shown(one, "difference")}
        for one in result.breaks
    ]  # fmt: skip
    cards = [
        (Text("天数", "days"), len(result.days)),
        (Text("无差异的天数", "days without a break"), result.clean_days),
        (Text("成交", "trades"), result.trades),
        (Text("变动", "movements"), result.movements),
        (Text("差异", "breaks"), len(result.breaks)),
    ]
    return render(
        "tanshu.shadow",
        "shadow.html",
        lang,
        result=result,
        rows=rows,
        cards=cards,
        chart=draw(result, lang) if result.breaks else None,
        units={"t": Text("吨", "t"), "fen": Text("元", "CNY"), "": Text("", "")},
    )


def shown(one: Break, name: str) -> str:
    """A figure of a break as people read it: yuan, or tonnes with commas."""
    value: int | None = getattr(one, name)
    if value is None:
        return "—"
    return yuan(value) if one.unit is Unit.FEN else f"{value:,}"

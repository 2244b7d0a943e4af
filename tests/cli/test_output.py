"""Parts on paper and in JSON; progress where there is no terminal."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal

import pytest

from tanshu.base.text import Text
from tanshu.cli import output, progress
from tanshu.cli.output import Bar, Chip, Facts, Fen, Line, Notice, Table, number_column, text_column


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (None, "—", "—"),
        ("", "—", "—"),
        (0, "0", "0"),
        (1_234_567, "1,234,567", "1,234,567"),
        (True, "✓", "✓"),
        (False, "—", "—"),
        (Decimal("1234.50"), "1,234.50", "1,234.50"),
        (Fen(123_456), "1,234.56", "1,234.56"),
        (date(2024, 12, 31), "2024-12-31", "2024-12-31"),
        (Text("是", "yes"), "是", "yes"),
        (Chip(Text("是", "yes"), "green"), "是", "yes"),
        (["a", Text("是", "yes")], "a, 是", "a, yes"),
    ],
)
def test_values_as_people_read_them(value: object, zh: str, en: str) -> None:
    assert (output.shown(value, "zh"), output.shown(value, "en")) == (zh, en)


def test_json_keeps_numbers_exact_and_texts_in_both_languages() -> None:
    told = json.loads(
        output.as_json(
            {"a": Decimal("0.10"), "b": Text("是", "yes"), "c": date(2024, 1, 2), "d": 2**60, "e": Fen(5)}
        )
    )
    assert told == {"a": "0.10", "b": {"zh": "是", "en": "yes"}, "c": "2024-01-02", "d": 2**60, "e": 5}
    with pytest.raises(TypeError):
        output.as_json({"a": object()})


def test_every_part_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (text_column("名", "name"), number_column("量", "t"))
    parts = (
        Notice(Text("注意", "mind")),
        Line(Text("一行", "a line")),
        Facts(((Text("键", "key"), 7),), Text("事实", "facts")),
        Table(columns, [("甲", 1_000), ("乙", None)], Text("表", "table"), ("合计", 1_000)),
        Bar(Text("率", "share"), 1, 3),
    )
    output.show_parts(parts, "en")
    said = capsys.readouterr().out
    for word in (
        "mind",
        "a line",
        "facts",
        "key",
        "table",
        "name",
        "甲",
        "1,000",
        "合计",
        "33.33 %",
        "(1 / 3)",
    ):
        assert word in said
    assert "\x1b" not in said


def test_styles_show_on_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    output.Paper(terminal).write(("good", "bold green"), (" plain", ""))
    assert terminal.getvalue() == "\x1b[1;32mgood\x1b[0m plain\n"
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    output.Paper(plain).write(("good", "bold green"))
    assert plain.getvalue() == "good\n"


def test_progress_says_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0.0, 0.5, 2.5, 3.0, 5.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.progress("导入", 40) as tick:
        for done in (10, 20, 30, 40):
            tick(done)
    assert capsys.readouterr().err == "导入 20/40\n导入 40/40\n"


def test_progress_draws_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress.progress("导入", 4) as tick:
        tick(2)
    assert "导入" in terminal.getvalue()

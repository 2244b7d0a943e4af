"""Tables to be imported that mean to mislead, or are none."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from tanshu.base import files
from tanshu.base.refusal import Refused

NEEDED = ("handle", "tonnes")


def written(path: Path, *rows: tuple[object, ...], hidden: bool = False) -> Path:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    if hidden:
        sheet.append(["handle", "tonnes"])
        sheet.append(["x", 999])
        sheet.sheet_state = "hidden"
        sheet = workbook.create_sheet("seen")
    for row in (NEEDED, *rows):
        sheet.append(list(row))
    workbook.save(path)
    return path


def changed(path: Path, change: Callable[[str], str]) -> Path:
    """The workbook with its first sheet rewritten."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return path


def refused(path: Path) -> str:
    with pytest.raises(Refused) as caught:
        files.read_table(path, NEEDED)
    assert caught.value.refusal.sentence("zh") and caught.value.refusal.sentence("en")
    return caught.value.refusal.code


def test_what_a_person_sees_is_what_is_read(tmp_path: Path):
    (row,) = files.read_table(written(tmp_path / "a.xlsx", ("a", 5), hidden=True), NEEDED)
    assert row["tonnes"] == "5"


def test_a_sheet_that_says_it_is_shorter_is_read_to_its_end(tmp_path: Path):
    path = written(tmp_path / "a.xlsx", *((f"h{n}", n) for n in range(5)))
    changed(path, lambda text: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:B2"', text))
    assert len(files.read_table(path, NEEDED)) == 5


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, name: str):
    if name == "a.csv":
        (tmp_path / name).write_text("handle,tonnes,tonnes\na,1,2\n")
    else:
        path = written(tmp_path / name, ("a", 1))
        workbook = Workbook()
        assert workbook.active is not None
        for row in ((*NEEDED, "tonnes"), ("a", 1, 2)):
            workbook.active.append(list(row))
        workbook.save(path)
    assert refused(tmp_path / name) == "BASE-1205"


def test_what_is_broken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = written(tmp_path / "a.xlsx", ("a", 1))
    monkeypatch.setattr(files, "UNPACKED_BYTES_MAX", 100)
    assert refused(path) == "BASE-1202"
    monkeypatch.undo()
    assert refused(changed(path, lambda text: text[:-40])) == "BASE-1202"
    (tmp_path / "b.xlsx").write_bytes(b"")
    assert refused(tmp_path / "b.xlsx") == "BASE-1202"
    (tmp_path / "c.csv").write_bytes(b"handle,tonnes\n\xff\xfe,1\n")
    assert refused(tmp_path / "c.csv") == "BASE-1202"
    (tmp_path / "d.csv").write_text("handle,tonnes\n" + "x" * 200_000 + ",1\n")
    assert refused(tmp_path / "d.csv") == "BASE-1202"

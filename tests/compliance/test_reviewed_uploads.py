"""Workbooks that mean to mislead: what is hashed is what is read, and what a person sees is what is read."""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from tanshu.base.refusal import Refused
from tanshu.compliance import uploads_files
from tests.compliance.test_uploads_files import HEADING, refused, write

ROW = ("91", "甲", 5, 7)


def changed(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The workbook with one of its parts rewritten."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_the_rows_are_those_of_the_bytes_that_were_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes the file between its hash and its reading: the table is still that of the hash."""
    path, other = write(tmp_path / "a.xlsx", ROW), write(tmp_path / "b.xlsx", ("92", "乙", 6, 8))
    sealed = hashlib.sha256(path.read_bytes()).hexdigest()
    check = uploads_files._check_unpacked

    def swap(*given: object) -> None:
        shutil.copy(other, path)
        check(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(uploads_files, "_check_unpacked", swap)
    read = uploads_files.read(path, "pre")
    assert (read.sha256, read.rows[0]["credit_code"]) == (sealed, "91")


def test_a_hidden_sheet_is_not_what_is_read(tmp_path: Path) -> None:
    workbook = Workbook()
    hidden = workbook.active
    assert hidden is not None
    shown = workbook.create_sheet("分配表")
    for sheet, quantity in ((hidden, 999), (shown, 5)):
        sheet.append(list(HEADING))
        sheet.append(["91", "甲", quantity, 7])
    hidden.sheet_state = "hidden"
    workbook.active = 1
    workbook.save(tmp_path / "a.xlsx")
    read = uploads_files.read(tmp_path / "a.xlsx", "pre")
    assert (read.sheet, read.rows[0]["quantity"]) == ("分配表", "5")
    assert refused(tmp_path / "a.xlsx", sheet=hidden.title) == "CMP-6007"


def test_a_sheet_that_says_it_is_shorter_is_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", *(("91", "甲", n, 7) for n in range(5)))
    assert load_workbook(path).active is not None
    lie = r'<dimension ref="[^"]*"'
    changed(path, "xl/worksheets/sheet1.xml", lambda text: re.sub(lie, '<dimension ref="A1:D3"', text))
    assert len(uploads_files.read(path, "pre").rows) == 5


@pytest.mark.parametrize("twice", ["预分配量", "quantity"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, twice: str) -> None:
    path = write(tmp_path / "a.xlsx", (*ROW, 900), heading=(*HEADING, twice))
    assert refused(path) == "CMP-6009"


def test_a_workbook_whose_parts_are_broken_is_refused(tmp_path: Path) -> None:
    cut = changed(write(tmp_path / "a.xlsx", ROW), "xl/worksheets/sheet1.xml", lambda text: text[:-40])
    assert refused(cut) == "CMP-6002"
    cut = changed(write(tmp_path / "b.xlsx", ROW), "xl/workbook.xml", lambda text: text[:-40])
    assert refused(cut) == "CMP-6002"
    renamed = write(tmp_path / "c.xlsx", ROW).rename(tmp_path / "c.xls")
    try:
        assert uploads_files.read(renamed, "pre").rows
    except Refused as caught:
        assert caught.refusal.code == "CMP-6002"


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", ROW)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(mark, place + 4)
    path.write_bytes(bytes(data))
    assert refused(path) == "CMP-6002"


def test_entities_within_entities_are_refused_quickly(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    laughs = f'<!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'
    path = write(tmp_path / "a.xlsx", ROW)

    def laugh(text: str) -> str:
        head, mark, rest = text.rpartition("?>") if "?>" in text else ("", "", text)
        return f"{head}{mark}{laughs}{rest.replace('甲', '&l11;')}"

    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if "甲" in archive.read(n).decode())
    assert refused(changed(path, name, laugh)) == "CMP-6002"

"""What an applicant writes into a file reaches nothing but the papers that came with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tanshu.base.refusal import Refused
from tanshu.base.vault import SIZE_MAX, Vault
from tanshu.cli import onboarding_files

FORM = """kind = "enterprise"
name = "丙电厂"
[bank]
bank = "结算银行"
name = "丙电厂"
number = "6222000011112222333"
[documents]
business_licence = "{name}"
"""


def read(folder: Path, name: str) -> str:
    """Read an application that names a paper; "taken", or the refusal's number."""
    came = folder / "came"
    came.mkdir(exist_ok=True)
    (came / "form.toml").write_text(FORM.format(name=name))
    vault = Vault(folder / "vault")
    try:
        onboarding_files.read_form(came / "form.toml", vault, b"key", "zh")
    except Refused as caught:
        assert caught.refusal.sentence("zh") and caught.refusal.sentence("en")
        return caught.refusal.code
    return "taken"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("a key of ours")
    (tmp_path / "came" / "scans").mkdir(parents=True)
    for name in ("licence.pdf", "scans/licence.pdf"):
        (tmp_path / "came" / name).write_text("a scan")
    (tmp_path / "came" / "link.pdf").symlink_to(tmp_path / "secret")
    (tmp_path / "came" / "away").symlink_to(tmp_path)
    with (tmp_path / "came" / "huge.pdf").open("wb") as file:
        os.truncate(file.fileno(), SIZE_MAX + 1)
    os.mkfifo(tmp_path / "came" / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("licence.pdf", "taken"),
        ("scans/licence.pdf", "taken"),
        ("../secret", "CLI-2203"),
        ("scans/../../secret", "CLI-2203"),
        ("/etc/hostname", "CLI-2203"),
        ("link.pdf", "CLI-2203"),
        ("away/secret", "CLI-2203"),
        ("none.pdf", "BASE-1201"),
        ("scans", "CLI-1004"),
        ("pipe", "CLI-1004"),
        ("huge.pdf", "BASE-1404"),
    ],
)
def test_only_papers_that_came_with_an_application_are_taken(folder: Path, name: str, outcome: str) -> None:
    assert read(folder, name) == outcome

"""`tanshu backup`, `backup verify` and `restore` as an operator types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tanshu import migrations
from tanshu.base.database import Database
from tests.cli.conftest import Tanshu, at, in_process


@pytest.fixture
def kept(year: Tanshu, tmp_path: Path) -> Path:
    year("backup", str(tmp_path / "kept")).ok()
    return tmp_path / "kept"


def test_a_backup_is_made_again_and_adds_nothing(year: Tanshu, kept: Path):
    newest = year("book", "audit", "--json").ok().json["log_seq"]
    again = year("backup", str(kept), "--json").ok().json
    assert (again["new_entries"], again["log_seq"]) == (0, newest)
    assert str(newest) in year("--lang", "en", "backup", str(kept)).ok().out


LINES = (
    ("--json", "backup"),
    ("backup", "--json"),
    ("backup", "make", "--json"),
    ("backup", "--lang", "zh", "--json"),
)


@pytest.mark.parametrize("line", LINES)
def test_options_stand_where_people_put_them(year: Tanshu, kept: Path, line: tuple[str, ...]):
    assert year(*line, str(kept)).ok().json["folder"] == str(kept)


def test_a_backup_is_verified_where_there_is_no_database(year: Tanshu, kept: Path):
    found = in_process("backup", "verify", str(kept), "--json").ok().json
    audited = year("book", "audit", "--json").ok().json
    for name in ("entries", "records", "log_seq", "log_hash"):
        assert found[name] == audited[name]
    assert found["database"] is None
    assert "备份完好" in in_process("backup", "verify", str(kept)).ok().out


def test_a_restored_moment_has_the_holdings_of_that_moment(year: Tanshu, kept: Path, tmp_path: Path):
    newest = year("book", "audit", "--json").json["log_seq"]
    then = newest * 2 // 3
    restored = at(f"sqlite:///{tmp_path}/restored.db")

    said = restored("restore", str(kept), "--to", f"seq:{then}", "--json").ok().json

    assert (said["log_seq"], said["left_out"]) == (then, newest - then)
    assert restored("book", "audit", "--json").ok().json["log_hash"] == said["log_hash"]
    here = restored("holdings", "--json").ok().json
    there = year("holdings", "--as-of", f"seq:{then}", "--json").ok().json
    assert here["holdings"]
    assert here == there
    compared = restored("backup", "verify", str(kept), "--compare", "--json")
    assert (compared.code, compared.json["database"]["standing"]) == (1, "behind")
    assert (
        year("backup", "verify", str(kept), "--compare", "--json").ok().json["database"]["standing"] == "same"
    )


@pytest.mark.parametrize(("lang", "said"), [("zh", "分叉"), ("en", "forks from the first")])
def test_a_restore_that_leaves_entries_out_says_so(kept: Path, tmp_path: Path, lang: str, said: str):
    restored = at(f"sqlite:///{tmp_path}/restored.db")
    out = restored("--lang", lang, "restore", str(kept), "--to", "seq:5").ok().out
    assert said in " ".join(out.split())
    whole = at(f"sqlite:///{tmp_path}/whole.db")("--lang", lang, "restore", str(kept)).ok().out
    assert said not in " ".join(whole.split())


def test_a_database_that_is_still_being_restored_is_not_used(kept: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/restored.db"
    restored = at(url)
    restored("restore", str(kept)).ok()
    database = Database.open(url)
    with database.write() as conn:
        migrations.mark(conn, migrations.RESTORING)
    database.close()
    for line in (("holdings",), ("init",), ("backup", str(kept)), ("account", "list")):
        assert restored(*line, "--json").refusal == "MIG-1001"
    assert restored("restore", str(kept), "--json").ok().json["entries"] == 0
    restored("holdings").ok()


def test_a_damaged_or_missing_backup_is_refused(kept: Path, tmp_path: Path):
    assert in_process("backup", "verify", str(tmp_path / "none"), "--json").refusal == "BAK-2001"
    assert in_process("restore", str(tmp_path / "none"), "--json").refusal == "BAK-2001"
    spoilt = shutil.copytree(kept, tmp_path / "spoilt")
    for victim in spoilt.glob("*.seg"):
        victim.write_bytes(victim.read_bytes()[:-1])
    assert in_process("backup", "verify", str(spoilt), "--json").refusal == "BAK-2004"


def test_a_folder_that_cannot_be_written_is_named(year: Tanshu, tmp_path: Path):
    (tmp_path / "file").touch()
    assert year("backup", str(tmp_path / "file"), "--json").refusal == "CLI-1004"


@pytest.mark.parametrize("secrets", [(), ("--with-secrets",)], ids=["without the secret", "with it"])
def test_a_restored_register_goes_on_signing(tanshu: Tanshu, tmp_path: Path, secrets: tuple[str, ...]):
    key, kept, url = tmp_path / "registry.key", tmp_path / "kept", f"sqlite:///{tmp_path}/restored.db"
    tanshu("proof", "key", "new", str(key), "--name", "tanshu/tanshu").ok()
    signed = tanshu("proof", "checkpoint", "--key", str(key)).ok().out
    (tmp_path / "signed").write_text(signed)
    tanshu("backup", str(kept), *secrets).ok()
    restored = at(url)

    said = restored("restore", str(kept), "--json").ok().json

    assert (said["kept"]["public"], said["not_put_back"]) == ((1, 0) if secrets else (0, 1))
    define = ("instrument", "define", "CCER", "--kind", "credit", "--title-zh", "减排量")
    restored(*define, "--as", "registry-maker-1").ok()
    restored("proof", "checkpoint", "--key", str(key)).ok()
    restored("book", "audit", "--checkpoint", str(tmp_path / "signed"), "--key", f"{key}.pub").ok()

"""`tanshu proof` and `tanshu verify`: from a finished year to a stranger's bare machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tanshu.base.database import Database
from tanshu.log import keys, note
from tanshu.log.note import SigningKey
from tests.cli.conftest import Said, Tanshu, at, in_process, script
from tests.support.proofs import OTHER_KEY

FIRST = "914206006703947663"
"""The first entity of the scenario's list."""
HEAVY = ("numpy", "numba", "sqlalchemy", "alembic", "psycopg", "sqlite3", "jinja2", "openpyxl", "rich")
"""What checking a proof has no use for."""


class Keys(NamedTuple):
    """A registry's key: where it is, and what it hands out."""

    path: str
    verifier: str


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    path = tmp_path_factory.mktemp("key") / "registry.key"
    return Keys(str(path), str(keys.new(path, "tanshu/small-2023").verifier))


@pytest.fixture
def signed(year: Tanshu, key: Keys) -> Tanshu:
    """A finished year with a checkpoint at its end."""
    year("proof", "checkpoint", "--key", key.path).ok()
    return year


def held(tanshu: Tanshu) -> tuple[str, str, int]:
    """Account, instrument and quantity of something the first entity holds."""
    one = tanshu("holdings", "--subject", FIRST, "--json").json["holdings"][0]
    return one["account"], one["instrument"], one["available"]


def kept(said: Said, path: Path) -> str:
    """What a command printed, in a file."""
    path.write_text(said.ok().out, encoding="utf-8")
    return str(path)


def verify(path: str, key: Keys, *more: str) -> Said:
    return in_process("verify", path, "--key", key.verifier, *more)


# -- a stranger's machine ----------------------------------------------------------------------------------


def test_a_holding_verifies_elsewhere_with_nothing_but_the_key(signed: Tanshu, key: Keys, tmp_path: Path):
    account, instrument, quantity = held(signed)
    path = kept(signed("proof", "holding", account, instrument), tmp_path / "proof.json")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    said = script("verify", path, "--key", key.verifier, "--lang", "zh", cwd=elsewhere).ok()
    for word in ("核验通过", FIRST, account, instrument, f"{quantity:,}", "scenario/small-2023"):
        assert word in said.out, word
    english = verify(path, key, "--lang", "en").ok().out
    assert "verified" in english and "signed by" in english
    data = verify(path, key, "--json").ok().json
    assert data["ok"] and data["kind"] == "holding"
    assert data["holding"]["available"] == quantity
    assert not list(elsewhere.iterdir())


def test_checking_touches_no_database_no_network_and_nothing_heavy(signed: Tanshu, key: Keys, tmp_path: Path):
    id = signed("tx", "list", "--type", "surrender", "--json").json["transactions"][0]["id"]
    path = kept(signed("proof", "certificate", id), tmp_path / "proof.json")
    program = f"""
import sys
touched = []
sys.addaudithook(lambda event, _: event in ("socket.connect", "sqlite3.connect") and touched.append(event))
from tanshu.cli.main import app
try:
    app(["verify", {path!r}, "--key", {key.verifier!r}, "--json"])
except SystemExit as end:
    assert not end.code, end.code
heavy = [name for name in {HEAVY!r} if name in sys.modules]
assert not heavy and not touched, (heavy, touched)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["transaction"]["id"] == id and said["transaction"]["state"] == "effected"
    assert all(one["records_shown"] == one["records"] for one in said["entries"] if one["records_shown"])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"available": ', '"available": 1', "PROOF-1011"),
        ('"kind": "holding"', '"kind": "loan"', "PROOF-1003"),
        ("tanshu-proof/1", "tanshu-proof/9", "PROOF-1002"),
        ("chain ", "chaim ", "PROOF-1008"),
        ('"suite"', '"suit"', "PROOF-1004"),
        ("}", "", "PROOF-1001"),
    ],
)
def test_an_altered_proof_is_refused_by_number(
    signed: Tanshu, key: Keys, tmp_path: Path, old: str, new: str, code: str
):
    account, instrument, _ = held(signed)
    text = signed("proof", "holding", account, instrument).ok().out
    assert old in text
    path = tmp_path / "proof.json"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    said = verify(str(path), key, "--json")
    assert said.refusal == code
    for lang in ("zh", "en"):
        shown = verify(str(path), key, "--lang", lang)
        assert shown.code == 1 and code in shown.err and not shown.out


def test_another_key_did_not_sign_it(signed: Tanshu, tmp_path: Path):
    path = kept(signed("proof", "holding", *held(signed)[:2]), tmp_path / "proof.json")
    assert in_process("verify", path, "--key", str(OTHER_KEY.verifier), "--json").refusal == "PROOF-1007"
    assert in_process("verify", path, "--key", "nobody", "--json").refusal == "PROOF-3007"
    assert in_process("verify", path).code == 2


def test_a_file_that_is_not_there(key: Keys, tmp_path: Path):
    assert verify(str(tmp_path / "nothing.json"), key, "--json").refusal == "CLI-1004"


# -- keys and checkpoints ----------------------------------------------------------------------------------


def test_keys_are_made_and_shown(tmp_path: Path):
    path = str(tmp_path / "key")
    made = in_process("proof", "key", "new", path, "--name", "tanshu/test", "--json").ok().json
    shown = in_process("proof", "key", "show", "--json", env={"TANSHU_SIGNING_KEY": path}).ok().json
    assert made == shown and made["verifier_key"].startswith("tanshu/test+")
    assert made["verifier_key"] in in_process("proof", "key", "show", path).ok().out
    assert in_process("proof", "key", "new", path, "--json").refusal == "PROOF-3005"
    assert in_process("proof", "key", "show", "--json").refusal == "PROOF-3004"
    assert in_process("proof", "key", "show", path + "2", "--json").refusal == "CLI-1004"


def test_without_a_checkpoint_or_a_key_nothing_is_proven(tanshu: Tanshu):
    assert tanshu("proof", "export", "somewhere", "--json").refusal == "PROOF-2002"
    assert tanshu("proof", "checkpoint", "--json").refusal == "PROOF-3004"
    assert tanshu("proof", "checkpoints", "--json").json == {"checkpoints": []}


def test_a_checkpoint_is_a_file_that_verifies_and_repeats(signed: Tanshu, key: Keys, tmp_path: Path):
    path = kept(signed("proof", "checkpoint", "--key", key.path), tmp_path / "checkpoint")
    assert "检查点" in verify(path, key, "--lang", "zh").ok().out
    data = signed("proof", "checkpoint", "--key", key.path, "--json").ok().json
    assert data["note"] == Path(path).read_text(encoding="utf-8")
    (listed,) = signed("proof", "checkpoints", "--json").json["checkpoints"]
    assert listed == data
    assert str(data["cells"]) in signed("proof", "checkpoints").ok().out


def test_a_witness_s_signature_is_kept(founded_url: str, key: Keys, tmp_path: Path):
    tanshu = at(founded_url)
    path = Path(kept(tanshu("proof", "checkpoint", "--key", key.path), tmp_path / "checkpoint"))
    witnessed = note.sign(note.parse(path.read_text(encoding="utf-8")).text, OTHER_KEY)
    path.write_text(str(witnessed), encoding="utf-8")
    witness = str(OTHER_KEY.verifier)
    both = kept(tanshu("proof", "checkpoint", "--add", str(path), "--witness", witness), tmp_path / "both")
    said = in_process("verify", both, "--key", key.verifier, "--key", witness, "--json").ok().json
    assert len(said["signers"]) == 2
    assert verify(both, key, "--json").ok().json["unchecked_signatures"] == [OTHER_KEY.verifier.handle]
    assert OTHER_KEY.verifier.handle in verify(both, key, "--lang", "en").ok().out
    foreign = SigningKey("w", OTHER_KEY.suite, OTHER_KEY.private)
    path.write_text(str(note.sign(witnessed.text.replace("time 1", "time 2"), foreign)), encoding="utf-8")
    theirs = ("--witness", str(foreign.verifier))
    assert tanshu("proof", "checkpoint", "--add", str(path), *theirs, "--json").refusal == "PROOF-2012"
    assert tanshu("proof", "checkpoint", "--add", str(path)).code == 2


def test_an_older_checkpoint_says_that_the_log_has_grown(founded_url: str, key: Keys, tmp_path: Path):
    tanshu = at(founded_url)
    tanshu("proof", "checkpoint", "--key", key.path).ok()
    cash = ("CNY", "--kind", "cash", "--scale", "2", "--title-zh", "人民币", "--title-en", "yuan")
    tanshu("instrument", "define", *cash, "--as", "registry-maker-1", "--json").ok()
    said = tanshu("proof", "transaction", "1/0", "--lang", "en").ok()
    assert "the log has grown to entry 2" in said.err
    assert verify(kept(said, tmp_path / "proof.json"), key, "--json").ok().json["seq"] == 1
    fresh = tanshu("proof", "transaction", "2/0", "--key", key.path, "--lang", "en").ok()
    assert not fresh.err
    shown = verify(kept(fresh, tmp_path / "proof.json"), key, "--lang", "en").ok()
    assert "define instrument" in shown.out and "CNY" in shown.out
    steps = kept(tanshu("proof", "consistency", "--from", "1", "--to", "2"), tmp_path / "steps.json")
    assert verify(steps, key, "--json").ok().json["earlier"]["seq"] == 1
    assert "it only grew" in verify(steps, key, "--lang", "en").ok().out
    assert tanshu("proof", "consistency", "--from", "0", "--to", "2", "--json").refusal == "PROOF-2004"
    assert tanshu("proof", "consistency", "--from", "2", "--to", "1", "--json").refusal == "PROOF-2008"


def test_the_public_log_is_exported_and_checked(signed: Tanshu, key: Keys, tmp_path: Path):
    folder = str(tmp_path / "log")
    first = signed("proof", "export", folder, "--json").ok().json
    again = signed("proof", "export", folder, "--json").ok().json
    assert (first["written"], again["written"]) == (first["tiles"], 0)
    assert verify(folder, key, "--json").ok().json["kind"] == "public-log"
    assert FIRST not in "".join(
        path.read_bytes().decode(errors="replace") for path in Path(folder).rglob("*") if path.is_file()
    )
    next((tmp_path / "log/tile/0").rglob("*.p/*")).unlink()
    assert verify(folder, key, "--json").refusal == "PROOF-1018"


def test_the_audit_tells_a_log_whose_newest_entries_are_missing(founded_url: str, key: Keys, tmp_path: Path):
    tanshu = at(founded_url)
    path = kept(tanshu("proof", "checkpoint", "--key", key.path), tmp_path / "checkpoint")
    against = ("book", "audit", "--checkpoint", path, "--key", key.verifier, "--json")
    assert tanshu(*against).ok().json["ok"]
    assert tanshu("book", "audit", "--checkpoint", path).code == 2
    database = Database.open(founded_url)
    with database.write() as conn:
        conn.exec_driver_sql("DELETE FROM log_entry WHERE seq = 1")
    database.close()
    said = tanshu(*against)
    assert said.code == 3
    assert "PROOF-4001" in [one["code"] for one in said.json["findings"]]

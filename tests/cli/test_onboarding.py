"""`tanshu onboard` and `tanshu delegate`: an application from its file to the open account; substitutes."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tanshu.cli import onboarding_files
from tests.cli.conftest import Said, Tanshu
from tests.support.onboarding import NAME, PAPERS, USCC

MAKER, CHECKER, CHECKER_2 = (("--as", f"registry-{one}") for one in ("maker-1", "checker-1", "checker-2"))
NUMBER = "6222 0000 1111 2222 333"
FORM = {
    "kind": "enterprise",
    "name": NAME,
    "uscc": USCC,
    "region": "420100",
    "listed_year": 2023,
    "not_barred": True,
    "accounts": ["registration", "cash"],
    "people": ["c-1:maker", "c-2:checker"],
    "bank": {"bank": "结算银行", "name": NAME, "number": NUMBER},
    "contact": {"phone": "13800000000"},
    "documents": {kind: f"{kind}.pdf" for kind in PAPERS},
}


@pytest.fixture(autouse=True)
def _calendar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Working days of every year: the clock of the command line is the real one."""
    from tanshu.rules import calendars

    def later(_jurisdiction: str, start: date, n: int, *, count_first: bool) -> date:
        return start + timedelta(days=n - count_first)

    monkeypatch.setattr(calendars, "add_working_days", later)
    monkeypatch.setenv("TANSHU_VAULT", str(tmp_path / "papers"))


def written(folder: Path, **changes: object) -> str:
    for kind in PAPERS:
        (folder / f"{kind}.pdf").write_bytes(f"a scan of {kind}".encode())
    path = folder / "form.json"
    path.write_text(json.dumps({**FORM, **changes}), encoding="utf-8")
    return str(path)


def applied(tanshu: Tanshu, folder: Path, **changes: object) -> Said:
    return tanshu("onboard", "apply", written(folder, **changes), *MAKER, "--json")


def test_an_application_becomes_an_account(tanshu: Tanshu, tmp_path: Path):
    made = applied(tanshu, tmp_path).ok().json
    id = made["application"]
    shown = tanshu("onboard", "show", id, "--json").ok().json
    assert shown["bank"]["last4"] == "2333"
    assert [one["kind"] for one in shown["documents"]] == list(PAPERS)
    assert shown["documents"][0]["sha256"] == hashlib.sha256(b"a scan of application_form").hexdigest()
    assert NUMBER.replace(" ", "") not in json.dumps(shown)
    sealed = json.loads(_paper(tanshu, tmp_path, shown["bank"]["sha256"]))
    assert (sealed["number"], sealed["name"]) == (NUMBER.replace(" ", ""), NAME)
    assert b"13800000000" in _paper(tanshu, tmp_path, shown["contact_sha256"])
    tanshu("onboard", "review", id, *MAKER).ok()
    answer = tanshu("onboard", "approve", id, *CHECKER, "--json").ok().json
    assert (answer["state"], set(answer["accounts"])) == ("opened", {"registration", "cash"})
    assert tanshu("account", "show", USCC, "--json").ok().json["people"][0]["active"]
    assert tanshu("onboard", "list", "--json").json["applications"] == []
    everything = tanshu("onboard", "list", "--all", "--json").json["applications"]
    assert [one["state"] for one in everything] == ["opened"]
    assert tanshu("book", "audit", "--json").ok().json["findings"] == []
    for lang in ("zh", "en"):
        assert "2333" in tanshu("onboard", "show", id, "--lang", lang).ok().out


def _paper(tanshu: Tanshu, folder: Path, sha256: str) -> bytes:
    tanshu("onboard", "document", sha256, "--out", str(folder / "out")).ok()
    return (folder / "out").read_bytes()


def test_an_application_goes_back_and_comes_again(tanshu: Tanshu, tmp_path: Path):
    id = applied(tanshu, tmp_path).ok().json["application"]
    assert tanshu("onboard", "return", id, *MAKER, "--json").refusal == "PAR-5010"
    tanshu("onboard", "return", id, *MAKER, "--comment", "licence unreadable").ok()
    again = tanshu("onboard", "resubmit", id, written(tmp_path, region="420500"), *MAKER, "--json").ok().json
    assert (again["state"], again["round"]) == ("submitted", 2)
    late = tanshu("onboard", "list", "--overdue", "--on", "2999-01-01", "--json").ok().json
    assert [one["overdue"] for one in late["applications"]] == [True]
    assert tanshu("onboard", "list", "--overdue", "--on", "2000-01-01", "--json").json["applications"] == []
    tanshu("onboard", "refuse", id, *MAKER, "--comment", "barred").ok()
    id = applied(tanshu, tmp_path).ok().json["application"]
    tanshu("onboard", "withdraw", id, *MAKER).ok()
    assert tanshu("onboard", "show", "APP-none", "--json").refusal == "PAR-5005"


def test_the_same_key_gives_the_first_answer_again(tanshu: Tanshu, tmp_path: Path):
    """What is sealed at the door follows from the key, so that the command is the same one."""
    args = ("onboard", "apply", written(tmp_path), *MAKER, "--key", "apply c", "--json")
    first = tanshu(*args).ok().json
    assert (tanshu(*args).ok().json["repeated"], first["repeated"]) == (True, False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bank": {"bank": "结算银行", "name": NAME, "number": "12"}}, "PAR-5102"),
        ({"documents": {"application_form": "none.pdf"}}, "BASE-1201"),
        ({"documents": {"application_form": "."}}, "CLI-1004"),
        ({"documents": {}}, "PAR-5104"),
        ({"accounts": "registration"}, "CLI-2202"),
        ({"not_barred": "yes"}, "CLI-2202"),
        ({"listed_year": "2023"}, "CLI-2202"),
        ({"bank": "a bank"}, "CLI-2202"),
        ({"phone": "1"}, "CLI-2202"),
        ({"name": 7}, "CLI-2202"),
    ],
)
def test_files_that_are_no_application(tanshu: Tanshu, tmp_path: Path, changes, code: str):
    assert applied(tanshu, tmp_path, **changes).refusal == code


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.toml", "kind = ", "CLI-2201"),
        ("a.json", "[]", "CLI-2201"),
        ("a.toml", "", "CLI-2202"),
        ("a.json", "{", "CLI-2201"),
    ],
)
def test_files_that_cannot_be_read(tanshu: Tanshu, tmp_path: Path, name: str, text: str, code: str):
    (tmp_path / name).write_text(text)
    assert tanshu("onboard", "apply", str(tmp_path / name), *MAKER, "--json").refusal == code
    assert tanshu("onboard", "apply", str(tmp_path / "none.toml"), *MAKER, "--json").refusal == "BASE-1201"


def test_the_form_in_the_manual_has_the_keys_there_are():
    import tomllib

    text = onboarding_files.__doc__ or ""
    told = tomllib.loads(text.split("\n", 2)[2])
    assert set(told) <= onboarding_files._KEYS
    assert set(told) >= onboarding_files._KEYS - {"handle", "voluntary", "fictional"}


def test_changes_wait_for_a_second_person(tanshu: Tanshu, tmp_path: Path):
    _opened(tanshu, tmp_path)
    (tmp_path / "proof.pdf").write_bytes(b"proof")
    bank = ("--bank", "别的银行", "--bank-name", NAME, "--bank-number", "88887777666655554444")
    paper = ("--document", f"bank_account_proof={tmp_path / 'proof.pdf'}")
    one = tanshu("onboard", "change", USCC, "bank", *bank, *paper, *MAKER, "--json").ok().json["change"]
    two = tanshu("onboard", "change", USCC, "contact", "--contact", "phone=139", *MAKER, "--json").ok()
    people = ("--appoint", "c-3:maker", "--dismiss", "c-1")
    three = tanshu("onboard", "change", USCC, "people", *people, *MAKER, "--json").ok().json["change"]
    waiting = tanshu("onboard", "changes", "--subject", USCC, "--json").ok().json["changes"]
    assert [one["kind"] for one in waiting] == ["bank", "contact", "people"]
    assert "88887777666655554444" not in json.dumps(waiting)
    for lang in ("zh", "en"):
        assert "4444" in tanshu("onboard", "changes", "--lang", lang).ok().out
    tanshu("onboard", "decide", one, *CHECKER).ok()
    tanshu("onboard", "decide", two.json["change"], "--decline", "--comment", "why", *CHECKER).ok()
    assert tanshu("onboard", "decide", three, *MAKER, "--json").refusal == "PAR-3003"
    tanshu("onboard", "decide", three, *CHECKER).ok()
    shown = tanshu("account", "show", USCC, "--json").json["people"]
    assert {one["person"] for one in shown if one["active"]} == {"c-2", "c-3"}
    decided = tanshu("onboard", "changes", "--all", "--json").json["changes"]
    assert [one["state"] for one in decided] == ["done", "declined", "done"]
    assert tanshu("onboard", "change", USCC, "contact", "--contact", "phone", *MAKER).code == 2


def test_a_yearly_review(tanshu: Tanshu, tmp_path: Path):
    _opened(tanshu, tmp_path)
    year = ("--year", "2100")
    start = ("onboard", "review-year", "start", USCC, *year)
    assert tanshu(*start, *MAKER, "--json").refusal == "PAR-5306"
    tanshu(*start, "--due", "2100-03-31", *MAKER).ok()
    tanshu("onboard", "review-year", "findings", USCC, *year, "--findings", "none", *MAKER).ok()
    tanshu("onboard", "review-year", "again", USCC, *year, *CHECKER).ok()
    late = tanshu("onboard", "reviews", *year, "--overdue", "--on", "2100-04-01", "--json").ok().json
    assert [one["state"] for one in late["reviews"]] == ["started"]
    tanshu("onboard", "review-year", "findings", USCC, *year, "--findings", "none", *MAKER).ok()
    tanshu("onboard", "review-year", "finish", USCC, *year, *CHECKER).ok()
    assert "2100-03-31" in tanshu("onboard", "reviews", *year).ok().out


def test_a_right_is_handed_over_and_taken_back(tanshu: Tanshu):
    give = ("delegate", "give", "registry-maker-1", "--right", "checker")
    assert tanshu(*give, *CHECKER).code == 2
    made = tanshu(*give, "--standing", *CHECKER, "--json").ok().json
    again = tanshu(*give, "--until", "2999-12-31", *CHECKER, "--json")
    assert again.refusal == "PAR-5407"
    tanshu(*give, "--until", "2999-12-31", "--since", "2999-01-01", *CHECKER_2).ok()
    found = tanshu("delegate", "list", "--json").ok().json["delegations"]
    assert [(one["person"], one["standing"], one["holds"]) for one in found] == [
        ("registry-checker-1", True, True),
        ("registry-checker-2", False, False),
    ]
    tanshu("delegate", "end", made["delegation"], *MAKER).ok()
    left = tanshu("delegate", "list", "--on", "2999-06-01", "--subject", "registry", "--json").ok().json
    assert [one["person"] for one in left["delegations"]] == ["registry-checker-2"]
    for lang in ("zh", "en"):
        assert "registry-checker-2" in tanshu("delegate", "list", "--lang", lang).ok().out


def _opened(tanshu: Tanshu, folder: Path) -> None:
    id = applied(tanshu, folder).ok().json["application"]
    tanshu("onboard", "review", id, *MAKER).ok()
    tanshu("onboard", "approve", id, *CHECKER).ok()

"""Proofs of a small market: what they say, what they keep to themselves, what happens to a changed digit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import checkpoints, leaves, trees, verify
from tanshu.book.proofs import Prover, Wanted
from tanshu.book.records import Op
from tanshu.log import checkpoint, note
from tanshu.log.note import Note
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Rename
from tanshu.parties.service import rename
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME
from tanshu.registry import claims, proofs, queries
from tanshu.registry.model import TRANSACTION_STATE_LABELS
from tanshu.registry.proofs import RegisterNames
from tanshu.registry.tables import INSTRUMENT, TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import TYPES
from tests.support.databases import PostgresServer, SqliteTemplate
from tests.support.market import Market
from tests.support.proofs import KEY, OTHER_KEY, as_file, meaning, places, refused, replaced

KEYS = [KEY.verifier]
SURRENDERED, PENDING, SETTLED = "surrendered", "pending", "settled"


class Year(NamedTuple):
    """A market in which plant-a holds, has surrendered, sold and still asks; its checkpoints; its proofs."""

    market: Market
    transactions: dict[str, str]
    earlier: Note
    signed: Note

    def prover(self, conn: Any, signed: Note | None = None) -> Prover:
        return Prover(conn, self.market.book, signed or self.signed, RegisterNames)

    def holding(
        self,
        handle: str,
        instrument: str = "CEA22",
        kind: Any = AccountKind.REGISTRATION,
        signed: Note | None = None,
    ) -> dict[str, Any]:
        with self.market.database.read() as conn:
            account = parties.account(conn, self.market.account(handle, kind))
            what = queries.instrument(conn, instrument)
            assert not isinstance(account, Refusal) and not isinstance(what, Refusal)
            return self.prover(conn, signed).holding(account.number, what.number)

    def transaction(self, id: str, signed: Note | None = None) -> dict[str, Any]:
        with self.market.database.read() as conn:
            prover = self.prover(conn, signed)
            return prover.transaction(proofs.transaction(conn, 1, id, prover.checkpoint.seq))

    def certificate(self, id: str, signed: Note | None = None) -> dict[str, Any]:
        with self.market.database.read() as conn:
            prover = self.prover(conn, signed)
            return prover.certificate(proofs.certificate(conn, 1, id, prover.checkpoint.seq))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def year(
    request: pytest.FixtureRequest, sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Year]:
    if request.param == "sqlite":
        with sqlite_template.fresh(tmp_path_factory.mktemp("year")) as url:
            yield from _year(url)
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.fresh() as url:
            yield from _year(url)


def _year(url: str) -> Iterator[Year]:
    market = Market(url)
    market.give(market.plant_a, 1_000)
    market.give(market.plant_b, 777)
    market.emit(market.plant_a, 900)
    earlier = checkpoints.make(market.book, KEY, RegisterNames)
    transactions = {
        SURRENDERED: _surrender(market, 600, approved=3),
        SETTLED: _settle(market),
        PENDING: _surrender(market, 50, approved=1),
    }
    signed = checkpoints.make(market.book, KEY, RegisterNames)
    yield Year(market, transactions, earlier, signed)
    market.close()


def _surrender(market: Market, quantity: int, *, approved: int) -> str:
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, quantity))["id"]
    for checker in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1")[:approved]:
        market.accepted(market.approve(checker, id))
    return id


def _settle(market: Market) -> str:
    """plant-a sells 100 t to plant-b for 9,750 CNY."""
    registration, trading = (
        market.account(market.plant_a, kind) for kind in (AccountKind.REGISTRATION, AccountKind.TRADING)
    )
    moved = market.propose("plant-a-maker-1", "position-transfer", ("CEA22", 100, registration, trading))
    market.accepted(moved)
    buyer = market.account(market.plant_b, AccountKind.CASH)
    market.done("bank-maker-1", "cash-deposit", ("CNY", 2_000_000, "", buyer), by=("registry-checker-1",))
    return market.done(
        "exchange-maker-1",
        "trade-settlement",
        ("CEA22", 100, trading, market.account(market.plant_b, AccountKind.TRADING)),
        ("CNY", 975_000, buyer, market.account(market.plant_a, AccountKind.CASH)),
        by=("registry-checker-1", "registry-checker-2"),
        details={"trade": 1, "mode": "listing", "price_fen": 9_750, "traded_on": "2024-01-02"},
    )


# -- what they say -----------------------------------------------------------------------------------------


def test_a_holding_says_who_has_what_with_which_numbers(year: Year):
    proven = verify.check(as_file(year.holding(year.market.plant_a)), KEYS)
    assert proven.cell is not None
    assert (proven.cell["account"], proven.cell["holder"], proven.cell["name"]) == (
        year.market.account(year.market.plant_a),
        year.market.plant_a,
        "甲电厂",
    )
    assert (proven.cell["instrument"], proven.cell["available"], proven.cell["held"]) == ("CEA22", 250, 50)
    assert proven.serials == {"available": [[751, 1_000]], "held": [[701, 750]]}
    assert proven.signers == (KEY.verifier.handle,) and not proven.unchecked


def test_a_holding_as_of_an_earlier_checkpoint(year: Year):
    proven = verify.check(as_file(year.holding(year.market.plant_a, signed=year.earlier)), KEYS)
    assert proven.cell is not None and (proven.cell["available"], proven.cell["held"]) == (1_000, 0)
    assert proven.checkpoint == checkpoint.parse(year.earlier.text)


def test_a_certificate_says_whose_surrender_of_what_in_which_year(year: Year):
    id = year.transactions[SURRENDERED]
    proven = verify.check(as_file(year.certificate(id)), KEYS)
    said = claims.read(proven)
    found = said.transaction
    assert found is not None
    assert (found.id, found.type, found.state, found.year) == (id, "surrender", "effected", 2023)
    assert found.subject == claims.Holder(year.market.plant_a, "甲电厂")
    held, moved = said.movements
    assert (held.operation, moved.operation) == ("hold", "capture")
    assert (moved.instrument, moved.quantity, moved.numbers) == ("CEA22", 600, ((1, 600),))
    assert moved.debit is not None and moved.debit.account == year.market.account(year.market.plant_a)
    assert moved.credit is not None and moved.credit.holder.handle == "registry"
    assert (found.proposed_seq, found.ended_seq) == (held.seq, moved.seq)


def test_a_settlement_shows_both_legs(year: Year):
    said = claims.read(verify.check(as_file(year.certificate(year.transactions[SETTLED])), KEYS))
    legs = [
        (one.instrument, one.scale, one.quantity, one.debit and one.debit.holder.name, one.credit.holder.name)
        for one in said.movements
        if one.credit
    ]
    assert legs == [("CEA22", 0, 100, "甲电厂", "乙电厂"), ("CNY", 2, 975_000, "乙电厂", "甲电厂")]


def test_of_many_lines_an_account_shows_its_own(year: Year):
    id = year.transactions[SETTLED]
    cash = year.market.account(year.market.plant_a, AccountKind.CASH)
    with year.market.database.read() as conn:
        account, prover = parties.account(conn, cash), year.prover(conn)
        stranger = parties.account(conn, year.market.account(year.market.stranger))
        assert not isinstance(account, Refusal) and not isinstance(stranger, Refusal)
        upto = prover.checkpoint.seq
        proof = prover.certificate(proofs.certificate(conn, 1, id, upto, account.number))
        assert refused(proofs.certificate, conn, 1, id, upto, stranger.number).code == "PROOF-2013"
    proven = verify.check(as_file(proof), KEYS)
    moved = [one for one in claims.read(proven).movements if one.operation == "capture"]
    assert [(one.instrument, one.quantity) for one in moved] == [("CNY", 975_000)]
    assert [(len(one.records), one.record_count) for one in proven.entries if one.records] == [(1, 2)] * 2


def test_a_transaction_that_waits_is_proven_as_proposed_and_has_no_certificate(year: Year):
    id = year.transactions[PENDING]
    said = claims.read(verify.check(as_file(year.transaction(id)), KEYS))
    assert said.transaction is not None
    assert (said.transaction.state, said.transaction.ended_seq) == (claims.PROPOSED, None)
    assert [(one.operation, one.quantity, one.numbers) for one in said.movements] == [
        ("hold", 50, ((701, 750),))
    ]
    assert refused(year.certificate, id).code == "REG-4001"


def test_one_record_of_the_book_can_be_proven(year: Year):
    said = claims.read(verify.check(as_file(year.transaction("1/0")), KEYS))
    assert said.transaction is None
    opened = said.movements[0]
    assert (opened.seq, opened.operation, opened.instrument) == (1, "open_account", None)
    assert opened.debit is not None and opened.debit.holder.handle == "registry"
    assert refused(year.transaction, "1/99").code == "PROOF-2009"
    assert refused(year.transaction, "99999/0").code == "PROOF-2009"
    assert refused(year.transaction, "TX-nothing").code == "REG-3105"


def test_what_came_after_the_checkpoint_is_not_under_it(year: Year):
    id = year.transactions[SURRENDERED]
    assert refused(year.transaction, id, year.earlier).code == "PROOF-2003"
    assert refused(year.certificate, id, year.earlier).code == "PROOF-2003"
    with year.market.database.read() as conn:
        late = Wanted(checkpoint.parse(year.signed.text).seq)
        assert refused(year.prover(conn, year.earlier).transaction, [late]).code == "PROOF-2003"


def test_nothing_held_is_nothing_to_prove(year: Year):
    assert refused(year.holding, year.market.stranger).code == "PROOF-2001"


def test_a_new_name_does_not_change_what_was_signed_before_it(year: Year):
    market = year.market
    market.today(date(2024, 6, 3))
    new = Rename(market.plant_a, "甲电厂新名", date(2024, 6, 3))
    market.decide(market.accepted(rename(market.ctx("registry-maker-1"), new)))
    proven = verify.check(as_file(year.holding(market.plant_a)), KEYS)
    assert proven.cell is not None and proven.cell["name"] == "甲电厂"
    later = checkpoints.make(market.book, KEY, RegisterNames)
    renamed = verify.check(as_file(year.holding(market.plant_a, signed=later)), KEYS)
    assert renamed.cell is not None and renamed.cell["name"] == "甲电厂新名"


def test_a_batch_recorded_in_effect_is_effected_and_its_lines_are_what_moved(year: Year):
    found = checkpoint.parse(year.signed.text)
    row = {"id": "TX-b", "type": "issuance", "state": "effected", "year": None, "subject_id": "SUB-r"}
    line = {"transaction_id": "TX-b", "n": 0, "debit": 1, "credit": 2, "instrument": 0, "quantity": 5}
    changes = (["insert", "registry_transaction", {}, row], ["insert", "transaction_line", {}, line])
    record = json.loads(leaves.record(0, Op.TRANSFER, 1, 2, 0, 5, 0, 1, 0))

    def said(amount: int) -> claims.Claims:
        entry = verify.ProvenEntry(7, 70, "", 1, (record | {"amount": amount},), changes)
        return claims.read(verify.Proven(verify.CERTIFICATE, found, (), (), entries=(entry,)))

    transaction = said(5).transaction
    assert transaction is not None
    assert (transaction.state, transaction.ended_seq, transaction.ended_ns) == ("effected", 7, 70)
    assert refused(said, 6).code == "PROOF-1017"


# -- what they keep to themselves --------------------------------------------------------------------------


def test_a_proof_discloses_nothing_about_other_parties(year: Year):
    market = year.market
    others = [market.plant_b, market.stranger, "乙电厂", "外省电厂", "hubei", "湖北省生态环境厅"]
    with market.database.read() as conn:
        everybody = parties.accounts(conn)
        mine = parties.subject(conn, market.plant_a)
        registry = parties.subject(conn, "registry")
        assert not isinstance(mine, Refusal) and not isinstance(registry, Refusal)
        people = [one.handle for handle in ("plant-a", "registry") for one in _people(conn, market, handle)]
    others += [one.code for one in everybody if one.subject_id not in (mine.id, registry.id)]
    others += [one.subject_id for one in everybody if one.subject_id not in (mine.id, registry.id)]
    others += people
    holding = as_file(year.holding(market.plant_a)).decode()
    certificate = as_file(year.certificate(year.transactions[SURRENDERED])).decode()
    for text in (holding, certificate):
        assert not [word for word in others if word in text]
        assert "777" not in json.dumps(_without_hashes(json.loads(text)))  # what plant-b was given
    assert registry.handle not in holding


def _people(conn: Any, market: Market, handle: str) -> list[Any]:
    subject = parties.subject(conn, market.plant_a if handle == "plant-a" else handle)
    assert not isinstance(subject, Refusal)
    return parties.people_of(conn, subject.id)


def _without_hashes(value: Any) -> Any:
    """Only what a proof says in words and numbers."""
    if isinstance(value, dict):
        return {name: _without_hashes(part) for name, part in value.items() if name != "checkpoint"}
    if isinstance(value, list):
        return [_without_hashes(part) for part in value]
    return "" if isinstance(value, str) and len(value) == 64 else value


def test_the_hashes_beside_a_holding_cannot_be_made_from_what_others_are_known_to_hold(year: Year):
    """Somebody who knows every other cell to the last character still misses its salt."""
    proof = year.holding(year.market.plant_a)
    shown, salt = set(proof["cell"]["path"]), bytes.fromhex(proof["cell"]["salt"])
    with year.market.database.read() as conn:
        state = year.prover(conn).state()
        how = trees.salted(conn, 1)
    assert state.tree.node(0, proof["cell"]["index"] ^ 1).hex() in shown
    for leaf in state.leaves:
        guesses = (leaf, salt + leaf, bytes(32) + leaf)
        assert not {how.suite.leaf(guess).hex() for guess in guesses} & (shown - _own(proof, how))


def _own(proof: dict[str, Any], how: Any) -> set[str]:
    salt = bytes.fromhex(proof["cell"]["salt"])
    return {how.suite.leaf(salt + canonical(proof["cell"]["leaf"])).hex()}


def test_two_checkpoints_do_not_tell_who_moved(year: Year):
    """plant-b's registration account did not move between them; nothing beside its proofs is the same."""
    one = year.holding(year.market.plant_b, signed=year.earlier)
    two = year.holding(year.market.plant_b)
    assert one["cell"]["leaf"] == two["cell"]["leaf"]
    assert one["cell"]["salt"] != two["cell"]["salt"]
    assert not set(one["cell"]["path"]) & set(two["cell"]["path"])


# -- a changed digit ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(
    sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """One proof of each kind, as text. Checking them needs no database."""
    with sqlite_template.fresh(tmp_path_factory.mktemp("files")) as url:
        for year in _year(url):
            with year.market.database.read() as conn:
                grown = year.prover(conn).consistency(year.earlier)
            made = {
                "holding": year.holding(year.market.plant_a),
                "certificate": year.certificate(year.transactions[SURRENDERED]),
                "transaction": year.transaction(year.transactions[PENDING]),
                "consistency": grown,
            }
            yield {kind: as_file(proof).decode() for kind, proof in made.items()}


def verdict(text: str) -> str:
    """ "ok", or the code of the refusal; anything else that leaves fails the test."""
    try:
        proven = verify.check(text.encode(errors="surrogatepass"), KEYS)
        if proven.entries:
            claims.read(proven)
    except Refused as refused:
        assert refused.refusal.sentence("zh") and refused.refusal.sentence("en")
        return refused.refusal.code
    return "ok"


def test_every_kind_verifies(files: dict[str, str]):
    assert {kind: verdict(text) for kind, text in files.items()} == dict.fromkeys(files, "ok")


@pytest.mark.parametrize("kind", ["holding", "consistency"])
def test_any_one_changed_character_is_refused(files: dict[str, str], kind: str):
    text = files[kind]
    means = meaning(text)
    for at, old in enumerate(text):
        new = "1" if old == "0" else "0" if old.isdigit() else "b" if old == "a" else "a"
        for changed in (text[:at] + new + text[at + 1 :], text[:at] + text[at + 1 :]):
            if meaning(changed) != means:
                assert verdict(changed) != "ok", (at, old, changed[max(0, at - 30) : at + 30])


@settings(max_examples=250)
@given(st.data())
def test_any_character_changed_anywhere_is_refused(files: dict[str, str], data: st.DataObject):
    text = files[data.draw(st.sampled_from(["certificate", "transaction"]))]
    at = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.sampled_from('0123456789abcdef"{}[],:. \\é') | st.characters())
    changed = text[:at] + new + text[at + 1 :]
    if meaning(changed) != meaning(text):
        assert verdict(changed) != "ok"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_part_replaced_dropped_or_moved_is_refused(files: dict[str, str], data: st.DataObject):
    proof = json.loads(files[data.draw(st.sampled_from(sorted(files)))])
    spots = list(places(proof))
    place, other = (spots[data.draw(st.integers(0, len(spots) - 1))] for _ in range(2))
    changed = replaced(proof, place, data.draw(st.just(part(proof, other)) | json_values))
    if meaning(json.dumps(changed)) != meaning(json.dumps(proof)):
        assert verdict(json.dumps(changed)) != "ok" or says_less(changed, proof)


def part(proof: Any, place: tuple[str | int, ...]) -> Any:
    for name in place:
        proof = proof[name]
    return proof


def says_less(changed: dict[str, Any], proof: dict[str, Any]) -> bool:
    """Is it the same proof with some entries, records or rows left out?"""
    before = {entry["leaf"]["seq"]: entry for entry in proof.get("entries", [])}
    for entry in changed["entries"]:
        whole = before[entry["leaf"]["seq"]]
        if any(one not in whole[name] for name in ("records", "rows") for one in entry[name]):
            return False
        if entry | {"records": [], "rows": []} != whole | {"records": [], "rows": []}:
            return False
    return changed | {"entries": []} == proof | {"entries": []}


def test_what_a_holder_leaves_out_is_not_said(files: dict[str, str]):
    """Without its end a transaction is proposed, no more; without their rows accounts are numbers."""
    proof = json.loads(files["certificate"]) | {"kind": "transaction"}
    began = next(n for n, entry in enumerate(proof["entries"]) if entry["records"])
    alone = {**proof, "entries": [proof["entries"][began]]}
    said = claims.read(verify.check(as_file(alone), KEYS))
    assert said.transaction is not None and said.transaction.state == claims.PROPOSED
    assert said.movements[0].debit is not None and said.movements[0].debit.account.startswith("#")


@given(
    st.text()
    | json_values.map(json.dumps)
    | json_values.map(
        lambda v: json.dumps(
            {"format": verify.FORMAT, "kind": "holding", "suite": v, "checkpoint": v, "cell": v, "serials": v}
        )
    )
)
def test_any_file_is_refused_with_a_sentence(text: str):
    assert verdict(text).startswith("PROOF-1")


def test_two_checkpoints_of_different_logs_prove_nothing_of_each_other(files: dict[str, str]):
    proof = json.loads(files["consistency"])
    text = note.parse(proof["earlier"]).text
    other = note.sign(text.replace(text.partition("\n")[0], "tanshu/another", 1), KEY)
    assert verdict(json.dumps(proof | {"earlier": str(other)})) == "PROOF-1019"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format": "tanshu-proof/2"}, "PROOF-1002"),
        ({"kind": "promise"}, "PROOF-1003"),
        ({"kind": "certificate"}, "PROOF-1004"),
        ({"more": 1}, "PROOF-1004"),
        ({"suite": "sm3+sm2"}, "PROOF-1005"),
        ({"checkpoint": "tanshu/test\n"}, "PROOF-1006"),
        ({"checkpoint": str(note.sign("tanshu/test\n1\n", KEY))}, "PROOF-1009"),
        ({"checkpoint": str(note.sign("tanshu/test\n1\n", OTHER_KEY))}, "PROOF-1007"),
        ({"serials": {"available": [[751, 1_000]], "held": [[701, 749]]}}, "PROOF-1014"),
        ({"serials": None}, "PROOF-1014"),
    ],
)
def test_each_refusal_says_what_does_not_match(files: dict[str, str], change: dict[str, Any], code: str):
    proof = json.loads(files["holding"])
    assert verdict(json.dumps(proof | change)) == code


@pytest.mark.parametrize(
    ("kind", "place", "by", "code"),
    [
        ("holding", ("cell", "leaf", "available"), 251, "PROOF-1011"),
        ("holding", ("cell", "index"), 0, "PROOF-1011"),
        ("holding", ("cell", "salt"), "00" * 32, "PROOF-1011"),
        ("holding", ("cell", "salt"), "00", "PROOF-1004"),
        ("certificate", ("entries", 0, "leaf", "time_ns"), 1, "PROOF-1010"),
        ("certificate", ("entries", 0, "leaf", "seq"), 10_000, "PROOF-1016"),
        ("certificate", ("entries",), [], "PROOF-1004"),
        ("consistency", ("path", 0), "00" * 32, "PROOF-1015"),
        ("consistency", ("path",), [], "PROOF-1015"),
    ],
)
def test_each_part_has_its_refusal(
    files: dict[str, str], kind: str, place: tuple[Any, ...], by: Any, code: str
):
    proof = json.loads(files[kind])
    assert verdict(json.dumps(replaced(proof, place, by))) == code


def test_records_and_rows_have_their_own(files: dict[str, str]):
    proof = json.loads(files["certificate"])
    for n, entry in enumerate(proof["entries"]):
        for part, code in (("records", "PROOF-1012"), ("rows", "PROOF-1013")):
            for k in range(len(entry[part])):
                salted = replaced(proof, ("entries", n, part, k, "salt"), "00" * 32)
                assert verdict(json.dumps(salted)) == code


def test_a_certificate_needs_all_its_lines_and_its_end(files: dict[str, str]):
    proof = json.loads(files["certificate"])
    ended = max(n for n, entry in enumerate(proof["entries"]) if entry["records"])
    for changed in (
        replaced(proof, ("entries", ended, "records"), []),
        replaced(proof, ("entries", ended, "rows"), []),
        replaced(proof, ("entries",), [proof["entries"][ended]]),
    ):
        assert verdict(json.dumps(changed)) == "PROOF-1017"


@pytest.mark.parametrize("data", [b"", b"\xff\xfe{}", b"null", b"[]", b"\x00", b'"text"', b"{}\x80"])
def test_bytes_that_are_no_proof_are_refused(data: bytes):
    assert refused(verify.check, data, KEYS).code in ("PROOF-1001", "PROOF-1002")


def test_nested_beyond_measure_or_twice_named_is_refused():
    assert verdict("[" * 100_000) == "PROOF-1001"
    assert verdict('{"format": "a", "format": "a"}') == "PROOF-1001"
    assert verdict("\ufeff{}") == "PROOF-1001"
    assert verdict('{"format": ' + "9" * 5_000 + "}") == "PROOF-1001"


# -- words -------------------------------------------------------------------------------------------------


def test_words_are_the_register_s():
    assert {code: one.name for code, one in TYPES.items()} == claims.TYPES
    ends = {str(state): label for state, label in TRANSACTION_STATE_LABELS.items() if state != "pending"}
    assert {state: label for state, label in claims.STATES.items() if state != claims.PROPOSED} == ends


def test_the_columns_that_claims_read_are_there():
    for table, columns in (
        (ACCOUNT, ("number", "code", "subject_id")),
        (SUBJECT, ("id", "handle")),
        (SUBJECT_NAME, ("subject_id", "since", "name")),
        (INSTRUMENT, ("number", "code", "scale")),
        (TRANSACTION, ("id", "type", "state", "year", "subject_id")),
        (TRANSACTION_LINE, ("transaction_id", "debit", "credit", "instrument", "quantity")),
    ):
        select(*(table.c[name] for name in columns))
    names = [
        table.name for table in (ACCOUNT, SUBJECT, SUBJECT_NAME, INSTRUMENT, TRANSACTION, TRANSACTION_LINE)
    ]
    assert names == [
        "account",
        "subject",
        "subject_name",
        "instrument",
        "registry_transaction",
        "transaction_line",
    ]

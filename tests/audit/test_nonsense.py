"""Whatever a forged entry tells, the judge answers with findings: it never fails."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanshu.audit.business.verbs import VERBS
from tanshu.audit.rows import Stored
from tanshu.base.canonical import digest
from tanshu.base.database import metadata
from tanshu.book import rows
from tanshu.book.records import Op, decode, encode
from tanshu.book.rows import DELETE, INSERT, UPDATE, Change
from tanshu.log.entry import Draft, seal
from tests.audit.house import House

pytestmark = pytest.mark.parametrize("houses", ["sqlite"], indirect=True)
"""What is judged is the same wherever it lies."""

TABLES = [table.name for table in rows.told_tables()]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from(
        ["", "x", "pending", "effected", "registry-maker-1", "CN-R-000009-37", "[]", "{}", '[{"by": 1}]']
    ),
)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """A change of a real table, its columns taken at random, its values anything."""
    table = metadata.tables[draw(st.sampled_from(TABLES))]
    names = draw(st.lists(st.sampled_from([column.name for column in table.columns]), unique=True))
    values = {name: draw(VALUES) for name in names}
    where = {name: draw(VALUES) for name in names[:2]}
    kind = draw(st.sampled_from([INSERT, UPDATE, DELETE]))
    return Change(kind, table.name, {} if kind == INSERT else where, {} if kind == DELETE else values)


RECORDS = st.tuples(
    st.sampled_from([*Op, 9]),
    st.integers(0, 1),
    st.integers(0, 9),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(-1, 2**62),
    st.integers(0, 2**40),
    st.integers(0, 16),
    st.just(0),
    st.just(0),
)


def forged(house: House, command: str, actor: str, records: bytes, told: bytes) -> Stored:
    """The next entry of the log, its hashes good, its results as the reference kernel would say."""
    tail = house.judge.tail
    draft = Draft(
        tail.time_ns + 1, bytes(16), bytes(32), digest(b""), actor, command, records, b"", digest(told)
    )
    entry = seal(draft, tail.seq + 1, tail.hash)
    results = bytes(house.judge.reference.apply(entry.seq, decode(records).tolist()))
    entry = seal(replace(draft, results=results), tail.seq + 1, tail.hash)
    return Stored(entry.seq, entry, b"", told)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*VERBS, "gift"]),
    st.sampled_from(["registry-maker-1", "registry-checker-1", "auditor-1", "nobody"]),
    st.lists(RECORDS, max_size=3),
    st.lists(changes(), max_size=4),
)
def test_any_changes_and_records_are_judged(house: House, command: str, actor: str, records, told_changes):
    entry = forged(house, command, actor, encode(records).tobytes(), rows.encode(told_changes))
    assert entry.entry is not None
    kept = decode(entry.entry.records).tolist()
    for finding in house.judge.business.look_at(entry.entry, entry.rows, kept, {}):
        assert finding.sentence("zh") and finding.sentence("en") and finding.as_json()


@pytest.mark.parametrize(
    "told_bytes",
    [
        b"[1]",
        b"not json",
        b'[["insert","scroll",{},{}]]',
        b'[["insert","account",{},{"depth":1}]]',
        b'"\xff"',
    ],
)
def test_row_changes_that_cannot_be_read_are_a_finding(house: House, told_bytes: bytes):
    entry = forged(house, "parties.rename", "registry-maker-1", b"", told_bytes)
    (finding,) = house.judge.business.look_at(entry.entry, told_bytes, [], {})  # type: ignore[arg-type]
    assert finding.what.code == "AUD-4004"

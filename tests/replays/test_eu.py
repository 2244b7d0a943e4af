"""The EU ETS 2013–2017 replayed from an extract of its log: every installation-year, and who was short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tanshu import audit
from tanshu.job import Progress
from tanshu.replay import runner
from tanshu.replay.loaders.eu_facts import Facts, state_of
from tanshu.replay.runner import Replay
from tests.cli.conftest import at
from tests.replays.conftest import Done, done, read

FEW = ("AT", "LU", "MT")


@pytest.fixture(scope="module")
def whole(data_dir: Path) -> Replay:
    return read("eu", data_dir / "replay" / "eu")


@pytest.fixture(scope="module")
def few(whole: Replay) -> Replay:
    """Three member states of the file."""
    facts: Facts = whole.facts
    years = tuple(one for one in facts.years if state_of(one.id) in FEW)
    names = {id: name for id, name in facts.names.items() if state_of(id) in FEW}
    return runner.planned(whole.loader, replace(facts, names=names, years=years))


@pytest.fixture(scope="module")
def few_on_both(few: Replay, module_urls: dict[str, str]) -> Iterator[dict[str, Done]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(done(url, few)) for kind, url in module_urls.items()}


@pytest.fixture(scope="module")
def all_states(whole: Replay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with done(f"sqlite:///{tmp_path_factory.mktemp('eu')}/eu.db", whole) as finished:
        yield finished


@pytest.fixture(params=["few", "whole"])
def eu(request: pytest.FixtureRequest) -> Done:
    """Three states, and the whole of it. Both on SQLite."""
    if request.param == "whole":
        return request.getfixturevalue("all_states")
    return request.getfixturevalue("few_on_both")["sqlite"]


def test_the_files_say_57060_installation_years_of_which_36477_were_short(whole: Replay) -> None:
    facts: Facts = whole.facts
    short = [one for one in facts.years if one.emitted > one.free]
    assert len(facts.years) == 57_060
    assert (len(short), len({one.id for one in short})) == (36_477, 9_790)
    emitted, free = sum(one.emitted for one in facts.years), sum(one.free for one in facts.years)
    assert (free, emitted) == (4_614_077_668, 9_321_645_063)


def test_57060_installation_years_of_which_36477_were_short(all_states: Done) -> None:
    data = all_states.data
    assert data["installation_years"] == 57_060
    assert (data["short_installation_years"], data["short_installations"]) == (36_477, 9_790)
    assert (data["free_t"], data["emissions_t"]) == (4_614_077_668, 9_321_645_063)


def test_who_is_short_is_who_emitted_more_than_was_given(eu: Done) -> None:
    facts: Facts = eu.replay.facts
    data = eu.data
    short = {(one.id, one.year): one.emitted - one.free for one in facts.years if one.emitted > one.free}
    assert {(one["installation"], one["year"]): one["short_t"] for one in data["short"]} == short
    assert data["installation_years"] == len(facts.years)
    assert (data["short_installation_years"], data["short_t"]) == (len(short), sum(short.values()))
    assert data["short_installations"] == len({id for id, _ in short})
    assert len(data["short"]) == len(short)
    assert all(one["emissions_t"] - one["free_t"] == one["short_t"] > 0 for one in data["short"])


def test_allocated_emitted_and_surrendered_to_the_tonne(eu: Done) -> None:
    facts: Facts = eu.replay.facts
    data = eu.data
    assert data["free_t"] == sum(one.free for one in facts.years)
    assert data["emissions_t"] == sum(one.emitted for one in facts.years)
    assert data["surrendered_t"] == data["emissions_t"]
    assert eu.told.held.outstanding == {"EUA-P3": data["free_t"] + data["short_t"]}
    assert eu.told.holds


def test_the_years_and_the_states_add_up(eu: Done) -> None:
    for groups in (eu.data["by_year"], eu.data["by_state"]):
        for name in ("installation_years", "free_t", "emissions_t", "short_installation_years", "short_t"):
            assert sum(one[name] for one in groups.values()) == eu.data[name]
    assert set(eu.data["by_year"]) == {"2013", "2014", "2015", "2016", "2017"}
    assert set(eu.data["by_state"]) == {state_of(one.id) for one in eu.replay.facts.years}


def test_the_whole_is_32_states(whole: Replay) -> None:
    assert len({state_of(one.id) for one in whole.facts.years}) == 32


def test_the_anomalies_of_the_files_are_listed(whole: Replay) -> None:
    found = {one.code: one for one in whole.findings}
    assert Counter(one.code for one in whole.findings) == {"RPL-3201": 1, "RPL-3203": 1}
    assert found["RPL-3201"].refusal.facts["installation"] == "HR_200696"


def test_what_is_made_up_says_so(eu: Done) -> None:
    made_up = {one.type: one.quantity for one in eu.told.made_up if one.type != "issuance"}
    short, emitted = eu.data["short_t"], eu.data["emissions_t"]
    assert made_up == {"auction": short, "free-transfer": short, "surrender": emitted}
    listed = at(eu.url)("tx", "list", "--type", "free-transfer", "--json").ok().json["transactions"]
    shown = at(eu.url)("tx", "show", listed[0]["id"], "--json").ok().json
    assert shown["details"]["synthetic"] is True


def test_the_audit_passes(few_on_both: dict[str, Done]) -> None:
    for one in few_on_both.values():
        report = audit.run(one.installation.database)
        assert report.ok, report.first_bad


def test_the_log_is_one_on_both_databases(few_on_both: dict[str, Done]) -> None:
    assert len({one.hash for one in few_on_both.values()}) == 1


class _Stopped(Exception):
    """The test pulls the plug."""


@pytest.mark.parametrize(("step", "of"), [("settlement-2013", 2), ("emissions-2015", 1)])
def test_a_stopped_replay_resumes_to_the_same_hash(
    bare_url: str, few: Replay, few_on_both: dict[str, Done], step: str, of: int
) -> None:
    def watch(now: Progress) -> None:
        if (now.step, now.done) == (step, of):
            raise _Stopped

    with pytest.raises(_Stopped):
        runner.run(bare_url, few, watch=watch)
    installation = runner.run(bare_url, few, resume=True)
    with installation.database.read() as conn:
        installation.book.catch_up(conn)
    installation.close()
    assert installation.book.tail.hash.hex() == few_on_both["sqlite"].hash


@pytest.mark.soak
def test_the_whole_is_one_on_both_databases_and_audited(
    all_states: Done, whole: Replay, postgresql_url: str
) -> None:
    with done(postgresql_url, whole) as other:
        assert other.hash == all_states.hash
        for one in (all_states, other):
            assert audit.run(one.installation.database).ok

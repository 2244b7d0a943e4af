"""The registry's approval chains and the registrations it allows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import registry_pack
from tanshu.rules.pack_model import Pack
from tanshu.rules.pack_reader import read
from tests.rules.cases import PACKAGED, code, pack

CHAINS = {
    "issuance": "registry make, registry check",
    "allocation": "province make, province check, registry approve",
    "return_of_excess": "holder make, holder check, province approve, registry approve",
    "cash_deposit": "bank make, registry check",
    "cash_withdrawal": "holder make, registry check",
    "bank_position": "registry make, registry check",
    "interest": "bank make, registry check",
    "settlement_fee": "registry make, registry check",
    "shortfall": "registry make, registry check, registry approve",
    "settlement_correction": "registry make, registry check, registry approve",
    "position_transfer": "holder make",
    "trade_settlement": "exchange make, registry check, registry approve",
    "surrender": "holder make, holder check, province approve, registry approve",
    "offset": "holder make, holder check, province approve, registry approve",
    "voluntary_cancellation": "holder make, holder check, registry approve",
    "adjustment": "province make, province check, registry approve",
    "surrender_reversal": "holder make, holder check, province approve, registry approve",
    "carry_over": "holder make, holder check, registry approve",
    "carry_over_issuance": "registry make, registry check",
    "forced_surrender": "province make, province check, registry approve",
    "helping_surrender": "giver make, giver check, province approve, registry approve",
    "entity_change": "giver make, giver check, province approve, registry check, registry approve",
    "succession": "registry make, registry check, registry approve",
    "court_order": "registry make, registry check",
    "pledge": "holder make, holder check, pledgee approve, registry check, registry approve",
    "pledge_release": "pledgee make, pledgee check, registry approve",
    "pledge_substitution": "holder make, holder check, pledgee approve, registry approve",
    "pledge_enforcement": "pledgee make, pledgee check, registry check, registry approve",
    "correction": "registry make, registry check",
    "closing": "registry make, registry check",
    "surplus_cancellation": "province make, province check, registry approve",
}


def test_who_makes_checks_and_approves() -> None:
    chains = registry_pack.chains(pack("cn.registry"))
    assert set(chains) == set(CHAINS)
    for key, steps in CHAINS.items():
        chain = chains[key]
        assert ", ".join(f"{step.by} {step.act}" for step in chain.steps) == steps, key
        assert chain.key == key and chain.name.zh and chain.name.en
        assert (chain.note is None) is (chain.source.evidence == "confirmed")


def test_the_national_registry_has_no_free_transfer_and_cancels_no_surplus() -> None:
    enabled = registry_pack.enabled_types(pack("cn.registry"))
    assert {"surrender", "carry-over", "judicial-freeze", "pledge", "closing-transfer"} < set(enabled)
    assert not {"free-transfer", "surplus-cancellation", "auction", "credit-issuance"} & set(enabled)


def test_the_day_of_submission_decides_whether_a_surrender_is_in_time() -> None:
    assert registry_pack.surrender_date(pack("cn.registry")) == "submission"


def test_nobody_has_decided_who_goes_first_in_the_national_registry() -> None:
    policy = registry_pack.claims_policy(pack("cn.registry"), date(2024, 6, 1))
    assert not isinstance(policy, Refusal)
    assert (policy.rule, policy.order, policy.in_force_from) == (None, (), date(2021, 5, 14))
    assert policy.note is not None and "assumed" in policy.note.en


def test_before_the_first_policy_and_without_any_the_question_is_refused() -> None:
    assert code(registry_pack.claims_policy(pack("cn.registry"), date(2021, 5, 13))) == "RULE-1501"
    assert code(registry_pack.claims_policy(pack("uk.registry"), date(2024, 1, 1))) == "RULE-1501"


POLICIES = """
[claims.later]
in_force_from = 2025-01-01
rule = "by_class"
order = ["duty", "court", "pledge"]
source = "rules"
evidence = "assumed"

[claims.undecided]
in_force_from = 2021-05-14
rule = "first_come"
"""


def with_policies(folder: Path, text: str) -> Pack | Refusal:
    """The national pack with its one policy replaced."""
    lines = (PACKAGED / "cn" / "registry.toml").read_text(encoding="utf-8")
    start = lines.index("[claims.undecided]")
    end = lines.index('source = "rules"', start)
    path = folder / "cn" / "registry.toml"
    path.parent.mkdir()
    path.write_text(lines[:start] + text.strip() + "\n" + lines[end:], encoding="utf-8")
    return read(path, "cn.registry")


def test_the_policy_of_the_day_decides(tmp_path: Path) -> None:
    found = with_policies(tmp_path, POLICIES)
    assert not isinstance(found, Refusal)
    old = registry_pack.claims_policy(found, date(2024, 12, 31))
    new = registry_pack.claims_policy(found, date(2025, 1, 1))
    assert not isinstance(old, Refusal) and not isinstance(new, Refusal)
    assert (old.rule, old.order) == ("first_come", ())
    assert (new.rule, new.order) == ("by_class", ("duty", "court", "pledge"))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('order = ["duty", "court", "pledge"]', 'order = ["duty", "court"]', "claims.later.order"),
        ('order = ["duty", "court", "pledge"]', "", "claims.later.order"),
        ('rule = "first_come"', 'rule = "first_come"\norder = ["duty"]', "claims.undecided.order"),
        ("2025-01-01", "2021-05-14", "claims.later.in_force_from"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, place: str) -> None:
    found = with_policies(tmp_path, POLICIES.replace(old, new))
    assert code(found) == "RULE-1110"
    assert isinstance(found, Refusal) and found.field == place


def test_periods_of_the_national_registry() -> None:
    cn = pack("cn.registry")
    assert registry_pack.freeze_periods(cn) == registry_pack.FreezePeriods(1095, 1095)
    assert registry_pack.objection_periods(cn) == registry_pack.ObjectionPeriods(7, 10)
    assert registry_pack.keep_years(cn) == 20
    papers = registry_pack.onboarding(cn)
    assert (papers.review_working_days, papers.confirm_people, papers.annual_review_by) == (5, False, None)
    assert "business_licence" in papers.documents


@pytest.mark.parametrize(
    "ask",
    [
        registry_pack.freeze_periods,
        registry_pack.objection_periods,
        registry_pack.keep_years,
        registry_pack.onboarding,
    ],
)
def test_a_register_without_the_procedure_says_so(ask) -> None:
    with pytest.raises(Refused) as refused:
        ask(pack("uk.registry"))
    assert code(refused.value.refusal) == "RULE-1202"


@pytest.mark.parametrize(
    "ask", [registry_pack.chains, registry_pack.enabled_types, registry_pack.surrender_date]
)
def test_another_kind_of_pack_raises_the_refusal(ask) -> None:
    with pytest.raises(Refused) as refused:
        ask(pack("cn.power.2023"))
    assert code(refused.value.refusal) == "RULE-1203"

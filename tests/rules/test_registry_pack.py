"""The registry's approval chains and the registrations it allows."""

from __future__ import annotations

import pytest

from tanshu.base.refusal import Refused
from tanshu.rules import registry_pack
from tests.rules.cases import code, pack

CHAINS = {
    "issuance": "registry make, registry check",
    "allocation": "province make, province check, registry approve",
    "return_of_excess": "holder make, holder check, province approve, registry approve",
    "cash_deposit": "bank make, registry check",
    "position_transfer": "holder make",
    "trade_settlement": "exchange make, registry check, registry approve",
    "surrender": "holder make, holder check, province approve, registry approve",
    "offset": "holder make, holder check, province approve, registry approve",
    "voluntary_cancellation": "holder make, holder check, registry approve",
    "adjustment": "province make, province check, registry approve",
}


def test_who_makes_checks_and_approves() -> None:
    chains = registry_pack.chains(pack("cn.registry"))
    assert set(chains) == set(CHAINS)
    for key, steps in CHAINS.items():
        chain = chains[key]
        assert ", ".join(f"{step.by} {step.act}" for step in chain.steps) == steps, key
        assert chain.key == key and chain.name.zh and chain.name.en
        assert (chain.note is None) is (chain.source.evidence == "confirmed")


def test_enabled_types_leave_out_the_free_transfer() -> None:
    assert registry_pack.enabled_types(pack("cn.registry")) == (
        "issuance",
        "pre-allocation",
        "final-allocation",
        "return-of-excess",
        "cash-deposit",
        "position-transfer",
        "trade-settlement",
        "surrender",
        "offset",
        "voluntary-cancellation",
        "administrative-adjustment",
    )


def test_the_day_of_submission_decides_whether_a_surrender_is_in_time() -> None:
    assert registry_pack.surrender_date(pack("cn.registry")) == "submission"


@pytest.mark.parametrize(
    "ask", [registry_pack.chains, registry_pack.enabled_types, registry_pack.surrender_date]
)
def test_another_kind_of_pack_raises_the_refusal(ask) -> None:
    with pytest.raises(Refused) as refused:
        ask(pack("cn.power.2023"))
    assert code(refused.value.refusal) == "RULE-1203"

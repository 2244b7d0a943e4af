"""`tanshu instrument`: a cap is given, kept, and shown."""

from __future__ import annotations

from tests.cli.conftest import Tanshu

DEFINE = (
    "instrument",
    "define",
    "CEA23",
    "--kind",
    "allowance",
    "--title-zh",
    "2023年度配额",
    "--vintage",
    "2023",
)
CREDIT = ("instrument", "define", "CCER", "--kind", "credit", "--title-zh", "核证自愿减排量")
CLERK = ("--as", "registry-maker-1")


def test_a_cap_is_shown_in_the_list(tanshu: Tanshu) -> None:
    assert tanshu(*DEFINE, "--cap", "0", *CLERK, "--json").refusal == "BASE-1002"
    tanshu(*DEFINE, "--cap", "1,500", *CLERK).ok()
    tanshu(*CREDIT, *CLERK).ok()
    listed = tanshu("instrument", "list", "--json").json["instruments"]
    assert [(one["instrument"], one["cap"]) for one in listed] == [("CEA23", 1_500), ("CCER", None)]
    assert "1,500" in tanshu("instrument", "list").ok().out

"""`tanshu instrument`: a cap is given, kept, and shown."""

from __future__ import annotations

from tests.cli.conftest import Tanshu

DEFINE = ("instrument", "define", "CEA23", "--kind", "allowance", "--title-zh", "2023年度配额", "--vintage", "2023")
CLERK = ("--as", "registry-maker-1")


def test_a_cap_is_shown_in_the_list(tanshu: Tanshu) -> None:
    tanshu(*DEFINE, "--cap", "1,500", *CLERK)
    tanshu("instrument", "define", "CCER", "--kind", "credit", "--title-zh", "核证自愿减排量", *CLERK)
    listed = tanshu("instrument", "list").json["instruments"]
    assert [(one["instrument"], one["cap"]) for one in listed] == [("CEA23", 1_500), ("CCER", None)]


def test_a_cap_of_nothing_is_refused(tanshu: Tanshu) -> None:
    tanshu.refused("BASE-2002", *DEFINE, "--cap", "0", *CLERK)

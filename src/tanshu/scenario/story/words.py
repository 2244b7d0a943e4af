"""The words of a story for people and accounts: 甲电厂复核 is a person, 甲电厂登记 an account."""

from __future__ import annotations

from collections.abc import Mapping

from tanshu.parties.model import AccountKind

ROLES = {
    "经办": "maker-1",
    "复核": "checker-1",
    "审批": "checker-2",
    "兼办": "both-1",
    "交易员": "trader-1",
    "交易员二": "trader-2",
}
"""What somebody is for a subject; 兼办 may make and check, and still not both in one transaction."""
ACCOUNTS = {
    "登记": AccountKind.REGISTRATION,
    "交易": AccountKind.TRADING,
    "资金": AccountKind.CASH,
    "省级": AccountKind.PROVINCIAL,
    "国家": AccountKind.NATIONAL,
    "发行": AccountKind.ISSUANCE,
    "清缴": AccountKind.SURRENDER,
    "注销": AccountKind.CANCELLATION,
    "结转": AccountKind.RECALL,
    "抵销": AccountKind.OFFSET,
    "外部": AccountKind.EXTERNAL,
    "银行户": AccountKind.BANK,
    "费用户": AccountKind.FEES,
    "准备金": AccountKind.RESERVE,
    "自有资金": AccountKind.OWN_FUNDS,
    "过渡户": AccountKind.POOL,
}


def subject_of(person: str) -> str:
    """The subject in the word for one of its people: 甲电厂 of 甲电厂经办; a word without role is itself."""
    role = next((role for role in sorted(ROLES, key=len, reverse=True) if person.endswith(role)), "")
    return person.removesuffix(role)


class Cast:
    """Who is meant by 甲电厂复核, which account by 甲电厂登记.

    subjects: word → (handle, the beginning of the names of its people). Longer words are tried first.
    """

    def __init__(self, subjects: Mapping[str, tuple[str, str]]):
        self.subjects = dict(sorted(subjects.items(), key=lambda item: -len(item[0])))

    def handle(self, word: str) -> str | None:
        known = self.subjects.get(word)
        return known[0] if known else None

    def person(self, word: str) -> str | None:
        """The role holder meant by a word; a handle means itself."""
        for name, (_, prefix) in self.subjects.items():
            if word.startswith(name) and word[len(name) :] in ROLES:
                return f"{prefix}-{ROLES[word[len(name) :]]}"
        return word if word.isascii() else None

    def account(self, word: str) -> tuple[str, AccountKind] | None:
        for name, (handle, _) in self.subjects.items():
            if word.startswith(name) and word[len(name) :] in ACCOUNTS:
                return handle, ACCOUNTS[word[len(name) :]]
        return None

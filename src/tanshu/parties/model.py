"""The types of parties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text
from tanshu.book.records import AccountFlag


class SubjectKind(StrEnum):
    ENTERPRISE = "enterprise"
    INSTITUTION = "institution"
    INDIVIDUAL = "individual"
    AUTHORITY = "authority"
    REGISTRY = "registry"
    EXCHANGE = "exchange"
    BANK = "bank"


SUBJECT_LABELS = {
    SubjectKind.ENTERPRISE: Text("重点排放单位/企业", "enterprise"),
    SubjectKind.INSTITUTION: Text("机构", "institution"),
    SubjectKind.INDIVIDUAL: Text("个人", "individual"),
    SubjectKind.AUTHORITY: Text("主管部门", "authority"),
    SubjectKind.REGISTRY: Text("登记机构", "registry"),
    SubjectKind.EXCHANGE: Text("交易机构", "exchange"),
    SubjectKind.BANK: Text("银行", "bank"),
}
NEED_CREDIT_CODE = (SubjectKind.ENTERPRISE, SubjectKind.INSTITUTION)
HOLDERS = (SubjectKind.ENTERPRISE, SubjectKind.INSTITUTION, SubjectKind.INDIVIDUAL)


class AccountKind(StrEnum):
    NATIONAL = "national"
    PROVINCIAL = "provincial"
    REGISTRATION = "registration"
    TRADING = "trading"
    CASH = "cash"
    ISSUANCE = "issuance"
    SURRENDER = "surrender"
    CANCELLATION = "cancellation"
    OFFSET = "offset"
    RECALL = "recall"
    EXTERNAL = "external"
    BANK = "bank"
    FEES = "fees"
    RESERVE = "reserve"
    OWN_FUNDS = "own-funds"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class AccountType:
    """What an account of a kind is: its letter in account codes, its words, who may have one, its flags."""

    letter: str
    label: Text
    owners: tuple[SubjectKind, ...]
    flags: AccountFlag = AccountFlag.NONE

    @property
    def is_system(self) -> bool:
        """Is it none that a holder has?"""
        return not set(HOLDERS) <= set(self.owners)


ACCOUNT_TYPES = {
    AccountKind.NATIONAL: AccountType("N", Text("国家登记", "national"), (SubjectKind.AUTHORITY,)),
    AccountKind.PROVINCIAL: AccountType("P", Text("省级登记", "provincial"), (SubjectKind.AUTHORITY,)),
    AccountKind.REGISTRATION: AccountType("R", Text("登记", "registration"), HOLDERS),
    AccountKind.TRADING: AccountType("T", Text("交易", "trading"), HOLDERS),
    AccountKind.CASH: AccountType("C", Text("资金", "cash"), (*HOLDERS, SubjectKind.AUTHORITY)),
    AccountKind.ISSUANCE: AccountType(
        "I", Text("发行", "issuance"), (SubjectKind.REGISTRY,), AccountFlag.OVERDRAFT
    ),
    # Sinks only receive: what is surrendered or cancelled never comes back by an ordinary transfer.
    AccountKind.SURRENDER: AccountType(
        "S", Text("清缴", "surrender"), (SubjectKind.REGISTRY,), AccountFlag.NO_DEBIT
    ),
    AccountKind.CANCELLATION: AccountType(
        "X", Text("自愿注销", "voluntary cancellation"), (SubjectKind.REGISTRY,), AccountFlag.NO_DEBIT
    ),
    AccountKind.OFFSET: AccountType(
        "O", Text("抵销", "offset"), (SubjectKind.REGISTRY,), AccountFlag.NO_DEBIT
    ),
    AccountKind.RECALL: AccountType(
        "K", Text("结转收回", "recall for carry-over"), (SubjectKind.REGISTRY,), AccountFlag.NO_DEBIT
    ),
    AccountKind.EXTERNAL: AccountType(
        "E", Text("外部来源", "external source"), (SubjectKind.REGISTRY,), AccountFlag.OVERDRAFT
    ),
    AccountKind.BANK: AccountType(
        "B", Text("结算银行", "settlement bank"), (SubjectKind.BANK,), AccountFlag.OVERDRAFT
    ),
    # The house's own money; and where net models meet: empty before and after every delivery.
    AccountKind.FEES: AccountType("F", Text("费用", "fees"), (SubjectKind.REGISTRY, SubjectKind.EXCHANGE)),
    AccountKind.RESERVE: AccountType(
        "V", Text("结算风险准备金", "settlement risk reserve"), (SubjectKind.REGISTRY,)
    ),
    AccountKind.OWN_FUNDS: AccountType("H", Text("自有资金", "own funds"), (SubjectKind.REGISTRY,)),
    AccountKind.POOL: AccountType("U", Text("交收过渡", "delivery pool"), (SubjectKind.REGISTRY,)),
}


class AccountState(StrEnum):
    OPEN = "open"
    RESTRICTED = "restricted"
    BLOCKED = "blocked"
    """The audit disagrees with it: it neither gives nor receives until two people have looked."""
    CLOSED = "closed"


STATE_LABELS = {
    AccountState.OPEN: Text("正常", "open"),
    AccountState.RESTRICTED: Text("限制使用", "restricted"),
    AccountState.BLOCKED: Text("稽核封停", "blocked by the audit"),
    AccountState.CLOSED: Text("已注销", "closed"),
}
STATE_STEPS = {
    AccountState.OPEN: (AccountState.RESTRICTED, AccountState.CLOSED),
    AccountState.RESTRICTED: (AccountState.OPEN, AccountState.CLOSED),
    AccountState.BLOCKED: (),
    AccountState.CLOSED: (),
}
"""What a clerk may do. Blocking and its end have verbs of their own (blocking.py)."""


class Right(StrEnum):
    MAKER = "maker"
    CHECKER = "checker"
    AUDITOR = "auditor"
    """May block an account, alone and at once, and nothing else."""
    TRADER = "trader"
    """May give orders on a market that admitted them as an operator."""


RIGHT_LABELS = {
    Right.MAKER: Text("经办", "maker"),
    Right.CHECKER: Text("复核", "checker"),
    Right.AUDITOR: Text("稽核", "auditor"),
    Right.TRADER: Text("交易员", "trader"),
}
AUDITING = (SubjectKind.REGISTRY, SubjectKind.AUTHORITY)
"""Whose people may be auditors."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who takes part. handle: the credit code where there is one, else a chosen short name.

    region is the six-digit administrative division (GB/T 2260), "" where it does not apply.
    """

    id: str
    handle: str
    kind: SubjectKind
    name: str
    uscc: str | None
    region: str
    fictional: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a subject. number is the book's; code is what people write.

    finding: the number of the audit's finding for which it is blocked, "" while it is not.
    """

    number: int
    code: str
    subject_id: str
    kind: AccountKind
    state: AccountState
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts for a subject, by handle; no personal data.

    acting_for: whose right they use as a substitute, where they were asked for one they do not have. lenders:
    everybody who lent it to them.
    """

    handle: str
    subject_id: str
    rights: tuple[Right, ...]
    active: bool
    dismissed: bool = False
    named_by: str = ""
    acting_for: str = ""
    lenders: frozenset[str] = frozenset()

    @property
    def hands(self) -> frozenset[str]:
        """Everybody who acts when this person does: nobody of them may act again in the same matter."""
        return self.lenders | {self.handle}


# -- commands ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewPerson:
    handle: str
    rights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Establish:
    """Found the register: its institution, its first role holders, its sources and sinks."""

    jurisdiction: str
    handle: str
    name: str
    people: tuple[NewPerson, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """Register a subject with its accounts and the people who act for it."""

    kind: str
    name: str
    handle: str = ""
    uscc: str = ""
    region: str = ""
    fictional: bool = False
    name_since: date | None = None
    accounts: tuple[str, ...] = ()
    people: tuple[NewPerson, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenAccount:
    handle: str
    kind: str


@dataclass(frozen=True, slots=True)
class Appoint:
    handle: str
    person: NewPerson


@dataclass(frozen=True, slots=True)
class ConfirmPerson:
    handle: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    handle: str


@dataclass(frozen=True, slots=True)
class Rename:
    handle: str
    name: str
    since: date


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was handed in: what it is, and its bytes' hash. The bytes lie in the vault.

    title says what it is, never whose: the log keeps it for ever.
    """

    kind: str
    sha256: str
    size: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A bank account as the register hears of it; its number is sealed in the vault.

    name: the account's, compared with the subject's and not kept. last4: the end of its number. sealed: the
    hash of the salted document in the vault that holds the whole of it.
    """

    bank: str
    name: str
    last4: str
    sealed: str


@dataclass(frozen=True, slots=True)
class SetState:
    """Ask that an account be restricted, restored or closed; a second person decides (`DecideChange`)."""

    account: str
    state: str
    documents: tuple[Document, ...] = ()


class ChangeKind(StrEnum):
    STATE = "state"
    NAME = "name"
    BANK = "bank"
    CONTACT = "contact"
    PEOPLE = "people"


CHANGE_LABELS = {
    ChangeKind.STATE: Text("账户状态", "state of an account"),
    ChangeKind.NAME: Text("名称", "name"),
    ChangeKind.BANK: Text("银行账户", "bank account"),
    ChangeKind.CONTACT: Text("联系方式", "contact data"),
    ChangeKind.PEOPLE: Text("经办人", "role holders"),
}


@dataclass(frozen=True, slots=True)
class AskChange:
    """Ask for a change of what is recorded of a subject: its bank account, contact data or role holders.

    kind: bank, contact or people; each uses its own fields. contact: the hash of the sealed contact data.
    Names and states have commands of their own.
    """

    handle: str
    kind: str
    bank: BankAccount | None = None
    contact: str = ""
    appoint: tuple[NewPerson, ...] = ()
    dismiss: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class DecideChange:
    """Put a change into effect, as a second person, or decline it."""

    change: str
    accept: bool = True
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Stop an account over a finding of the audit.

    finding: its number, AUD-nnnn. seq: the entry it concerns. note: what was found, in words. system: yes,
    even where the whole market goes through this account.
    """

    account: str
    finding: str
    seq: int | None = None
    note: str = ""
    system: bool = False


@dataclass(frozen=True, slots=True)
class Unblock:
    """Ask for the end of a block, or, as a second person, grant it."""

    account: str

"""Papers of an application: what must be handed in, what of it the log may know, and how the rest is sealed.

A bank account's number, contact data and an individual's name are personal: they lie in the vault, in short
documents salted with the vault's secret. The log holds their hashes, which tell nothing to whoever lacks it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.base.vault import Vault
from tanshu.parties import forms
from tanshu.parties.model import BankAccount, Document, SubjectKind
from tanshu.parties.onboarding import checks

DOCUMENT_LABELS: Mapping[str, Text] = {
    "application_form": Text("开户申请表", "application form"),
    "business_licence": Text("营业执照", "business licence"),
    "legal_representative_id": Text("法定代表人身份证明", "identity of the legal representative"),
    "authorisation_letter": Text("授权委托书", "letter of authorisation"),
    "agent_id": Text("经办人身份证明", "identity of the agent"),
    "bank_account_proof": Text("银行账户证明", "proof of the bank account"),
}
"""How papers are called that packs ask for; one that is not here is called as the pack calls it."""
OF_ORGANISATIONS = frozenset({"business_licence", "legal_representative_id", "authorisation_letter"})
"""Papers that an individual does not have."""

_HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"\d{8,30}")
_LAST4 = re.compile(r"\d{4}")
_BLANKS = re.compile(r"[\s\-]+")


def label(kind: str) -> Text:
    return DOCUMENT_LABELS.get(kind, Text(kind, kind))


def needed(kind: SubjectKind, documents: Sequence[str]) -> tuple[str, ...]:
    """The papers that a subject of this kind hands in, of those that the pack names."""
    individual = kind is SubjectKind.INDIVIDUAL
    return tuple(one for one in documents if not (individual and one in OF_ORGANISATIONS))


def missing_flaw(needed: Sequence[str], documents: Sequence[Document]) -> Refusal | None:
    """Which of the papers needed are not there (PAR-5104)."""
    there = {one.kind for one in documents}
    missing = [label(kind) for kind in needed if kind not in there]
    if not missing:
        return None
    named = Text("、".join(one.zh for one in missing), ", ".join(one.en for one in missing))
    return checks.DOCUMENTS_MISSING(field="documents", missing=named)


def documents_flaw(documents: Sequence[Document]) -> Refusal | None:
    """The first document that is not written down as one (PAR-5103)."""
    for n, one in enumerate(documents):
        if not one.kind.strip() or one.size <= 0 or not _HASH.fullmatch(one.sha256):
            return checks.DOCUMENT_FORM(field=f"documents[{n}]", what=label(one.kind))
    return None


def hash_flaw(sha256: str, field: str) -> Refusal | None:
    if _HASH.fullmatch(sha256):
        return None
    return checks.DOCUMENT_FORM(field=field, what=Text("密封资料", "A sealed document"))


def bank_flaw(kind: SubjectKind, name: str, bank: BankAccount) -> Refusal | None:
    """Why this is no bank account of a subject with this name: the account must bear the subject's name."""
    if not bank.bank.strip() or not _LAST4.fullmatch(bank.last4) or not _HASH.fullmatch(bank.sealed):
        return checks.BANK_FORM(field="bank")
    # Of an individual the register may know no more than the first character.
    if _same(name) not in (_same(bank.name), _same(forms.told_name(kind, bank.name))):
        return checks.BANK_NAME(field="bank.name", name=forms.told_name(kind, name))
    return None


def bank_facts(bank: BankAccount) -> dict[str, Any]:
    """What of a bank account goes into the log."""
    return {"bank": bank.bank.strip(), "last4": bank.last4, "sha256": bank.sealed}


def _same(name: str) -> str:
    """A name without what scribes write differently: full-width letters and brackets, blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))


# -- sealing, at the door ----------------------------------------------------------------------------------


def keep(vault: Vault, kind: str, data: bytes) -> Document:
    """Put a paper into the vault; what the log may know of it. Raises Refused BASE-14xx."""
    kept = vault.put(data, label(kind).en)
    return Document(kind, kept.sha256, kept.size)


def seal_bank(vault: Vault, key: bytes, bank: str, name: str, number: str) -> BankAccount:
    """Put a bank account into the vault. key: the command's, so that a repeated command says the same.

    Raises Refused PAR-5102 (the number is none), BASE-14xx.
    """
    digits = _BLANKS.sub("", number)
    if not bank.strip() or not (digits.isascii() and _NUMBER.fullmatch(digits)):
        raise Refused(checks.BANK_FORM(field="bank"))
    facts = {"bank": bank.strip(), "name": name.strip(), "number": digits}
    return BankAccount(bank.strip(), name.strip(), digits[-4:], _seal(vault, key, "bank account", facts))


def seal_contact(vault: Vault, key: bytes, facts: Mapping[str, str]) -> str:
    """Put contact data into the vault; the hash of what was sealed. Raises Refused BASE-14xx."""
    return _seal(vault, key, "contact", facts)


def _seal(vault: Vault, key: bytes, about: str, facts: Mapping[str, str]) -> str:
    sealed = {"about": about, "salt": vault.salt(key + about.encode()), **facts}
    return vault.put(canonical(sealed), about).sha256

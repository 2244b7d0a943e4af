"""Rounds of allocation tables on the small market: upload, letter, comparison, loading, approval."""

from __future__ import annotations

from datetime import date
from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.text import Text
from tanshu.book.commit import Answer, Outcome
from tanshu.compliance import upload_loading, uploads
from tanshu.compliance.upload_model import CompareUpload, KeySealedLetter, UploadAllocation, UploadedRow
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import batches
from tests.support.market import YEAR, Market

MAKER, CHECKER = "hubei-maker-1", "hubei-checker-1"
CLERK, REVIEWER = "registry-maker-1", "registry-checker-1"
SHA = digest(b"a table").hex()
NAMES = {"a": "甲电厂", "b": "乙电厂"}

Cells = dict[str, object]


class Round:
    """One round on a market: who does what, in short words."""

    def __init__(self, market: Market, stage: str = "pre"):
        self.market, self.stage = market, stage

    def row(self, n: int, handle: str, quantity: object, **cells: object) -> UploadedRow:
        """A row of the table; a pre-allocation's fact is last year's emissions, a final one's two figures."""
        with self.market.database.read() as conn:
            subject = parties.subject(conn, handle)
        name = getattr(subject, "name", "-")
        facts: Cells = (
            {"last_verified_t": 1_000_000}
            if self.stage == "pre"
            else {"verified_t": 1_000_000, "pre_allocated_t": 0}
        )
        told = {"credit_code": handle, "name": name, "quantity": quantity, **facts, **cells}
        return UploadedRow(n, {column: str(value) for column, value in told.items()})

    def upload(self, *rows: UploadedRow, actor: str = MAKER, **changes: Any) -> Outcome:
        told: dict[str, Any] = {
            "authority": "hubei",
            "year": YEAR,
            "stage": self.stage,
            "file": "table.xlsx",
            "sheet": "Sheet1",
            "sha256": SHA,
            "size": 1_000,
            "rows": rows,
        }
        return uploads.upload_allocation(self.market.ctx(actor), UploadAllocation(**{**told, **changes}))

    def letter(self, count: int, total_t: int, actor: str = CLERK, **changes: Any) -> Outcome:
        told: dict[str, Any] = {
            "authority": "hubei",
            "year": YEAR,
            "stage": self.stage,
            "number": "鄂环函〔2024〕1号",
            "dated": date(2024, 1, 2),
            "count": count,
            "total_t": total_t,
            "sha256": SHA,
        }
        return uploads.key_sealed_letter(self.market.ctx(actor), KeySealedLetter(**{**told, **changes}))

    def compare(self, upload: str, letter: str, actor: str = REVIEWER) -> Outcome:
        return uploads.compare_upload(self.market.ctx(actor), CompareUpload(upload, letter))

    def load(self, upload: str, first: int = 0, count: int = 500, actor: str = MAKER) -> Outcome:
        body = upload_loading.LoadUpload(upload, first, count, batch="round")
        return upload_loading.load_upload(self.market.ctx(actor), body)

    def approve(self, actor: str, *ids: str) -> Outcome:
        return batches.approve_many(self.market.ctx(actor), batches.DecideMany(ids))

    def stage_units(self, quantity: int, instrument: str = "CEA23") -> None:
        own = self.market.account("hubei", AccountKind.PROVINCIAL)
        self.market.done(CLERK, "issuance", (instrument, quantity, "", own), by=(REVIEWER,))

    def accepted_upload(self, *rows: UploadedRow) -> str:
        """Upload, key the right letter, compare: the accepted upload's id."""
        uploaded = self.market.accepted(self.upload(*rows))
        letter = self.market.accepted(self.letter(len(rows), uploaded["total_t"]))
        compared = self.market.accepted(self.compare(uploaded["upload"], letter["letter"]))
        assert compared["state"] == "accepted", compared
        return uploaded["upload"]

    def carried_out(self, *rows: UploadedRow, issued: int) -> Answer:
        """A whole round: everything in force. issued: tonnes brought to the province's account first."""
        self.stage_units(issued)
        loaded = self.market.accepted(self.load(self.accepted_upload(*rows)))
        ids = loaded["transactions"]
        if ids:
            for person in (CHECKER, REVIEWER):
                self.market.accepted(self.approve(person, *ids))
        if loaded["to_confirm"]:
            body = upload_loading.ConfirmMany(YEAR, self.stage, tuple(loaded["to_confirm"]))
            self.market.accepted(upload_loading.confirm_many(self.market.ctx(CHECKER), body))
        return loaded


def sentence(text: Text) -> str:
    return f"{text.zh} {text.en}"

"""The kind of scenario "allocation-round": a province's allocation at scale, and what comes after it.

Upload with a wrong sealed total (returned whole), then the right one; decisions and transactions in parts;
objections; adjustments; deductions with the worked example of the draft. Two years later, those that paid in
time carry what is left over into a new vintage. The commands are in `allocation_round_plan` and
`allocation_round_carry_over`, the entities in `allocation_round_model`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from tanshu.app import Installation
from tanshu.base.text import Lang, Text
from tanshu.job import Job, Step
from tanshu.scenario import allocation_round_carry_over as carry_over
from tanshu.scenario.allocation_round_model import Round
from tanshu.scenario.allocation_round_plan import Plan
from tanshu.scenario.folder import Folder
from tanshu.scenario.result import Result


@dataclass(frozen=True, slots=True)
class AllocationRound:
    """A round read and planned, ready to run."""

    folder: Folder
    round: Round
    steps: tuple[Step, ...]

    @property
    def job(self) -> Job:
        return self.folder.job(self.round.seed, self.round.dates["opening"], self.steps)

    def told(self, conn: Connection, step: str, lang: Lang) -> str:
        from tanshu.scenario import allocation_round_summary as summary

        return summary.told(conn, self.round, step, lang)

    def result(self, installation: Installation) -> Result:
        from tanshu.scenario import allocation_round_summary as summary

        return summary.result(installation, self.round)


def load(folder: Folder) -> AllocationRound:
    """Read the folder and generate its entities. Raises Refused SCN-1xxx (its file)."""
    read = Round(folder)
    return AllocationRound(folder, read, steps(read))


def steps(round: Round) -> tuple[Step, ...]:
    """The round, in order. Every step's commands follow from the facts alone."""
    plan = Plan(round)
    return (
        Step("institutions", Text("机构与产品", "institutions and instruments"), plan.institutions),
        Step("accounts", Text("开户", "accounts"), plan.accounts),
        Step("lists", Text("名录与上年排放", "the year's list, last year's emissions"), plan.lists),
        Step("deductions", Text("扣减", "deductions owed"), plan.deductions),
        Step("pre-upload", Text("预分配上传", "pre-allocation: upload and seal"), plan.upload("pre")),
        Step("pre-issue", Text("预分配发行", "pre-allocation: issuance"), plan.issue("pre")),
        Step("pre-load", Text("预分配", "pre-allocation: decisions and chain"), plan.load("pre")),
        Step("verification", Text("核查数据", "verified activity and emissions"), plan.verification),
        Step("final-upload", Text("核定上传", "final allocation: upload and seal"), plan.upload("final")),
        Step("final-issue", Text("核定发行", "final allocation: issuance"), plan.issue("final")),
        Step("final-load", Text("核定分配", "final allocation: decisions and chain"), plan.load("final")),
        Step("objections", Text("异议", "objections"), plan.objections),
        Step("decisions", Text("异议决定", "decisions on objections"), plan.decisions),
        Step("adjustments", Text("异议调整", "adjustments after objections"), plan.adjustments),
        Step("changed", Text("核查变更调整", "adjustments after changed verification"), plan.changed),
        *carry_over.steps(round),
    )

"""The commands of an allocation round: founding, the round itself, objections, adjustments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.ids import derived_id, scenario_key
from tanshu.book.commit import Context, Outcome
from tanshu.compliance.adjustment import Adjust, adjust
from tanshu.compliance.deductions import (
    ConfirmDeduction,
    RecordDeduction,
    confirm_deduction,
    record_deduction,
)
from tanshu.compliance.objections import (
    ConfirmObjection,
    DecideObjection,
    FileObjection,
    confirm_objection,
    decide_objection,
    file_objection,
)
from tanshu.compliance.upload_loading import ConfirmMany, LoadUpload, confirm_many, load_upload
from tanshu.compliance.upload_model import CompareUpload, KeySealedLetter, UploadAllocation, UploadedRow
from tanshu.compliance.uploads import compare_upload, key_sealed_letter, upload_allocation
from tanshu.job import Command, Desk
from tanshu.mrv import service as mrv
from tanshu.parties.bulk import Enrol, enrol
from tanshu.parties.model import AccountKind, NewPerson, Register, SubjectKind
from tanshu.parties.service import register
from tanshu.registry.batches import DecideMany, approve_many, parts
from tanshu.registry.model import Decide, DefineInstrument, Propose, ProposedLine
from tanshu.registry.service import approve, define_instrument, propose
from tanshu.scenario.allocation_round_model import REGION, Entity, Round

CLERK, REVIEWER = "registry-maker-1", "registry-checker-1"
PROVINCE = "example-province"
MAKER, CHECKER = f"{PROVINCE}-maker-1", f"{PROVINCE}-checker-1"
ROWS_AT_ONCE = 1_000
DAY = timedelta(days=1)


class Plan:
    """The commands of each step."""

    def __init__(self, round: Round):
        self.round = round

    # -- founding ------------------------------------------------------------------------------------------

    def institutions(self, _desk: Desk) -> list[Command]:
        day, year = self.round.dates["opening"], self.round.year
        province = Register(
            SubjectKind.AUTHORITY,
            "示例省生态环境厅(虚构)",
            PROVINCE,
            region=REGION,
            fictional=True,
            accounts=(AccountKind.PROVINCIAL,),
            people=_people(PROVINCE),
        )
        code = f"CEA{year % 100}"
        allowance = DefineInstrument(
            code, "allowance", f"碳排放配额 {code}", f"emission allowance {code}", year
        )
        return [Command(CLERK, register, province, day), Command(CLERK, define_instrument, allowance, day)]

    def accounts(self, _desk: Desk) -> list[Command]:
        day = self.round.dates["opening"]
        alone = [Command(CLERK, register, _entity(one, people=True), day) for one in self.round.acting]
        others = [_entity(one) for one in self.round.entities[self.round.people :]]
        return [
            *alone,
            *(Command(CLERK, enrol, Enrol(some), day) for some in _chunks(others, ROWS_AT_ONCE)),
        ]

    def lists(self, _desk: Desk) -> list[Command]:
        day, year, note = self.round.dates["opening"], self.round.year, self.round.stamp.zh
        listed = [mrv.ListedEntity(one.code, note="") for one in self.round.entities]
        emitted = [mrv.EntityEmissions(one.code, one.last_verified_t) for one in self.round.entities]
        return [
            *(
                Command(MAKER, mrv.list_entities, mrv.ListEntities(year, some), day)
                for some in _chunks(listed, ROWS_AT_ONCE)
            ),
            *(
                Command(MAKER, mrv.import_emissions, mrv.ImportEmissions(year - 1, some, note), day)
                for some in _chunks(emitted, ROWS_AT_ONCE)
            ),
        ]

    def deductions(self, desk: Desk) -> list[Command]:
        day = self.round.dates["deductions"]
        commands: list[Command] = []
        for one in self.round.entities:
            if one.deduction_t:
                body = RecordDeduction(
                    one.code, one.deduction_t, f"示例罚决〔2023〕{one.n + 1}号", day - 30 * DAY, "示例依据"
                )
                id = derived_id("DED", desk.key(len(commands)))
                commands += [
                    Command(MAKER, record_deduction, body, day),
                    Command(CHECKER, confirm_deduction, ConfirmDeduction(id), day),
                ]
        return commands

    def verification(self, _desk: Desk) -> list[Command]:
        day, year, note = self.round.dates["verification"], self.round.year, self.round.stamp.zh
        units = [mrv.EntityUnits(one.code, (one.unit,)) for one in self.round.active if one.unit]
        emitted = [mrv.EntityEmissions(one.code, one.verified_t) for one in self.round.entities]
        return [
            *(
                Command(MAKER, mrv.import_activity, mrv.ImportActivity(year, some), day)
                for some in _chunks(units, ROWS_AT_ONCE)
            ),
            *(
                Command(MAKER, mrv.import_emissions, mrv.ImportEmissions(year, some, note), day)
                for some in _chunks(emitted, ROWS_AT_ONCE)
            ),
        ]

    # -- the round -----------------------------------------------------------------------------------------

    def upload(self, stage: str) -> Callable[[Desk], list[Command]]:
        """Uploaded, and sealed with a wrong total: returned whole. Again, with the right one: accepted."""

        def commands(desk: Desk) -> list[Command]:
            day = self._day(stage)
            table = self._table(stage)
            total = sum(self._quantity(one, stage) for one in self._of(stage))
            made: list[Command] = []
            for sealed in (total + self.round.wrong_total, total):
                n = len(made)
                letter = self._letter(stage, table, sealed, day)
                compared = CompareUpload(derived_id("UPL", desk.key(n)), derived_id("LTR", desk.key(n + 1)))
                made += [
                    Command(MAKER, upload_allocation, table, day),
                    Command(CLERK, key_sealed_letter, letter, day),
                    Command(REVIEWER, compare_upload, compared, day),
                ]
            return made

        return commands

    def issue(self, stage: str) -> Callable[[Desk], list[Command]]:
        """Units for the round, and for what its adjustments will add, to the province's account."""

        def commands(desk: Desk) -> list[Command]:
            quantity = sum(max(0, self._issued(one, stage)) for one in self._of(stage))
            quantity += self.round.added_t if stage == "final" else 0
            credit = desk.account(PROVINCE, AccountKind.PROVINCIAL)
            line = ProposedLine(self._instrument, quantity, credit=credit)
            day = self._day(stage)
            return [
                Command(CLERK, propose, Propose("issuance", (line,)), day),
                Command(REVIEWER, approve, Decide(desk.transaction(0)), day),
            ]

        return commands

    def load(self, stage: str) -> Callable[[Desk], list[Command]]:
        """Part by part: decisions and proposals, the province's check, the registry's approval."""

        def commands(desk: Desk) -> list[Command]:
            entities, day = self._of(stage), self._day(stage) + DAY
            upload = derived_id("UPL", self._key(f"{stage}-upload", 3))
            made: list[Command] = []
            for first in range(0, len(entities), self.round.part):
                some = entities[first : first + self.round.part]
                key = desk.key(len(made))
                ids = [derived_id("TX", key, n) for n in range(self._issuing(some, stage))]
                idle = tuple(one.code for one in some if self._issued(one, stage) <= 0)
                body = LoadUpload(upload, first, len(some), f"{self.round.year}-{stage}")
                made.append(Command(MAKER, load_upload, body, day))
                made += [Command(CHECKER, approve_many, DecideMany(part), day) for part in parts(ids)]
                if idle:
                    confirm = ConfirmMany(self.round.year, stage, idle)
                    made.append(Command(CHECKER, confirm_many, confirm, day))
                made += [Command(REVIEWER, approve_many, DecideMany(part), day) for part in parts(ids)]
            return made

        return commands

    # -- objections and adjustments ------------------------------------------------------------------------

    def objections(self, _desk: Desk) -> list[Command]:
        served = self.round.dates["served"]
        return [
            Command(
                one.entity.maker,
                file_objection,
                FileObjection(
                    one.entity.code,
                    self.round.year,
                    "final",
                    notice=f"示例分配〔2024〕{one.entity.n}号",
                    served_on=served,
                    grounds="认为核定数量有误(示例)",
                    claimed_t=one.claimed_t,
                ),
                one.day,
            )
            for one in self.round.objections
        ]

    def decisions(self, _desk: Desk) -> list[Command]:
        made: list[Command] = []
        for one in self.round.decided:
            id, uphold = self._objection(one.entity), one.quantity is not None
            opinion = "复核属实(示例)" if uphold else "复核无误(示例)"
            body = DecideObjection(id, uphold, opinion, one.quantity)
            made += [
                Command(MAKER, decide_objection, body, one.decided),
                Command(CHECKER, confirm_objection, ConfirmObjection(id), one.decided),
            ]
        return made

    def adjustments(self, desk: Desk) -> list[Command]:
        day = max(one.decided for one in self.round.upheld) + 2 * DAY
        bodies = [
            Adjust(one.entity.code, self.round.year, "objection", self._objection(one.entity))
            for one in self.round.upheld
        ]
        return self._adjusted(desk, bodies, day)

    def changed(self, desk: Desk) -> list[Command]:
        """The data are opened by a checker, corrected by a maker; then the allocation follows."""
        changed, year = self.round.dates["verification_changed"], self.round.year
        day = changed + 7 * DAY
        opened = [
            Command(CHECKER, _unlock, mrv.Unlock(one.entity.code, year), day) for one in self.round.changes
        ]
        emitted = tuple(mrv.EntityEmissions(one.entity.code, one.verified_t) for one in self.round.changes)
        corrected = Command(
            MAKER, mrv.import_emissions, mrv.ImportEmissions(year, emitted, self.round.stamp.zh), day
        )
        bodies = [
            Adjust(one.entity.code, year, "verification", "示例核查〔2024〕1号", changed, one.approved_t)
            for one in self.round.changes
        ]
        before = [*opened, corrected]
        return [*before, *self._adjusted(desk, bodies, day, after=len(before))]

    def _adjusted(self, desk: Desk, bodies: Sequence[Adjust], day: date, after: int = 0) -> list[Command]:
        ids = [desk.transaction(after + n) for n in range(len(bodies))]
        return [
            *(Command(MAKER, adjust, body, day) for body in bodies),
            *(Command(CHECKER, approve_many, DecideMany(part), day) for part in parts(ids)),
            *(Command(REVIEWER, approve_many, DecideMany(part), day) for part in parts(ids)),
        ]

    # -- pieces --------------------------------------------------------------------------------------------

    @property
    def _instrument(self) -> str:
        return f"CEA{self.round.year % 100}"

    def _day(self, stage: str) -> date:
        return self.round.dates["pre_allocation" if stage == "pre" else "final_allocation"]

    def _of(self, stage: str) -> tuple[Entity, ...]:
        return self.round.pre if stage == "pre" else self.round.entities

    def _quantity(self, entity: Entity, stage: str) -> int:
        return entity.pre_t if stage == "pre" else entity.approved_t

    def _issued(self, entity: Entity, stage: str) -> int:
        return self.round.issued_pre(entity) if stage == "pre" else self.round.settled(entity).issue_t

    def _issuing(self, entities: Sequence[Entity], stage: str) -> int:
        return sum(self._issued(one, stage) > 0 for one in entities)

    def _key(self, step: str, n: int) -> bytes:
        return scenario_key(self.round.id, self.round.seed, step, n)

    def _objection(self, entity: Entity) -> str:
        """The id of what an entity filed, by its place in that step."""
        n = next(n for n, one in enumerate(self.round.objections) if one.entity is entity)
        return derived_id("OBJ", self._key("objections", n))

    def _table(self, stage: str) -> UploadAllocation:
        rows = tuple(
            UploadedRow(n, self._cells(one, stage)) for n, one in enumerate(self._of(stage), start=2)
        )
        text = "\n".join(",".join(row.cells.values()) for row in rows).encode()
        return UploadAllocation(
            PROVINCE,
            self.round.year,
            stage,
            f"{self.round.id}-{stage}.xlsx",
            "Sheet1",
            digest(text).hex(),
            len(text),
            rows,
        )

    def _cells(self, entity: Entity, stage: str) -> dict[str, str]:
        told: dict[str, Any] = {"credit_code": entity.code, "name": entity.name}
        told["quantity"] = self._quantity(entity, stage)
        if stage == "pre":
            told["last_verified_t"] = entity.last_verified_t
        else:
            told |= {"verified_t": entity.verified_t, "pre_allocated_t": entity.pre_t}
        return {name: str(value) for name, value in told.items()}

    def _letter(self, stage: str, table: UploadAllocation, total_t: int, day: date) -> KeySealedLetter:
        return KeySealedLetter(
            PROVINCE,
            self.round.year,
            stage,
            f"示例环函〔2024〕{1 if stage == 'pre' else 2}号",
            day,
            len(table.rows),
            total_t,
            table.sha256,
        )


def _unlock(ctx: Context, command: mrv.Unlock) -> Outcome:
    """Opening locked data takes a reason."""
    return mrv.unlock(ctx.with_(reason="核查结果变更(示例)"), command)


def _people(prefix: str) -> tuple[NewPerson, ...]:
    return (NewPerson(f"{prefix}-maker-1", ("maker",)), NewPerson(f"{prefix}-checker-1", ("checker",)))


def _entity(entity: Entity, *, people: bool = False) -> Register:
    return Register(
        SubjectKind.ENTERPRISE,
        entity.name,
        uscc=entity.code,
        region=entity.code[2:8],
        fictional=True,
        accounts=(AccountKind.REGISTRATION,),
        people=_people(entity.code.lower()) if people else (),
    )


def _chunks(values: Sequence[Any], size: int) -> list[tuple[Any, ...]]:
    return [tuple(values[start : start + size]) for start in range(0, len(values), size)]

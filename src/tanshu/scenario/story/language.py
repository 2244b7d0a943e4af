"""The sentences of a story, and how they are read. One sentence a line; `#` begins a remark.

    场景: 甲电厂把 300 吨质押给银行     a new scenario (or 步骤: a step)
    日期 2024-03-01                   the business date from here on
    甲电厂 持有 CEA22 1,000 吨         opening stock
    甲电厂 2023 年排放 900 吨          on the year's list, with verified emissions
    甲电厂经办 申请 质押登记 CEA22 300 吨, 质权人 银行, 附 质押合同, 记为 质押一
    甲电厂复核 同意 质押一             approve; 驳回 reject, 撤回 withdraw
    登记经办 到期清理                  end what has run out
    登记经办 限制 甲电厂登记            restrict; 恢复 restore, 注销 close
    结果: 已生效                       what became of the last proposal
    结果: 不予受理 REG-5010            the sentence before is refused, by number
    结余: 甲电厂登记 CEA22 可用 700 占用 300

After the type of a proposal come its lines, `PRODUCT N 吨 [从 ACCOUNT] [到 ACCOUNT]`, then its facts, with
commas between. Who acts is a subject's word with 经办 (maker) or 复核 (checker), 审批 for a second checker; an
account is a subject's word with 登记, 交易, 资金, 省级, 国家, 清缴, 注销, 结转, 银行户.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refused
from tanshu.parties.model import AccountKind
from tanshu.registry.types import TYPES
from tanshu.scenario import checks

ROLES = {"经办": "maker-1", "复核": "checker-1", "审批": "checker-2"}
DECISIONS = {"同意": "approve", "驳回": "reject", "撤回": "withdraw"}
STATES = {"限制": "restricted", "恢复": "open", "注销": "closed"}
OUTCOMES = {
    "审核中": "pending",
    "已生效": "effected",
    "已驳回": "rejected",
    "已撤回": "withdrawn",
    "已过期": "expired",
}
ACCOUNTS = {
    "登记": AccountKind.REGISTRATION,
    "交易": AccountKind.TRADING,
    "资金": AccountKind.CASH,
    "省级": AccountKind.PROVINCIAL,
    "国家": AccountKind.NATIONAL,
    "清缴": AccountKind.SURRENDER,
    "注销": AccountKind.CANCELLATION,
    "结转": AccountKind.RECALL,
    "抵销": AccountKind.OFFSET,
    "银行户": AccountKind.BANK,
}
WORDS = {
    "法院": "court",
    "文书": "document",
    "期限": "until",
    "质权人": "pledgee",
    "公示编号": "registration_number",
    "公示日": "registered_at",
    "原业务": "original",
    "方式": "mode",
    "成交日": "traded_on",
}
"""Facts of a proposal, by the clerk's word."""
NUMBERS = {"单价": "price_fen"}
FLAGS = {"及于后到": "follows", "期初": "opening"}

_TYPES = {row.name.zh: code for code, row in TYPES.items()}
_HEAD = re.compile(r"^(?:场景|步骤)[::]\s*(.+)$")
_DAY = re.compile(r"^日期\s+(\S+)$")
_STOCK = re.compile(r"^(\S+)\s+持有\s+(\S+)\s+([\d,]+)\s*\S*$")
_EMITS = re.compile(r"^(\S+)\s+(\d{4})\s*年排放\s+([\d,]+)\s*吨$")
_ASKS = re.compile(r"^(\S+)\s+申请\s+(\S+)(?:\s+(.*))?$")
_DECIDES = re.compile(r"^(\S+)\s+(同意|驳回|撤回)(?:\s+(\S+))?$")
_SWEEPS = re.compile(r"^(\S+)\s+到期清理$")
_STATE = re.compile(r"^(\S+)\s+(限制|恢复|注销)\s+(\S+)$")
_BECAME = re.compile(r"^结果[::]\s*(\S+)(?:\s+([A-Z]+-\d+))?$")
_LEFT = re.compile(r"^结余[::]\s*(\S+)\s+(\S+)\s+可用\s+([\d,]+)(?:\s+占用\s+([\d,]+))?$")
_LINE = re.compile(r"^([A-Z][A-Z0-9-]*)\s+(\S+?)\s*(?:吨|分)?(?:\s+从\s+(\S+))?(?:\s+到\s+(\S+))?$")


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a proposal, in words."""

    instrument: str
    quantity: int | str
    debit: str
    credit: str


@dataclass(frozen=True, slots=True)
class Asks:
    """Somebody proposes a transaction. name: how later sentences call it."""

    who: str
    type: str
    lines: tuple[Asked, ...]
    details: Mapping[str, Any]
    subject: str
    year: int | None
    reason: str
    name: str


@dataclass(frozen=True, slots=True)
class Decides:
    """Somebody approves, rejects or withdraws a proposal; the last one, unless it is named."""

    who: str
    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class Sweeps:
    who: str


@dataclass(frozen=True, slots=True)
class SetsState:
    who: str
    account: str
    state: str


@dataclass(frozen=True, slots=True)
class Day:
    day: date


@dataclass(frozen=True, slots=True)
class Stock:
    subject: str
    instrument: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Emits:
    subject: str
    year: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Became:
    """state: of the last proposal; refused: the number with which the sentence before is refused."""

    state: str
    refused: str


@dataclass(frozen=True, slots=True)
class Left:
    account: str
    instrument: str
    available: int
    held: int


Sentence = Asks | Decides | Sweeps | SetsState | Day | Stock | Emits | Became | Left


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence and where it stands."""

    line: int
    text: str
    said: Sentence


@dataclass(frozen=True, slots=True)
class Scenario:
    """What stands under one heading."""

    title: str
    line: int
    told: list[Told] = field(default_factory=list)


def read(text: str, file: str) -> tuple[Scenario, ...]:
    """The scenarios of a file. Raises Refused SCN-3101 (a line that is no sentence), naming file and line."""
    scenarios: list[Scenario] = []
    for n, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        head = _HEAD.match(line)
        if head:
            scenarios.append(Scenario(head[1], n))
            continue
        said = _sentence(line)
        if said is None or not scenarios:
            raise Refused(checks.NO_SENTENCE(file=file, line=n, text=raw.strip()))
        scenarios[-1].told.append(Told(n, line, said))
    return tuple(scenarios)


def outcome_of(told: Iterable[Told], n: int) -> str:
    """The number with which sentence n is expected to be refused, "" where it is accepted."""
    after = list(told)[n + 1 : n + 2]
    return after[0].said.refused if after and isinstance(after[0].said, Became) else ""


def _sentence(line: str) -> Sentence | None:
    for pattern, build in _FORMS:
        match = pattern.match(line)
        if match:
            return build(*match.groups())
    return None


def _asks(who: str, type: str, rest: str | None) -> Asks | None:
    code = _TYPES.get(type, type if type in TYPES else "")
    if not code:
        return None
    lines: list[Asked] = []
    facts: dict[str, Any] = {}
    said = {"subject": "", "year": None, "reason": "", "name": ""}
    for part in re.split(r"\s*[,,]\s*(?!\d{3}(?!\d))", (rest or "").strip()):
        if not part:
            continue
        line = _LINE.match(part)
        if line:
            quantity = line[2].replace(",", "")
            lines.append(
                Asked(
                    line[1],
                    int(quantity) if quantity.lstrip("-").isdigit() else line[2],
                    line[3] or "",
                    line[4] or "",
                )
            )
        elif not _fact(part, facts, said):
            return None
    return Asks(who, code, tuple(lines), facts, **said)  # type: ignore[arg-type]


def _fact(part: str, facts: dict[str, Any], said: dict[str, Any]) -> bool:
    """Read one fact into the details, or into what is said beside them."""
    word, _, value = part.partition(" ")
    value = value.strip()
    if word in FLAGS:
        facts[FLAGS[word]] = True
    elif word in WORDS:
        facts[WORDS[word]] = value
    elif word in NUMBERS:
        facts[NUMBERS[word]] = int(value.replace(",", ""))
    elif word == "附":
        document = {"title": value, "sha256": digest(value.encode()).hex()}
        facts.setdefault("documents", []).append(document)
    elif word == "减排量":
        number, quantity, project, registered = value.split()
        claim = {"number": number, "quantity": int(quantity), "project": project, "registered_on": registered}
        facts.setdefault("claims", []).append(claim)
    elif word == "换出":
        instrument, quantity, account = value.split()
        released = {"account": account, "instrument": instrument, "quantity": int(quantity.replace(",", ""))}
        facts.setdefault("releases", []).append(released)
    elif word == "年度":
        said["year"] = int(value)
    elif word in ("为", "理由", "记为"):
        said[{"为": "subject", "理由": "reason", "记为": "name"}[word]] = value
    else:
        return False
    return True


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _day(text: str) -> Day | None:
    try:
        return Day(date.fromisoformat(text))
    except ValueError:
        return None


def _became(word: str, code: str | None) -> Became | None:
    if word == "不予受理" and code:
        return Became("", code)
    return Became(OUTCOMES[word], "") if word in OUTCOMES and not code else None


_FORMS: tuple[tuple[re.Pattern[str], Any], ...] = (
    (_DAY, _day),
    (_ASKS, _asks),
    (_STOCK, lambda who, what, n: Stock(who, what, _number(n))),
    (_EMITS, lambda who, year, n: Emits(who, int(year), _number(n))),
    (_DECIDES, lambda who, word, name: Decides(who, DECISIONS[word], name or "")),
    (_SWEEPS, Sweeps),
    (_STATE, lambda who, word, account: SetsState(who, account, STATES[word])),
    (_BECAME, _became),
    (_LEFT, lambda a, i, free, held: Left(a, i, _number(free), _number(held or "0"))),
)


class Cast:
    """The words of a story for its subjects: who is meant by 甲电厂复核, which account by 甲电厂登记.

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


def each(scenarios: Iterable[Scenario]) -> Iterator[Told]:
    for scenario in scenarios:
        yield from scenario.told

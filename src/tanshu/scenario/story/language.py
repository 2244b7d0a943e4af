"""The sentences of a story, and how they are read. One sentence a line; `#` begins a remark.

What is so before anybody acts:

    场景: 甲电厂把 300 吨质押给银行       a new scenario (or 步骤: a step)
    日期 2024-03-01                     the business date from here on
    规则包 启用 自由转让、有偿发放        an operator's pack that has these types, too
    规则包 先后 清缴、司法冻结、质押      … that says who goes first; 先到先得: first come
    登记经办 定义 配额 CEA25 2025 年      a new vintage
    甲电厂 持有 CEA22 1,000 吨           opening stock
    甲电厂 2023 年排放 900 吨            on the year's list, with verified emissions
    甲电厂 2023 年排放 900 吨, 发电 1,200 兆瓦时      … and the generation of one coal-fired unit

What somebody does:

    甲电厂经办 申请 质押登记 CEA22 300 吨, 质权人 银行, 附 质押合同, 记为 质押一
    甲电厂复核、银行复核 同意 质押一      approve, one after the other; 驳回 reject, 撤回 withdraw
    湖北经办 办理 核定分配 甲电厂 2023 年             compute and propose; 预分配 too
    湖北复核 复核 核定分配 甲电厂 2023 年             confirm what issues nothing; 否决 drops it
    湖北经办 决定 差异化 甲电厂 2023 年, 事由 存在明显履约风险, 附 决定书
    湖北复核 复核 差异化 甲电厂 2023 年               confirm; 否决 drops it
    湖北经办 办理 强制履约 甲电厂 2023 年 500 吨, 附 委托书
    湖北经办 办理 差异化发放 甲电厂 2023 年 295 吨
    登记经办 测算 结转告知 甲电厂、乙电厂             then 登记复核 复核 结转告知 …
    登记经办 办理 结转发放 第一批                     第二批; 解冻补申请
    湖北复核 关闭 2023 年度
    登记经办 限制 甲电厂登记             restrict; 恢复 restore, 注销 close; a second person decides
    登记经办 到期清理                   end what has run out

What must have come of it:

    结果: 已生效                        the last proposal: 审核中, 已驳回, 已撤回, 已过期
    结果 质押一: 已生效                  … or that of this name
    结果: 不予受理 REG-5010              the sentence before is refused, by number
    结余: 甲电厂登记 CEA22 可用 700 占用 300
    顺位: 甲电厂登记 CEA22 司法冻结 300/500、质押 0/200      the queue of claims, held/ordered; 无: none
    欠缴: 甲电厂 2023 年 600 吨           保留: what is withheld for it; 可结转: 甲电厂 10,000 吨

After the type of a proposal come its lines, `PRODUCT N 吨 [从 ACCOUNT] [到 ACCOUNT]`, then its facts
(`WORDS`), with commas between. Who acts is a subject's word with a role (`words.ROLES`), an account is one
with a kind (`words.ACCOUNTS`). What is said of markets: `market_language`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refused
from tanshu.compliance.carry_over import BATCH_LABELS
from tanshu.compliance.withholding import GROUND_LABELS
from tanshu.registry.encumbrances.model import CLASS_LABELS
from tanshu.registry.types import TYPES
from tanshu.scenario import checks
from tanshu.scenario.story import market_language
from tanshu.scenario.story.numbers import parts_of, quantity_of, whole_number
from tanshu.scenario.story.sentences import (
    Asked,
    Asks,
    Became,
    ClosesYear,
    Day,
    Decides,
    Defines,
    Emits,
    Enables,
    Handles,
    Left,
    Owes,
    Queue,
    Ranks,
    Scenario,
    Sentence,
    SetsState,
    Stock,
    Sweeps,
    Told,
)
from tanshu.scenario.story.words import Cast as Cast

DECISIONS = {"同意": "approve", "驳回": "reject", "撤回": "withdraw"}
STATES = {"限制": "restricted", "恢复": "open", "注销": "closed"}
OUTCOMES = {
    "审核中": "pending",
    "已生效": "effected",
    "已驳回": "rejected",
    "已撤回": "withdrawn",
    "已过期": "expired",
}
OFFICE = {
    ("办理", "预分配"): ("allocate", "pre-allocation"),
    ("办理", "核定分配"): ("allocate", "final-allocation"),
    ("复核", "核定分配"): ("confirm-allocation", ""),
    ("否决", "核定分配"): ("drop-allocation", ""),
    ("决定", "差异化"): ("withhold", ""),
    ("复核", "差异化"): ("confirm-withholding", ""),
    ("否决", "差异化"): ("drop-withholding", ""),
    ("办理", "强制履约"): ("force-surrender", "forced-surrender"),
    ("办理", "差异化发放"): ("release-withheld", "withheld-release"),
    ("测算", "结转告知"): ("draw-up-notices", ""),
    ("复核", "结转告知"): ("confirm-notices", ""),
    ("办理", "结转发放"): ("issue-carried-over", "carry-over-issuance"),
}
"""What offices do that is not a proposal by itself: (verb, matter) → what it is, the type it proposes."""
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
    "事由": "ground",
    "文号": "number",
}
"""Facts of a proposal or decision, by the clerk's word."""
NUMBERS = {"单价": "price_fen"}
FLAGS = {"及于后到": "follows", "期初": "opening"}
VALUES = {
    "方式": {"挂牌协议": "listing", "大宗协议": "block", "单向竞价": "auction"},
    "事由": {label.zh: ground.value for ground, label in GROUND_LABELS.items()},
}
"""What the value of a fact is called in the books; another word stands for itself."""
BATCHES = {label.zh: batch.value for batch, label in BATCH_LABELS.items()}
CLAIMS = {label.zh: cls.value for cls, label in CLASS_LABELS.items()}
RANKED = {"清缴": "duty", "司法冻结": "court", "质押": "pledge"}
FIRST_COME = "先到先得"

_TYPES = {row.name.zh: code for code, row in TYPES.items()}
_HEAD = re.compile(r"^(?:场景|步骤):\s*(.+)$")
_LINE = re.compile(r"^([A-Z][A-Z0-9-]*)\s+(\S+?)\s*(?:吨|分)?(?:\s+从\s+(\S+))?(?:\s+到\s+(\S+))?$")
_MATTER = re.compile(r"^(\S+)(?:\s+(\d{4})\s*年)?(?:\s+([\d,]+)\s*吨)?$")
_CLAIM = re.compile(r"^(\S+?)\s+([\d,]+)/([\d,]+)$")
_WIDE = str.maketrans({"\uff0c": ",", "\uff1a": ":", "\u3000": " "})


def read(text: str, file: str) -> tuple[Scenario, ...]:
    """The scenarios of a file. Raises Refused SCN-3101 (a line that is no sentence), naming file and line."""
    scenarios: list[Scenario] = []
    for n, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#", 1)[0].translate(_WIDE).strip()
        if not line:
            continue
        head = _HEAD.match(line)
        if head:
            scenarios.append(Scenario(head[1], n))
            continue
        said = _sentences(line)
        if not said or not scenarios:
            raise Refused(checks.NO_SENTENCE(file=file, line=n, text=raw.strip()))
        scenarios[-1].told.extend(Told(n, line, one) for one in said)
    return tuple(scenarios)


def outcome_of(told: Iterable[Told], n: int) -> str:
    """The number with which sentence n is expected to be refused, "" where it is accepted."""
    after = list(told)[n + 1 : n + 2]
    return after[0].said.refused if after and isinstance(after[0].said, Became) else ""


def _sentences(line: str) -> tuple[Sentence, ...]:
    """What a line says; several people who decide the same are several sentences."""
    for pattern, build in _FORMS:
        match = pattern.match(line)
        if match:
            said = build(*match.groups())
            return said if isinstance(said, tuple) else (said,) if said else ()
    return ()


# -- what somebody does ------------------------------------------------------------------------------------


def _asks(who: str, type: str, rest: str | None) -> Asks | None:
    code = _TYPES.get(type, type if type in TYPES else "")
    if not code:
        return None
    lines: list[Asked] = []
    facts: dict[str, Any] = {}
    said: dict[str, Any] = {"subject": "", "year": None, "reason": "", "name": ""}
    for part in parts_of(rest):
        line = _LINE.match(part)
        if line:
            lines.append(Asked(line[1], quantity_of(line[2]), line[3] or "", line[4] or ""))
        elif not _fact(part, facts, said):
            return None
    return Asks(who, code, tuple(lines), facts, **said)


def _handles(who: str, verb: str, matter: str, rest: str) -> Handles | None:
    kind = OFFICE.get((verb, matter))
    first, *parts = parts_of(rest)
    about = _MATTER.match(first)
    if kind is None or about is None:
        return None
    facts: dict[str, Any] = {}
    said: dict[str, Any] = {"name": ""}
    if not all(_fact(part, facts, said) for part in parts) or set(said) != {"name"}:
        return None
    year, quantity = about[2] and int(about[2]), about[3] and whole_number(about[3])
    subjects = tuple(about[1].split("、"))
    return Handles(who, kind[0], kind[1], subjects, year or None, quantity or None, facts, said["name"])


def _fact(part: str, facts: dict[str, Any], said: dict[str, Any]) -> bool:
    """Read one fact into the details, or into what is said beside them."""
    word, _, value = part.partition(" ")
    value = value.strip()
    if word in FLAGS and not value:
        facts[FLAGS[word]] = True
    elif not value:
        return False
    elif word in WORDS:
        facts[WORDS[word]] = VALUES.get(word, {}).get(value, value)
    elif word in NUMBERS:
        facts[NUMBERS[word]] = quantity_of(value.removesuffix("分").strip())
    elif word in _LISTED:
        name, build = _LISTED[word]
        item = build(value.split())
        facts.setdefault(name, []).append(item)
        return item is not None
    elif word == "年度":
        said["year"] = quantity_of(value)
    elif word in ("为", "理由", "记为"):
        said[{"为": "subject", "理由": "reason", "记为": "name"}[word]] = value
    else:
        return False
    return True


def _document(words: list[str]) -> dict[str, Any]:
    """A paper by its title; its hash is that of the title, as nobody has the paper here."""
    title = " ".join(words)
    return {"title": title, "sha256": digest(title.encode()).hex()}


def _credits(words: list[str]) -> dict[str, Any] | None:
    if len(words) != 4:
        return None
    number, quantity, project, registered = words
    return {
        "number": number,
        "quantity": quantity_of(quantity),
        "project": project,
        "registered_on": registered,
    }


def _released(words: list[str]) -> dict[str, Any] | None:
    if len(words) != 3:
        return None
    instrument, quantity, account = words
    return {"account": account, "instrument": instrument, "quantity": quantity_of(quantity)}


_LISTED: Mapping[str, tuple[str, Any]] = {
    "附": ("documents", _document),
    "减排量": ("claims", _credits),
    "换出": ("releases", _released),
}
"""Facts that may be told several times: each is one of a list."""


# -- what is so, and what must be ---------------------------------------------------------------------------


def _day(text: str) -> Day | None:
    try:
        return Day(date.fromisoformat(text))
    except ValueError:
        return None


def _enables(names: str) -> Enables | None:
    codes = tuple(_TYPES.get(name, "") for name in names.split("、"))
    return Enables(codes) if all(codes) else None


def _ranks(names: str) -> Ranks | None:
    if names == FIRST_COME:
        return Ranks(())
    order = tuple(RANKED.get(name, "") for name in names.split("、"))
    return Ranks(order) if all(order) else None


def _became(name: str | None, word: str, code: str | None) -> Became | None:
    if word == "不予受理" and code and not name:
        return Became("", code)
    return Became(OUTCOMES[word], "", name or "") if word in OUTCOMES and not code else None


def _queue(account: str, instrument: str, claims: str) -> Queue | None:
    if claims == "无":
        return Queue(account, instrument, ())
    found: list[tuple[str, int, int]] = []
    for one in claims.split("、"):
        match = _CLAIM.match(one.strip())
        if match is None or match[1] not in CLAIMS:
            return None
        found.append((CLAIMS[match[1]], whole_number(match[2]), whole_number(match[3])))
    return Queue(account, instrument, tuple(found))


def _owes(word: str, subject: str, year: str | None, quantity: str) -> Owes | None:
    what = {"欠缴": "due", "保留": "withheld", "可结转": "carryable"}[word]
    if (year is None) != (what == "carryable"):
        return None
    return Owes(subject, what, int(year) if year else None, whole_number(quantity))


_FORMS: tuple[tuple[re.Pattern[str], Any], ...] = tuple(
    (re.compile(f"^{form}$"), build)
    for form, build in (
        (r"日期\s+(\S+)", _day),
        (r"规则包\s+启用\s+(\S+)", _enables),
        (r"规则包\s+先后\s+(\S+)", _ranks),
        (r"(\S+)\s+定义\s+配额\s+(\S+)\s+(\d{4})\s*年", lambda who, c, y: Defines(who, c, int(y))),
        (r"(\S+)\s+申请\s+([^\s,]+)(?:\s*[\s,]\s*(.*))?", _asks),
        (r"(\S+)\s+持有\s+(\S+)\s+([\d,]+)\s*\S*", lambda who, what, n: Stock(who, what, whole_number(n))),
        (
            r"(\S+)\s+(\d{4})\s*年排放\s+([\d,]+)\s*吨(?:,\s*发电\s+([\d,]+)\s*兆瓦时)?",
            lambda who, year, n, mwh: Emits(
                who, int(year), whole_number(n), whole_number(mwh) if mwh else None
            ),
        ),
        (
            r"(\S+)\s+(同意|驳回|撤回)(?:\s+(\S+))?",
            lambda all, word, name: tuple(
                Decides(who, DECISIONS[word], name or "") for who in all.split("、")
            ),
        ),
        (r"(\S+)\s+(办理|决定|测算|复核|否决)\s+(\S+)\s+(.+)", _handles),
        (r"(\S+)\s+关闭\s+(\d{4})\s*年度", lambda who, year: ClosesYear(who, int(year))),
        (r"(\S+)\s+到期清理", Sweeps),
        (r"(\S+)\s+(限制|恢复|注销)\s+(\S+)", lambda who, word, a: SetsState(who, a, STATES[word])),
        (r"结果(?:\s+([^\s:]+))?:\s*(\S+)(?:\s+([A-Z]+-\d+))?", _became),
        (
            r"结余:\s*(\S+)\s+(\S+)\s+可用\s+([\d,]+)(?:\s+占用\s+([\d,]+))?",
            lambda a, i, free, held: Left(a, i, whole_number(free), whole_number(held or "0")),
        ),
        (r"顺位:\s*(\S+)\s+(\S+)\s+(.+)", _queue),
        (r"(欠缴|保留|可结转):\s*(\S+)(?:\s+(\d{4})\s*年)?\s+([\d,]+)\s*吨", _owes),
        *market_language.FORMS,
    )
)

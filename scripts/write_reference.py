"""Writes docs/reference anew from the tables of the program: `make reference`.

Every page is a value of `pages()`; a test holds the files equal to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.cli import refusal_index
from tanshu.cli.refusal_index import Numbered
from tanshu.cli.registry_types import Allowed
from tanshu.cli.words import BETWEEN, CLAIMS, INSTRUMENT_KINDS, ROOMS
from tanshu.parties.model import ACCOUNT_TYPES, AccountKind
from tanshu.registry.types import TYPES, Effect, TransactionType, Whose
from tanshu.rules import packs
from tanshu.rules.pack_model import Pack
from tanshu.rules.terms import EVIDENCE, STATUSES

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
LANGS: Final[tuple[tuple[Lang, str], ...]] = (("en", ".md"), ("zh", ".zh-CN.md"))
NONE: Final = "—"

WRITTEN_BY: Final = Text(
    "> 本页由 `make reference` 从程序中的表生成,请勿手工修改。",
    "> Written by `make reference` from the program's own tables; do not edit it by hand.",
)
EFFECTS: Final = {
    Effect.MOVE: Text(
        "逐条划转;全部办成,否则全部不办", "each line moves its units: all lines or none of them"
    ),
    Effect.DELIVERY_VERSUS_PAYMENT: Text(
        "产品与资金同时对付:要么都成,要么都不成", "units one way and cash the other: both or neither"
    ),
    Effect.ENCUMBER: Text(
        "逐条在该账户该产品的权利队列中登记一项权利",
        "each line takes its place in the queue of claims on those units",
    ),
    Effect.RENEW: Text("原权利的到期日延后", "the original's claims get a later last day"),
    Effect.RELEASE: Text(
        "原权利消灭,或按明细数量缩减", "the original's claims end, or shrink by the quantities of the lines"
    ),
    Effect.DELIVER: Text(
        "只交付原权利所占用的数量,不动他人所占",
        "each line delivers what the original's claim holds, and nobody else's",
    ),
    Effect.SUBSTITUTE: Text(
        "明细加入原权利,换出其原占用的数量",
        "the lines join the original's claims, and others of them are let go",
    ),
}
WHOSE: Final = {
    Whose.HOLDER: Text(
        "转出的持有主体;没有则转入的主体;再没有则主管部门",
        "the holder that gives; else the one that receives; else the authority",
    ),
    Whose.TAKER: Text("转入的主体", "the one that receives"),
    Whose.NAMED: Text(
        "申请中指名的主体(他人代其转出)", "the one that the proposal names: somebody else gives for it"
    ),
    Whose.ORIGINAL: Text("原业务的主体", "the one whose transaction is undone"),
}
SERIES: Final = {
    "APP": Text("登记系统的打开", "opening an installation"),
    "AUD": Text(
        "稽核发现(不是拒绝,而是对账簿的意见)",
        "findings of the audit: not refusals, but what it has against a book",
    ),
    "BAK": Text("备份与恢复", "backup and restore"),
    "BASE": Text("数量、文件、数据库", "quantities, files, databases"),
    "BOOK": Text("账簿", "the book"),
    "CLI": Text("命令行", "the terminal"),
    "CMP": Text("分配与履约", "allocation and compliance"),
    "INS": Text("统计与报告", "figures and reports"),
    "CLR": Text("清算与交收", "clearing and settlement"),
    "EXC": Text("交易市场", "the market"),
    "LOG": Text("日志", "the log"),
    "MIG": Text("数据表版本", "versions of the tables"),
    "MRV": Text("排放数据", "emission data"),
    "PAR": Text("主体、账户与人员", "subjects, accounts and people"),
    "PROOF": Text("证明与检查点", "proofs and checkpoints"),
    "REG": Text("登记业务", "the register"),
    "RPL": Text("公布数据的回放", "replays of published data"),
    "RULE": Text("规则包", "rule packs"),
    "SCN": Text("场景", "scenarios"),
    "SHD": Text("影子运行", "shadow mode"),
}


def pages() -> dict[str, str]:
    """Every page of the folder by its file name."""
    registries = [
        need(packs.load(name, allow_draft=True)) for name in packs.names() if name.endswith(".registry")
    ]
    numbers = list(refusal_index.index().values())
    found = {}
    for lang, ending in LANGS:
        found[f"transaction-types{ending}"] = _lines(_types_page(lang, registries))
        found[f"refusals{ending}"] = _lines(_refusals_page(lang, numbers))
    return found


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


# -- transaction types -------------------------------------------------------------------------------------


def _types_page(lang: Lang, registries: Sequence[Pack]) -> Iterator[str]:
    say = _speaker(lang)
    yield say("# 业务类型", "# Transaction types")
    yield say("[English](transaction-types.md)", "[中文](transaction-types.zh-CN.md)")
    yield WRITTEN_BY.in_(lang)
    yield say(
        "登记簿中的一切变动都是下列业务之一。哪些业务存在、由谁依次办理,由各辖区的规则包决定;其余各项对所有辖区相同。"
        "同一内容:`tanshu registry types`。",
        "Whatever changes in the register is one of these transactions. Which of them a jurisdiction has and "
        "who acts in which order, its rule pack says; everything else is the same everywhere. The same from "
        "the terminal: `tanshu registry types`.",
    )
    yield _overview(lang)
    yield say("## 适用辖区", "## Jurisdictions")
    yield _jurisdictions(lang, registries)
    yield say(
        "“凭记忆整理”与“假定”的审批链未与法规原文核对,使用前须核对。",
        "A chain marked recalled or assumed was not compared with the text of the law: compare it first.",
    )
    for kind in TYPES.values():
        yield from _type(lang, kind, registries)


def _overview(lang: Lang) -> str:
    say = _speaker(lang)
    heads = (
        *(say("号", "No."), say("业务", "Transaction"), say("代码", "Code"), say("转出", "Gives")),
        *(say("转入", "Receives"), say("产品", "Of what"), say("占用", "Held"), say("有效(天)", "Days")),
    )
    rows = [
        (
            str(one.number),
            f"[{one.name.in_(lang)}](#{one.code})",
            f"`{one.code}`",
            _accounts(lang, one.debit),
            _accounts(lang, one.credit),
            _instruments(lang, one),
            _yes(lang, one.held),
            str(one.expiry_days or NONE),
        )
        for one in TYPES.values()
    ]
    return _table(heads, rows)


def _jurisdictions(lang: Lang, registries: Sequence[Pack]) -> str:
    say = _speaker(lang)
    heads = (
        say("辖区", "Jurisdiction"),
        say("规则包", "Pack"),
        say("状态", "Status"),
        say("业务", "Transactions"),
    )
    rows = []
    for pack in registries:
        allowed = Allowed.by(pack)
        count = sum(one.enabled for one in allowed.values())
        rows.append(
            (pack.jurisdiction, f"`{pack.name}` {pack.title.in_(lang)}", _status(lang, pack), str(count))
        )
    return _table(heads, rows)


def _type(lang: Lang, kind: TransactionType, registries: Sequence[Pack]) -> Iterator[str]:
    """One type as a clerk would ask about it."""
    say = _speaker(lang)
    yield f'<a id="{kind.code}"></a>\n\n## {kind.number}. {kind.name.in_(lang)} `{kind.code}`'
    waits = (
        say("无期限", "for ever")
        if kind.expiry_days is None
        else say(f"{kind.expiry_days} 天", f"{kind.expiry_days} days")
    )
    held = say("占用,直至办结", "held until the chain ends") if kind.held else say("不占用", "not held")
    again = say(",且每次审批时复验", ", and again at every approval") if kind.revalidated else ""
    rows = [
        (say("转出账户", "Gives"), _accounts(lang, kind.debit)),
        (say("转入账户", "Receives"), _receives(lang, kind)),
        (say("产品", "Of what"), _instruments(lang, kind)),
        (say("双方", "Between"), _between(lang, kind)),
        (say("属于谁", "Whose it is"), WHOSE[kind.whose].in_(lang)),
        (say("审核期间的数量", "Its units while it waits"), held),
        (say("审核有效期", "It waits"), waits),
        (say("生效时", "When it takes effect"), EFFECTS[kind.effect].in_(lang)),
        (say("从限制使用的账户", "From a restricted account"), _yes(lang, kind.while_restricted)),
        (say("检查", "Checked by"), ROOMS[kind.room].in_(lang) + again),
        (say("须附文件", "Needs documents"), _yes(lang, kind.evidence)),
        (say("所涉原业务", "Acts on"), _links(lang, kind.about)),
        (say("撤销期限", "May be reversed within"), _within(lang, kind)),
        (say("可被下列业务更改", "May be undone by"), _links(lang, _undone_by(kind))),
    ]
    if kind.held or kind.effect.stays or kind.effect is Effect.DELIVER:
        rows.insert(6, (say("权利类别", "Class of its claim"), CLAIMS[kind.claim].in_(lang)))
    yield _table((say("项目", "Question"), say("规定", "Answer")), rows)
    yield _chains(lang, kind, registries)


def _chains(lang: Lang, kind: TransactionType, registries: Sequence[Pack]) -> str:
    """Who acts in which order, one jurisdiction a row; those without the type are named together."""
    say = _speaker(lang)
    rows, without = [], []
    for pack in registries:
        allowed = Allowed.by(pack)[kind.code]
        if not allowed.enabled:
            without.append(pack.jurisdiction)
            continue
        steps = " → ".join(f"{who.in_(lang)} {act.in_(lang)}" for who, act in allowed.steps)
        source = allowed.chain.source if allowed.chain else None
        grade = EVIDENCE[source.evidence].in_(lang) if source else NONE
        rows.append((pack.jurisdiction, steps or NONE, grade, str(source) if source else NONE))
    missing = say(f"无此业务:{'、'.join(without)}。", f"Not in: {', '.join(without)}.") if without else ""
    if not rows:
        return missing
    heads = (
        say("辖区", "Jurisdiction"),
        say("审批链", "Who acts"),
        say("依据", "Evidence"),
        say("来源", "Source"),
    )
    return "\n\n".join((_table(heads, rows), *([missing] if missing else [])))


def _accounts(lang: Lang, kinds: Sequence[AccountKind]) -> str:
    words = [f"{ACCOUNT_TYPES[one].label.in_(lang)} ({ACCOUNT_TYPES[one].letter})" for one in kinds]
    return _and(lang, words)


def _receives(lang: Lang, kind: TransactionType) -> str:
    if kind.effect.stays:
        return Text("无:数量不转移", "nobody: nothing changes hands").in_(lang)
    return _accounts(lang, kind.credit)


def _instruments(lang: Lang, kind: TransactionType) -> str:
    return _and(lang, [INSTRUMENT_KINDS[one].in_(lang) for one in kind.instruments])


def _between(lang: Lang, kind: TransactionType) -> str:
    sentences = {
        "any": Text("不限", "any accounts of these kinds"),
        "same": Text("同一主体的账户", "accounts of one subject"),
        "different": Text("不同主体的账户", "accounts of two subjects"),
        "authority": Text("不同主体,且至少一方为主管部门", "two subjects, at least one of them an authority"),
    }
    assert set(sentences) == set(BETWEEN)
    return sentences[kind.between].in_(lang)


def _within(lang: Lang, kind: TransactionType) -> str:
    if not kind.reversible_days:
        return NONE
    return Text(f"{kind.reversible_days} 天", f"{kind.reversible_days} days").in_(lang)


def _undone_by(kind: TransactionType) -> list[str]:
    """The types whose original may be of this type."""
    return [one.code for one in TYPES.values() if kind.code in one.about]


def _links(lang: Lang, codes: Sequence[str]) -> str:
    return _and(lang, [f"[{TYPES[code].name.in_(lang)}](#{code})" for code in codes])


def _status(lang: Lang, pack: Pack) -> str:
    return STATUSES[pack.status].in_(lang)


# -- refusals ----------------------------------------------------------------------------------------------


def _refusals_page(lang: Lang, numbers: Sequence[Numbered]) -> Iterator[str]:
    say = _speaker(lang)
    yield say("# 编号说明", "# Numbers")
    yield say("[English](refusals.md)", "[中文](refusals.zh-CN.md)")
    yield WRITTEN_BY.in_(lang)
    yield say(
        f"每一次拒绝都有固定不变的编号、所指字段,以及中英文各一句可据以处理的说明,共 {len(numbers)} 个。"
        "花括号中的名称由实际情况填入,`…` 表示明细的序号等。单个编号:`tanshu refusals REG-2005`。",
        "Every refusal has a number that never changes, the field it is about, and a sentence in each "
        f"language that somebody can act on: {len(numbers)} in all. Names in braces are filled in; `…` in a "
        "field stands for the number of a line and the like. One of them: `tanshu refusals REG-2005`.",
    )
    series = sorted({one.series for one in numbers})
    yield _table(
        (say("字母", "Letters"), say("内容", "About"), say("个数", "Numbers")),
        [
            (
                f"[{name}](#{name.lower()})",
                SERIES[name].in_(lang),
                str(sum(one.series == name for one in numbers)),
            )
            for name in series
        ],
    )
    for name in series:
        yield f'<a id="{name.lower()}"></a>\n\n## {name} · {SERIES[name].in_(lang)}'
        rows = [_number(lang, one) for one in numbers if one.series == name]
        yield _table(
            (say("编号", "Number"), say("说明", "Says"), say("字段", "Field"), say("模块", "Module")), rows
        )


def _number(lang: Lang, one: Numbered) -> tuple[str, ...]:
    first, second = (one.text.zh, one.text.en) if lang == "zh" else (one.text.en, one.text.zh)
    fields = "<br>".join(f"`{name}`" for name in one.fields) or NONE
    return one.code, f"{_plain(first)}<br>{_plain(second)}", fields, f"`{one.module.removeprefix('tanshu.')}`"


# -- markdown ----------------------------------------------------------------------------------------------


def _speaker(lang: Lang) -> Callable[[str, str], str]:
    """`say("中文", "English")` in one language."""
    return lambda zh, en: Text(zh, en).in_(lang)


def _and(lang: Lang, words: Sequence[str]) -> str:
    return ("、" if lang == "zh" else ", ").join(words) or NONE


def _yes(lang: Lang, value: bool) -> str:
    return Text("是" if value else "否", "yes" if value else "no").in_(lang)


def _plain(sentence: str) -> str:
    """A sentence inside a table's cell."""
    return sentence.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _lines(parts: Iterator[str]) -> str:
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()

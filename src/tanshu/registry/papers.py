"""What the papers of the register have in common: where in the log they stand, who it is about, their stamps.

A paper speaks as of an entry: names are those known then, so that later entries change nothing on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from tanshu.base.canonical import digest
from tanshu.base.clock import shanghai_text
from tanshu.base.documents import Facts, Paper, Part, Row, Table, Words, reworded
from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.commit import Book
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.model import ACCOUNT_TYPES, Subject, SubjectKind
from tanshu.parties.tables import SUBJECT_NAME
from tanshu.registry import serials
from tanshu.registry.model import Instrument
from tanshu.registry.serials import Numbers
from tanshu.registry.types import InstrumentKind
from tanshu.rules import packs, registry_pack

FICTIONAL = Text(
    "虚构主体:仅供演示,不是真实企业。", "A fictional subject, for demonstration: no real company."
)
FICTIONAL_MARK = Text("虚构数据", "FICTIONAL")
PACK_STAMPS = {
    "draft": Text(
        "规则包 {pack} 是草案:依据它作出的登记没有法律效力。",
        "The rule pack {pack} is a draft: what is registered by it has no legal force.",
    ),
    "example": Text(
        "规则包 {pack} 是示例:所列规则并非现行规定。",
        "The rule pack {pack} is an example: its rules are nobody's law.",
    ),
}
PACK_MARKS = {"draft": Text("草案", "DRAFT"), "example": Text("示例", "EXAMPLE")}
RANGES_SHOWN = 50
"""A paper lists so many ranges of serial numbers; of more it names the whole list's hash."""
_MARK_HEX = 8


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the log; hash is hexadecimal."""

    book: str
    seq: int
    time_ns: int
    hash: str


@dataclass(frozen=True, slots=True)
class Stamps:
    """What nobody may overlook, and the word for it that lies across the page."""

    lines: tuple[Text, ...] = ()
    mark: Text | None = None


def position_of(conn: Connection, book: Book, seq: int) -> Position:
    """The place of an entry that is in the log."""
    entry = next(store.read(conn, book.log, after=seq - 1, upto=seq))
    return Position(store.book_name(conn, book.log) or "", entry.seq, entry.time_ns, entry.hash.hex())


def number(letter: str, position: Position, about: str) -> str:
    """A paper's number, `S-1234-9F3AB21C`: its kind, its entry, and digits that follow from the entry's hash
    and from what the paper is about. Equal papers have equal numbers; nobody hands them out.
    """
    mark = digest(f"{letter} {position.hash} {about}".encode()).hex()[:_MARK_HEX].upper()
    return f"{letter}-{position.seq}-{mark}"


def composed(
    conn: Connection,
    position: Position,
    number: str,
    stamped: Stamps,
    *,
    title: Text,
    lead: Text,
    parts: Iterable[Part],
) -> Paper:
    """A paper that speaks as of a position, in the market's own words.

    parts: what it says of its matter; where in the log that stands, and how to check it, comes after them.
    """
    paper = Paper(
        title=title,
        number=number,
        issuer=registry_name(conn, position.seq),
        lead=lead,
        parts=(*parts, position_facts(position)),
        check=how_to_check(position),
        made_ns=position.time_ns,
        stamps=stamped.lines,
        mark=stamped.mark,
    )
    return in_own_words(conn, paper)


def position_facts(position: Position) -> Facts:
    return Facts(
        (
            (Text("账簿", "Book"), position.book),
            (Text("条目序号", "Entry"), str(position.seq)),
            (Text("记入时间", "Recorded at"), when(position.time_ns)),
            (Text("条目哈希(SHA-256)", "Entry hash (SHA-256)"), position.hash),
        ),
        Text("在登记簿中的位置", "Position in the log"),
    )


def how_to_check(position: Position) -> Text:
    """How somebody checks a paper that names this position: with its proof file, or with the whole book."""
    return Text(
        "核验:有证明文件的,运行 tanshu verify 证明文件,不需数据库和网络。有本账簿的,运行 tanshu book audit,"
        f"它从第 0 条起重算整条哈希链与全部余额;第 {position.seq} "
        "条的哈希须与上文逐字一致。改动任何一条历史记录,其后的全部哈希都会改变。",
        "To check: with its proof file, run tanshu verify FILE; that needs no database and no network. "
        "With the book itself, run tanshu book audit: it recomputes the whole hash chain and every balance "
        f"from entry 0; the hash of entry {position.seq} must be the one above, to the letter. "
        "Changing any record of the past changes every hash after it.",
    )


def in_own_words(conn: Connection, paper: Paper) -> Paper:
    """The paper in the market's own words."""
    say = own_words(conn)
    return reworded(paper, say) if say else paper


def own_words(conn: Connection) -> Callable[[Text], Text] | None:
    """How the market says what this program calls otherwise, 缴还 for 清缴; None if it does not."""
    pack = packs.load(f"{parties.jurisdiction(conn)}.registry", allow_draft=True)
    if isinstance(pack, Refusal) or "words" not in pack.tables:
        return None
    return lambda text: registry_pack.worded(pack, text)


# -- stamps ------------------------------------------------------------------------------------------------


def stamps(
    conn: Connection, subjects: Iterable[Subject], given: Text | None = None, rules: Iterable[str] = ()
) -> Stamps:
    """What stands on a paper about these subjects.

    given: a scenario's own stamp, in place of ours. rules: packs beside the register's that it goes by.
    """
    by_pack = [_rule_stamps(name) for name in (f"{parties.jurisdiction(conn)}.registry", *rules)]
    lines = tuple(line for one in by_pack for line in one.lines)
    by_rule = Stamps(lines, next((one.mark for one in by_pack if one.mark), None))
    fictional = given or (FICTIONAL if any(one.fictional for one in subjects) else None)
    if fictional is None:
        return by_rule
    return Stamps((fictional, *by_rule.lines), FICTIONAL_MARK)


def _rule_stamps(name: str) -> Stamps:
    """Of a pack that is not the law in force; nothing where the pack cannot be read, which others refuse."""
    pack = packs.load(name, allow_draft=True)
    if isinstance(pack, Refusal) or pack.status not in PACK_STAMPS:
        return Stamps()
    return Stamps((PACK_STAMPS[pack.status].format(pack=name),), PACK_MARKS[pack.status])


# -- who and what ------------------------------------------------------------------------------------------


def registry_name(conn: Connection, seq: int) -> str:
    registry = parties.only_of_kind(conn, SubjectKind.REGISTRY)
    return name_at(conn, registry, seq) if registry else ""


def subject_at(conn: Connection, subject_id: str, seq: int) -> Subject:
    """The subject under the name that was its newest when entry `seq` was written."""
    subject = parties.subject_by_id(conn, subject_id)
    return replace(subject, name=name_at(conn, subject, seq))


def name_at(conn: Connection, subject: Subject, seq: int) -> str:
    t = SUBJECT_NAME.c
    query = select(t.name).where(t.subject_id == subject.id, t.seq <= seq).order_by(t.since.desc()).limit(1)
    return conn.execute(query).scalar() or subject.name


def subject_rows(subject: Subject) -> tuple[Row, ...]:
    code = Text("统一社会信用代码", "Credit code") if subject.uscc else Text("主体代号", "Handle")
    return (
        (Text("主体", "Subject"), subject.name),
        (code, subject.uscc or subject.handle),
    )


def account_label(conn: Connection, number: int, of: str, seq: int) -> Text:
    """An account by code and kind; whose it is, unless it is the subject's own or the register's."""
    account = parties.account_by_number(conn, number)
    label = ACCOUNT_TYPES[account.kind].label
    owner = subject_at(conn, account.subject_id, seq)
    name = "" if owner.id == of or owner.kind is SubjectKind.REGISTRY else owner.name
    return Text(f"{account.code}({label.zh}){name}", f"{account.code} ({label.en}) {name}".strip())


def instrument_label(instrument: Instrument) -> Text:
    """Title and code; a title that names the code is enough."""
    code, title = instrument.code, instrument.title
    if code in title.zh and code in title.en:
        return title
    return Text(f"{title.zh} {code}", f"{title.en} {code}")


def amount(instrument: Instrument, quantity: int) -> Text:
    """A quantity with its unit: tonnes, or yuan for cash."""
    if instrument.kind is InstrumentKind.CASH:
        return Text(f"{yuan(quantity)} 元", f"{yuan(quantity)} {instrument.code}")
    return Text(f"{quantity:,} 吨", f"{quantity:,} t")


def when(time_ns: int) -> Text:
    text = shanghai_text(time_ns)
    return Text(f"{text}(上海时间)", f"{text} (Shanghai)")


# -- serial numbers ----------------------------------------------------------------------------------------


def held_table(
    conn: Connection, log: int, codes: dict[int, str], seq: int, handle: str
) -> tuple[tuple[Table, ...], list[Numbers]]:
    """The numbers of what accounts (number → code) had after entry `seq`, and the list they are from."""
    found = serials.held(conn, log, codes, serials.serialised(conn, log).values(), seq)
    rows = [
        (str(one), amount(one.instrument, one.units), _place(codes[one.account], one))
        for one in found[:RANGES_SHOWN]
    ]
    lines = [serials.line(codes[one.account], one) for one in found]
    how = f"tanshu serial list {handle} --as-of seq:{seq} --plain"
    return numbers_table(rows, Text("账户", "Account"), lines, how), found


def numbers_table(
    shown: Sequence[Sequence[Words]], where: Text, lines: Sequence[str], how: str
) -> tuple[Table, ...]:
    """lines: the whole list, as `how` prints it; the table shows the first of them."""
    if not lines:
        return ()
    columns = (Text("序列号", "Serial numbers"), Text("数量", "Quantity"), where)
    note = None
    if len(lines) > len(shown):
        list_hash, more = serials.list_hash(lines), len(lines) - len(shown)
        note = Text(
            f"共 {len(lines):,} 段,此处列出前 {len(shown)} 段,另有 {more:,} 段。"
            f"完整清单由 {how} 给出,其 SHA-256 为 {list_hash}。",
            f"The first {len(shown)} of {len(lines):,} ranges; {more:,} more are not shown. "
            f"The whole list is what {how} prints; its SHA-256 is {list_hash}.",
        )
    return (Table(Text("序列号", "Serial numbers"), columns, shown, frozenset({1}), note),)


def _place(account: str, one: Numbers) -> Text:
    state = Text("冻结", "held") if one.hold else Text("可用", "available")
    return Text(f"{account} {state.zh}", f"{account} {state.en}")

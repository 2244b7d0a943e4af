"""What the kernel does, in little tables, each run on the reference, the plain and the compiled kernel.

Words of a record: `transfer who whom what how-much`, `hold who what how-much`, `capture #N who whom what
how-much`, `release #N who what how-much`, `open number flags`, `flags who flags`, `define number cap`;
`#N` is the hold made in line N of the table. A line that begins with `+` is linked to the next one.
Balances are maker's and taker's CEA after the line (after the whole chain, for linked lines).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tanshu.book import records
from tanshu.book.codes import Code
from tanshu.book.records import AMOUNT_MAX, AccountFlag, Op, Row, position
from tests.support.commands import CEA, CNY, ISSUER, MAKER, SINK, TAKER, opening
from tests.support.kernels import KERNELS

NAMES = {"issuer": ISSUER, "maker": MAKER, "taker": TAKER, "sink": SINK, "cea": CEA, "cny": CNY}
NAMES |= {"new": 4, "nobody": 9, "nothing": 9, "all": AMOUNT_MAX, "more": AMOUNT_MAX + 1, "cap": 999_000}
FLAGS = {"none": 0, "no-debit": 1, "no-credit": 2, "overdraft": 4, "closed": 8, "strange": 64}

TABLES = {
    "giving and receiving": """
    | transfer maker taker cea 400    | OK                     |   600 |    0 |   400 |
    | transfer taker maker cea 400    | OK                     |  1000 |    0 |     0 |
    | transfer maker taker cea 1001   | INSUFFICIENT_AVAILABLE |  1000 |    0 |     0 |
    | transfer maker taker cea 1000   | OK                     |     0 |    0 |  1000 |
    | transfer maker taker cea 0      | AMOUNT_NOT_POSITIVE    |     0 |    0 |  1000 |
    | transfer maker taker cea -5     | AMOUNT_NOT_POSITIVE    |     0 |    0 |  1000 |
    | transfer maker taker cea more   | AMOUNT_TOO_LARGE       |     0 |    0 |  1000 |
    | transfer maker taker cea all    | INSUFFICIENT_AVAILABLE |     0 |    0 |  1000 |
    | transfer nobody taker cea 1     | DEBIT_UNKNOWN          |     0 |    0 |  1000 |
    | transfer maker nobody cea 1     | CREDIT_UNKNOWN         |     0 |    0 |  1000 |
    | transfer maker taker nothing 1  | INSTRUMENT_UNKNOWN     |     0 |    0 |  1000 |
    | transfer taker taker cea 1      | SAME_ACCOUNT           |     0 |    0 |  1000 |
    """,
    "issuing up to the cap and no further": """
    | transfer issuer maker cea cap   | OK                     | 1000000 |  0 |     0 |
    | transfer issuer maker cea 1     | CAP_EXCEEDED           | 1000000 |  0 |     0 |
    | transfer maker issuer cea 100   | OK                     |  999900 |  0 |     0 |
    | transfer issuer taker cea 101   | CAP_EXCEEDED           |  999900 |  0 |     0 |
    | transfer issuer taker cea 100   | OK                     |  999900 |  0 |   100 |
    | transfer maker sink cea 900     | OK                     |  999000 |  0 |   100 |
    | transfer sink taker cea 900     | OK                     |  999000 |  0 |  1000 |
    | transfer sink taker cea 1       | CAP_EXCEEDED           |  999000 |  0 |  1000 |
    | transfer issuer sink cea all    | CAP_EXCEEDED           |  999000 |  0 |  1000 |
    | hold issuer cea 1               | HOLD_ON_OVERDRAFT      |  999000 |  0 |  1000 |
    """,
    "a hold is captured and released in parts": """
    | hold maker cea 600              | OK                     |   400 |  600 |     0 |
    | transfer maker taker cea 401    | INSUFFICIENT_AVAILABLE |   400 |  600 |     0 |
    | hold maker cea 401              | INSUFFICIENT_AVAILABLE |   400 |  600 |     0 |
    | capture #1 maker taker cea 250  | OK                     |   400 |  350 |   250 |
    | release #1 maker cea 100        | OK                     |   500 |  250 |   250 |
    | capture #1 maker taker cea 251  | HOLD_EXCEEDED          |   500 |  250 |   250 |
    | release #1 maker cea 251        | HOLD_EXCEEDED          |   500 |  250 |   250 |
    | capture #1 maker sink cea 250   | OK                     |   500 |    0 |   250 |
    | release #1 maker cea 1          | HOLD_NOT_OPEN          |   500 |    0 |   250 |
    | capture #1 maker taker cea 1    | HOLD_NOT_OPEN          |   500 |    0 |   250 |
    """,
    "a hold answers only to its own name, account and instrument": """
    | hold maker cea 100              | OK                     |   900 |  100 |     0 |
    | hold maker cea 200              | OK                     |   700 |  300 |     0 |
    | release #1 maker cea 101        | HOLD_EXCEEDED          |   700 |  300 |     0 |
    | release #9 maker cea 1          | HOLD_NOT_OPEN          |   700 |  300 |     0 |
    | release #1 taker cea 1          | HOLD_MISMATCH          |   700 |  300 |     0 |
    | capture #2 maker taker cny 1    | HOLD_MISMATCH          |   700 |  300 |     0 |
    | capture #2 maker maker cea 1    | SAME_ACCOUNT           |   700 |  300 |     0 |
    | capture #2 maker taker cea 0    | AMOUNT_NOT_POSITIVE    |   700 |  300 |     0 |
    | release #2 maker cea more       | AMOUNT_TOO_LARGE       |   700 |  300 |     0 |
    | release #2 maker cea 200        | OK                     |   900 |  100 |     0 |
    """,
    "flags forbid, and a hold granted before outlives no-debit": """
    | hold maker cea 300              | OK                     |   700 |  300 |     0 |
    | flags maker no-debit            | OK                     |   700 |  300 |     0 |
    | transfer maker taker cea 1      | DEBIT_FORBIDDEN        |   700 |  300 |     0 |
    | hold maker cea 1                | DEBIT_FORBIDDEN        |   700 |  300 |     0 |
    | capture #1 maker taker cea 100  | OK                     |   700 |  200 |   100 |
    | release #1 maker cea 100        | OK                     |   800 |  100 |   100 |
    | flags taker no-credit           | OK                     |   800 |  100 |   100 |
    | capture #1 maker taker cea 100  | CREDIT_FORBIDDEN       |   800 |  100 |   100 |
    | transfer issuer taker cea 1     | CREDIT_FORBIDDEN       |   800 |  100 |   100 |
    | transfer taker maker cea 50     | OK                     |   850 |  100 |    50 |
    | flags maker none                | OK                     |   850 |  100 |    50 |
    | transfer maker sink cea 850     | OK                     |     0 |  100 |    50 |
    """,
    "an account closes when it is empty, for good": """
    | flags maker closed              | ACCOUNT_NOT_EMPTY      |  1000 |    0 |     0 |
    | hold maker cea 1000             | OK                     |     0 | 1000 |     0 |
    | flags maker closed              | ACCOUNT_NOT_EMPTY      |     0 | 1000 |     0 |
    | capture #2 maker sink cea 1000  | OK                     |     0 |    0 |     0 |
    | flags maker closed              | OK                     |     0 |    0 |     0 |
    | flags maker none                | DEBIT_CLOSED           |     0 |    0 |     0 |
    | transfer issuer maker cea 1     | CREDIT_CLOSED          |     0 |    0 |     0 |
    | transfer maker taker cea 1      | DEBIT_CLOSED           |     0 |    0 |     0 |
    | hold maker cea 1                | DEBIT_CLOSED           |     0 |    0 |     0 |
    | flags nobody none               | DEBIT_UNKNOWN          |     0 |    0 |     0 |
    """,
    "accounts and instruments are numbered without a gap": """
    | open 5 none                     | NUMBER_NOT_NEXT        |  1000 |    0 |     0 |
    | open 3 none                     | NUMBER_NOT_NEXT        |  1000 |    0 |     0 |
    | open 4 closed                   | FLAGS_INVALID          |  1000 |    0 |     0 |
    | open 4 strange                  | FLAGS_INVALID          |  1000 |    0 |     0 |
    | open 4 overdraft                | OK                     |  1000 |    0 |     0 |
    | flags new none                  | FLAGS_INVALID          |  1000 |    0 |     0 |
    | flags maker overdraft           | FLAGS_INVALID          |  1000 |    0 |     0 |
    | flags maker strange             | FLAGS_INVALID          |  1000 |    0 |     0 |
    | transfer new maker cea 1        | OK                     |  1001 |    0 |     0 |
    | define 3 100                    | NUMBER_NOT_NEXT        |  1001 |    0 |     0 |
    | define 2 0                      | AMOUNT_NOT_POSITIVE    |  1001 |    0 |     0 |
    | define 2 more                   | AMOUNT_TOO_LARGE       |  1001 |    0 |     0 |
    | define 2 100                    | OK                     |  1001 |    0 |     0 |
    """,
    "a chain succeeds as one": """
    | + transfer maker taker cea 100  | OK                     |       |      |       |
    | + hold taker cea 40             | OK                     |       |      |       |
    | transfer taker maker cny 9500   | OK                     |   900 |    0 |    60 |
    """,
    "a chain fails as one, whichever link breaks": """
    | + transfer maker taker cea 100  | CHAIN_FAILED           |       |      |       |
    | + hold taker cea 40             | CHAIN_FAILED           |       |      |       |
    | transfer taker maker cny 50001  | INSUFFICIENT_AVAILABLE |  1000 |    0 |     0 |
    | + transfer maker taker cea 1001 | INSUFFICIENT_AVAILABLE |       |      |       |
    | transfer maker taker cea 1      | CHAIN_FAILED           |  1000 |    0 |     0 |
    | + open 4 none                   | CHAIN_FAILED           |       |      |       |
    | + transfer maker new cea 1      | CHAIN_FAILED           |       |      |       |
    | + open 4 none                   | NUMBER_NOT_NEXT        |       |      |       |
    | define 2 5                      | CHAIN_FAILED           |  1000 |    0 |     0 |
    | open 4 none                     | OK                     |  1000 |    0 |     0 |
    | + flags maker no-debit          | CHAIN_FAILED           |       |      |       |
    | transfer maker taker cea 1      | DEBIT_FORBIDDEN        |  1000 |    0 |     0 |
    | transfer maker taker cea 1      | OK                     |   999 |    0 |     1 |
    """,
    "a chain without an end fails": """
    | + transfer maker taker cea 100  | CHAIN_OPEN             |  1000 |    0 |     0 |
    """,
}  # fmt: skip

ROOM = [  # what no word of the tables says: fields that must be zero, operations that do not exist
    ("transfer with a hold", (Op.TRANSFER, 0, CEA, MAKER, TAKER, 1, 7, 0, 0, 0), Code.RESERVED_FIELD),
    ("hold with a receiver", (Op.HOLD, 0, CEA, MAKER, TAKER, 1, 0, 0, 0, 0), Code.RESERVED_FIELD),
    ("hold with a hold", (Op.HOLD, 0, CEA, MAKER, 0, 1, 7, 0, 0, 0), Code.RESERVED_FIELD),
    ("release with a receiver", (Op.RELEASE, 0, CEA, MAKER, TAKER, 1, 7, 0, 0, 0), Code.RESERVED_FIELD),
    ("account with an instrument", (Op.OPEN_ACCOUNT, 0, 1, 4, 0, 0, 0, 0, 0, 0), Code.RESERVED_FIELD),
    ("flags with a receiver", (Op.SET_FLAGS, 0, 0, MAKER, 1, 0, 0, 0, 0, 0), Code.RESERVED_FIELD),
    ("instrument with a hold", (Op.DEFINE_INSTRUMENT, 0, 2, 0, 0, 5, 1, 0, 0, 0), Code.RESERVED_FIELD),
    ("reserved", (Op.TRANSFER, 0, CEA, MAKER, TAKER, 1, 0, 0, 1, 0), Code.RESERVED_FIELD),
    ("extra", (Op.TRANSFER, 0, CEA, MAKER, TAKER, 1, 0, 0, 0, -1), Code.RESERVED_FIELD),
    ("unknown record flag", (Op.TRANSFER, 2, CEA, MAKER, TAKER, 1, 0, 0, 0, 0), Code.RESERVED_FIELD),
    ("operation 0", (0, 0, CEA, MAKER, TAKER, 1, 0, 0, 0, 0), Code.UNKNOWN_OPERATION),
    ("operation 8", (8, 0, CEA, MAKER, TAKER, 1, 0, 0, 0, 0), Code.UNKNOWN_OPERATION),
    ("operation 65535", (65535, 0, CEA, MAKER, TAKER, 1, 0, 0, 0, 0), Code.UNKNOWN_OPERATION),
    ("scale 10", (Op.DEFINE_INSTRUMENT, 0, 2, 10, 0, 5, 0, 0, 0, 0), Code.SCALE_INVALID),
    ("serialised 2", (Op.DEFINE_INSTRUMENT, 0, 2, 0, 2, 5, 0, 0, 0, 0), Code.FLAGS_INVALID),
    ("negative flags", (Op.SET_FLAGS, 0, 0, MAKER, 0, -1, 0, 0, 0, 0), Code.FLAGS_INVALID),
    ("a hold from before the book", (Op.RELEASE, 0, CEA, MAKER, 0, 1, -1, 0, 0, 0), Code.HOLD_NOT_OPEN),
    ("the largest account", (Op.TRANSFER, 0, CEA, 2**32 - 1, TAKER, 1, 0, 0, 0, 0), Code.DEBIT_UNKNOWN),
    ("a tag", (Op.TRANSFER, 0, CEA, MAKER, TAKER, 1, 0, 2**32 - 1, 0, 0), Code.OK),
]  # fmt: skip


def parse(words: list[str], hold_of_line: dict[int, int]) -> Row:
    """One record from its words."""
    linked = words[0] == "+"
    op, *rest = words[1:] if linked else words
    if op in ("open", "flags"):
        number, flags = number_of(rest[0]), FLAGS[rest[1]]
        row = (records.open_account if op == "open" else records.set_flags)(number, AccountFlag(flags))
        return (row[0], int(linked), *row[2:])
    if op == "define":
        row = (Op.DEFINE_INSTRUMENT, 0, number_of(rest[0]), 0, 0, number_of(rest[1]), 0, 0, 0, 0)
        return (row[0], int(linked), *row[2:])
    if rest[0].startswith("#"):
        rest[0] = str(hold_of_line.get(int(rest[0][1:]), 1))
    numbers = [number_of(word) for word in rest]
    return getattr(records, op)(*numbers, linked=linked)


def number_of(word: str) -> int:
    return NAMES[word] if word in NAMES else int(word)


def entries(table: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Chains of (line number, cells of the line)."""
    chain: list[tuple[int, list[str]]] = []
    for n, line in enumerate(table.strip().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        chain.append((n, cells))
        if not cells[0].startswith("+"):
            yield chain
            chain = []
    if chain:
        yield chain


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, kernel: str):
    book = KERNELS[kernel]()
    assert set(book.apply(0, opening())) == {0}
    hold_of_line: dict[int, int] = {}
    for seq, chain in enumerate(entries(TABLES[name]), 1):
        for i, (line, _) in enumerate(chain):
            hold_of_line[line] = position(seq, i)
        rows = [parse(cells[0].split(), hold_of_line) for _, cells in chain]

        answers = [Code(code).name for code in book.apply(seq, rows)]

        last = chain[-1][0]
        assert answers == [cells[1] for _, cells in chain], f"line {last}"
        balances = (*book.cell(MAKER, CEA), book.cell(TAKER, CEA)[0])
        assert balances == tuple(map(int, chain[-1][1][2:])), f"line {last}"


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("row", "code"), [line[1:] for line in ROOM], ids=[line[0] for line in ROOM])
def test_field(row: Row, code: Code, kernel: str):
    book = KERNELS[kernel]()
    book.apply(0, opening())
    assert book.apply(1, [row]) == [code]


def test_every_code_appears_in_the_tables():
    told = {cells[1] for table in TABLES.values() for chain in entries(table) for _, cells in chain}
    assert told | {code.name for _, _, code in ROOM} == {code.name for code in Code}


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_largest_amounts_do_not_overflow(kernel: str):
    book = KERNELS[kernel]()
    book.apply(0, [records.define_instrument(0), records.open_account(0, AccountFlag.OVERDRAFT)])
    book.apply(1, [records.open_account(1, AccountFlag.OVERDRAFT), records.open_account(2)])
    moves = [(0, 2), (0, 1), (2, 1), (1, 0), (0, 1), (1, 2), (0, 1), (1, 0), (2, 0), (2, 0), (0, 1)]
    codes = [
        Code(book.apply(2 + n, [records.transfer(debit, credit, 0, AMOUNT_MAX)])[0])
        for n, (debit, credit) in enumerate(moves)
    ]
    full, empty = Code.CAP_EXCEEDED, Code.INSUFFICIENT_AVAILABLE
    assert codes == [0, full, 0, 0, 0, 0, full, 0, 0, empty, 0]
    assert book.cells() == []


@pytest.mark.parametrize("kernel", KERNELS)
def test_chains_end_where_the_entry_ends(kernel: str):
    book = KERNELS[kernel]()
    book.apply(0, opening())
    open_end = [records.transfer(MAKER, TAKER, CEA, 1), records.transfer(MAKER, TAKER, CEA, 1, linked=True)]
    assert book.apply(1, open_end) == [Code.OK, Code.CHAIN_OPEN]
    assert book.apply(2, [records.transfer(MAKER, TAKER, CEA, 1)]) == [Code.OK]
    assert book.cell(TAKER, CEA) == (2, 0)

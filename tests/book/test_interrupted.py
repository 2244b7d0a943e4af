"""An interruption at the worst moment: the replica is never believed, the log is."""

from __future__ import annotations

import pytest

from tanshu.base.refusal import Refusal
from tanshu.book import kernel, records
from tanshu.book.commit import Act, Book, Context, verb
from tanshu.book.records import AccountFlag


@verb("test.open")
def open_book(act: Act, _command: object):
    act.open_account(AccountFlag.OVERDRAFT)
    act.open_account()
    act.define_instrument()
    return {}


@verb("test.move")
def move(act: Act, amount: int):
    act.record(records.transfer(0, 1, 0, amount))
    return {"amount": amount}


def available(book: Book) -> int:
    with book.database.read() as conn:
        return book.catch_up(conn).cell(1, 0).available


@pytest.mark.parametrize(
    ("error", "leaves_as"), [(KeyboardInterrupt, KeyboardInterrupt), (MemoryError, Exception)]
)
def test_a_kernel_interrupted_after_its_work_leaves_no_trace(
    book: Book,
    context,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    leaves_as: type[BaseException],
):
    open_book(context(), None)
    assert not isinstance(move(context(), 100), Refusal)
    apply = kernel.apply

    def works_then_raises(*args):
        apply(*args)
        raise error

    monkeypatch.setattr(kernel, "apply", works_then_raises)
    with pytest.raises(leaves_as) as caught:
        move(context(), 50)
    assert isinstance(caught.value, error) or isinstance(caught.value.__cause__, error)
    monkeypatch.setattr(kernel, "apply", apply)
    assert available(book) == 100
    assert not isinstance(move(context(), 7), Refusal)
    assert (available(book), available(Book(book.database))) == (107, 107)


def test_a_repeated_answer_writes_its_done_mark_only_once(context):
    open_book(context(), None)
    marks: list[int] = []
    ctx: Context = context().with_(also=lambda _conn: marks.append(1))
    move(ctx, 1)
    move(ctx, 1)
    assert marks == [1]

"""Who and what may be asked at all: refused before the lock is taken, with nothing written."""

from __future__ import annotations

import pytest

from tanshu.base.database import Database, failure
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act, Book, Context, verb
from tanshu.log import store


@verb("test.say")
def say(_act: Act, command: object):
    return {"said": command}


@verb("test.nest")
def nest(act: Act, _command: object):
    say(act.ctx, "inside a decision")
    return {}


@pytest.mark.parametrize(
    ("actor", "code"),
    [("", "BOOK-1002"), ("x" * 65, "BOOK-1002"), ("a\x00b", "BOOK-1002"), ("line\nbreak", "BOOK-1002")],
)
def test_a_name_that_no_role_holder_can_have(context, actor: str, code: str):
    outcome = say(context(actor), "hello")
    assert isinstance(outcome, Refusal)
    assert outcome.code == code


@pytest.mark.parametrize("text", ["nul \x00", "half \ud800 pair", {"key \x00": 1}, [["deep \udfff"]]])
def test_text_that_databases_would_keep_differently(context, text: object):
    outcome = say(context(), text)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "BASE-1302"
    assert outcome.sentence("en").isprintable()


def test_a_decision_that_commits_is_a_bug_that_is_named_not_a_deadlock(context):
    with pytest.raises(AssertionError, match="must not commit"):
        nest(context(), None)
    assert not isinstance(say(context(), "afterwards"), Refusal)


def test_a_context_is_its_own_copy(context):
    ctx: Context = context()
    assert ctx.with_(reason="why").reason == "why"
    assert ctx.reason == ""


def test_a_writer_behind_another_gives_up_in_the_end_and_says_so(
    database_url: str, book: Book, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tanshu.base.database.BUSY_MS", 100)
    impatient = Database.open(database_url)
    with book.database.write() as conn:
        store.lock(conn, book.log)
        with pytest.raises(Exception) as caught:
            say(Context(Book(impatient), "registry-maker-1", bytes(16)), "hello")
    impatient.close()
    refusal = failure(caught.value, database_url)
    assert refusal
    assert refusal.code == "BASE-1104"


def test_an_error_that_is_no_databases_is_left_alone(database_url: str):
    assert failure(ValueError("database is locked"), database_url) is None

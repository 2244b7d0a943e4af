"""Answers are remembered for the length of one command, and no longer."""

from __future__ import annotations

from tanshu.base.memo import remember, remembered, remembering

ASKED: list[tuple[object, ...]] = []


@remembered
def product(_conn: object, a: int, b: int = 1, *, more: int = 0) -> int:
    ASKED.append((a, b, more))
    return a * b + more


def asked_by(*calls: tuple[int, ...]) -> list[tuple[object, ...]]:
    """What is really asked when these are, with connections that differ."""
    ASKED.clear()
    for call in calls:
        assert product(object(), *call) == call[0] * (call[1] if len(call) > 1 else 1)
    return list(ASKED)


def test_outside_of_remembering_every_question_is_asked():
    assert asked_by((2, 3), (2, 3)) == [(2, 3, 0), (2, 3, 0)]


def test_inside_the_same_question_is_asked_once_and_others_are_told_apart():
    with remembering():
        assert asked_by((2, 3), (3, 2), (2, 3)) == [(2, 3, 0), (3, 2, 0)]
        assert product(None, 2, 3, more=1) == 7
    assert asked_by((2, 3)) == [(2, 3, 0)]


def test_answers_found_together_are_not_asked_again_by_one_argument_or_several():
    with remembering():
        remember(product, {2: 2, (4, 5): 20})
        assert asked_by((2,), (4, 5), (5, 4)) == [(5, 4, 0)]


def test_what_an_inner_block_remembers_ends_with_it():
    with remembering():
        with remembering():
            asked_by((2, 3))
        assert asked_by((2, 3)) == [(2, 3, 0)]

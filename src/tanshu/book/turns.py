"""Who commits for whom: of the threads that ask at the same time, one works for all that wait.

    ask → first in the line? lead: take who waits, commit for them, tell them, hand the lead to the next
          else wait, to be told or to lead

A thread that leads takes what has gathered while the one before it waited for the disk. So the more threads
ask, the more commands one flush carries; a thread that is alone never waits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Ask(Generic[Q, A]):
    """What one thread wants done, and what became of it: an answer, or the error that leaves to the asker.

    alone: shares with nobody.
    """

    def __init__(self, what: Q, *, alone: bool):
        self.what = what
        self.alone = alone
        self.done = False
        self.gone = False
        """Nobody waits for it any more."""
        self.thread = threading.get_ident()
        self._answer: A | None = None
        self._error: BaseException | None = None
        self._bell = threading.Lock()
        self._bell.acquire()

    def tell(self, answer: A) -> None:
        self._answer, self.done = answer, True
        self.ring()

    def fail(self, error: BaseException) -> None:
        self._error, self.done = error, True
        self.ring()

    def outcome(self) -> A:
        """The answer. Raises what went wrong instead."""
        assert self.done
        if self._error is not None:
            raise self._error
        return self._answer  # type: ignore[return-value]

    def wait(self) -> None:
        """Sleep until told, or until it is this one's turn to lead."""
        self._bell.acquire()

    def ring(self) -> None:
        if self._bell.locked():
            self._bell.release()


class Turns(Generic[Q, A]):
    """The line of those who ask; its head leads."""

    def __init__(self, together_max: int):
        self._together_max = together_max
        self._guard = threading.Lock()
        self._line: deque[Ask[Q, A]] = deque()
        self._leader: Ask[Q, A] | None = None

    def run(self, ask: Ask[Q, A], lead: Callable[[Sequence[Ask[Q, A]]], None]) -> A:
        """Have `ask` done, by this thread or by one that is at it already.

        lead: tells every ask it is given, in whatever order; should it raise, the others are taken up by who
        leads next. Raises what became of this ask.
        """
        try:
            self._stand_in_line(ask)
            if self._leader is not ask:
                ask.wait()
            if self._leader is ask:
                asks: list[Ask[Q, A]] = []
                try:
                    self._take(asks)
                    lead(asks)
                finally:
                    self._give_back(asks)
        finally:
            self._leave(ask)
        return ask.outcome()

    def _stand_in_line(self, ask: Ask[Q, A]) -> None:
        with self._guard:
            leader = self._leader
            if leader is None:
                self._leader = ask
            else:
                assert leader.thread != ask.thread, "a decision must not commit: it would wait for itself"
            self._line.append(ask)

    def _take(self, asks: list[Ask[Q, A]]) -> None:
        """Put the head of the line into `asks`, with those who may share its turn; then out of the line.

        In this order, so that an interrupt in between leaves nobody in neither.
        """
        with self._guard:
            assert self._line[0] is self._leader
            for ask in self._line:
                if asks and not self._may_join(ask, asks):
                    break
                asks.append(ask)
            for _ in asks:
                self._line.popleft()

    def _may_join(self, ask: Ask[Q, A], asks: Sequence[Ask[Q, A]]) -> bool:
        return len(asks) < self._together_max and not (ask.alone or asks[0].alone)

    def _give_back(self, asks: Sequence[Ask[Q, A]]) -> None:
        """Put those who were not told back to where they were, unless they have left."""
        if untold := [ask for ask in asks[1:] if not ask.done]:
            with self._guard:
                still = set(self._line)
                self._line.extendleft(a for a in reversed(untold) if not a.gone and a not in still)

    def _leave(self, ask: Ask[Q, A]) -> None:
        """Whatever happened to this one, the line goes on."""
        with self._guard:
            ask.gone = True
            if not ask.done and ask in self._line:  # interrupted before its turn came
                self._line.remove(ask)
            if self._leader is ask:
                self._leader = self._line[0] if self._line else None
                if self._leader:
                    self._leader.ring()

"""A clock that only moves when asked, and by one tick whenever it is read."""

from __future__ import annotations

from datetime import date, time

from tanshu.base.clock import NS, shanghai_ns

START_NS = shanghai_ns(date(2024, 1, 2), time(9))
"""The opening of the first working day of 2024: when test books begin."""


class Ticker:
    """Starts at 2024-01-02 09:00 in Shanghai; each reading is `step_ns` after the one before."""

    def __init__(self, now_ns: int = START_NS, step_ns: int = NS):
        self.now_ns = now_ns
        self.step_ns = step_ns

    def __call__(self) -> int:
        self.now_ns += self.step_ns
        return self.now_ns

    def set(self, now_ns: int) -> None:
        """The next reading is `step_ns` after this instant."""
        self.now_ns = now_ns

    def set_day(self, day: date, at: time = time(9)) -> None:
        """Move to a Shanghai day and time."""
        self.set(shanghai_ns(day, at))

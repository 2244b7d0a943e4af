"""How Python keeps its memory in order, for processes that handle rows by thousands."""

from __future__ import annotations

import gc


def rarely_collect() -> None:
    """Look for cycles less often than Python does by itself: nearly everything here goes by its count.

    A command with thousands of rows would have everything that lives looked over dozens of times.
    """
    gc.set_threshold(100_000, 20, 100)

"""`python -m benchmarks`: measure everything, print the table; `--write` also puts it into the document."""

from __future__ import annotations

import argparse
import os
import platform
import time
from pathlib import Path

from benchmarks import bulk, durable, group, history, kernel, orders, registry_scale, replay, space, verbs
from benchmarks.common import Figure, postgresql, scratch

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    wants = parser.parse_args()
    started = time.perf_counter()
    table = as_markdown(measure())
    print(table)
    print(f"\n{machine()}; {time.perf_counter() - started:.0f} s")
    if wants.write:
        write(table)


def measure() -> list[Figure]:
    found = kernel.figures()
    with scratch() as folder, postgresql() as url:
        for one in (durable, space, group, replay, history, bulk, verbs, registry_scale, orders):
            found += one.figures(folder, url)
    return found


def as_markdown(found: list[Figure]) -> str:
    lines = ["| measure | median | ratio | against | goal |", "|---|---:|---:|---|---|"]
    for f in found:
        times = "" if f.ratio is None else f"{f.ratio:.3g}"
        lines.append(f"| {f.measure} | {rounded(f.value)} {f.unit} | {times} | {f.against} | {f.goal} |")
    return "\n".join(lines)


def rounded(value: float) -> str:
    """Three figures: more would be noise."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 1_000 else f"{value:.3g}"


def machine() -> str:
    """What it ran on, in general terms."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def write(table: str) -> None:
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{machine()}.\n\n{table}\n{END}{after}")


if __name__ == "__main__":
    main()

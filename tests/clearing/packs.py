"""The clearing pack of the national market with other settings: in a folder of its own, looked into first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from tanshu.rules import packs

NATIONAL = resources.files("tanshu.rules") / "packs" / "cn" / "clearing.toml"


def write(folder: Path, **settings: object) -> Path:
    """A folder with cn.clearing as it is, these lines of its table `settlement` apart."""
    lines: list[str] = []
    for line in NATIONAL.read_text(encoding="utf-8").splitlines():
        name = line.split(" = ")[0]
        if name in settings:
            line = f"{name} = {json.dumps(settings[name])}"
        lines.append(line)
    (folder / "cn").mkdir(parents=True, exist_ok=True)
    (folder / "cn" / "clearing.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@contextmanager
def settled_as(folder: Path, **settings: object) -> Iterator[Path]:
    """For as long as the block runs the national market is settled so."""
    with packs.searching(write(folder, **settings)):
        yield folder

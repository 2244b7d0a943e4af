"""Words in the two languages of the house.

A `Text` carries both; which one is shown is decided at the door (`--lang`, `TANSHU_LANG`, the locale,
else zh-CN). Nothing below the doors asks for a language.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en"]
DEFAULT_LANG: Lang = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """One label or sentence pattern in Chinese and English."""

    zh: str
    en: str

    def in_(self, lang: Lang) -> str:
        return self.en if lang == "en" else self.zh

    def format(self, **values: object) -> Text:
        return Text(self.zh.format(**values), self.en.format(**values))


def language(asked: str | None = None) -> Lang:
    """The language to speak: `asked`, else TANSHU_LANG, else the locale's, else Chinese.

    The C and POSIX locales say nothing about a person's language, so they fall through to the default.
    """
    for value in (asked, os.environ.get("TANSHU_LANG"), _locale_name()):
        if value:
            head = value.replace("_", "-").split("-")[0].split(".")[0].lower()
            if head in ("zh", "en"):
                return "en" if head == "en" else "zh"
    return DEFAULT_LANG


def _locale_name() -> str | None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return None if value.split(".")[0] in ("C", "POSIX") else value
    return None

"""Which language is spoken: what was asked, the environment, the locale, else Chinese."""

from __future__ import annotations

import pytest

from tanshu.base.text import Text, language

TABLE = [
    # asked, TANSHU_LANG, LC_ALL, LANG → spoken
    (None, None, None, None, "zh"),
    ("en", "zh", None, None, "en"),
    ("zh-CN", "en", None, None, "zh"),
    (None, "en_GB", None, "zh_CN.UTF-8", "en"),
    (None, None, None, "en_US.UTF-8", "en"),
    (None, None, None, "zh_CN.UTF-8", "zh"),
    (None, None, None, "C.UTF-8", "zh"),
    (None, None, None, "POSIX", "zh"),
    (None, None, "C", "en_US.UTF-8", "zh"),
    (None, None, None, "fr_FR.UTF-8", "zh"),
    ("fr", "en", None, None, "en"),
    ("EN-us", None, None, None, "en"),
]


@pytest.mark.parametrize(("asked", "house", "lc_all", "lang", "spoken"), TABLE)
def test_the_language_spoken(asked, house, lc_all, lang, spoken, monkeypatch: pytest.MonkeyPatch):
    wanted = {"TANSHU_LANG": house, "LC_ALL": lc_all, "LC_MESSAGES": None, "LANG": lang}
    for name, value in wanted.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert language(asked) == spoken


def test_a_text_carries_both_and_formats_both():
    text = Text("{n} 吨", "{n} t").format(n=5)
    assert (text.in_("zh"), text.in_("en")) == ("5 吨", "5 t")

"""Every "no" has one number, two languages, and the facts its sentences need."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from string import Formatter
from typing import Any

import pytest

import tanshu
from tanshu.base.refusal import RefusalKind, Refused, catalogue, refusal
from tests.support.commands import NO


def everything() -> dict[str, RefusalKind]:
    """The catalogue with every room loaded, but for the tests' own."""
    for module in pkgutil.walk_packages(tanshu.__path__, "tanshu."):
        if "__main__" not in module.name and "migrations" not in module.name:
            importlib.import_module(module.name)
    return {code: kind for code, kind in catalogue().items() if not code.startswith("TEST-")}


def names(pattern: str) -> set[str]:
    """The facts a sentence needs."""
    return {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}


def alike(pattern: str) -> set[str]:
    """The same, where a fact may have a form for each language: `expected_zh`, `expected_en`."""
    return {name.removesuffix("_zh").removesuffix("_en") for name in names(pattern)}


def test_every_refusal_can_be_said_in_both_languages_from_the_same_facts():
    every = everything()
    assert len(every) > 60
    for code, kind in every.items():
        assert alike(kind.text.zh) == alike(kind.text.en), code
        facts: dict[str, Any] = dict.fromkeys(names(kind.text.zh + kind.text.en), 1)
        said = kind(**facts)
        assert re.search("[\u4e00-\u9fff]", said.sentence("zh")), code
        assert re.search("[A-Za-z]", said.sentence("en")), code
        assert "{" not in said.sentence("zh") + said.sentence("en"), code


def test_the_catalogue_is_in_order_and_every_code_names_itself():
    codes = list(everything())
    assert codes == sorted(codes)
    assert all(kind.code == code for code, kind in catalogue().items())


def test_a_code_defined_twice_is_a_bug():
    with pytest.raises(ValueError, match="TEST-1001 is defined twice"):
        refusal("TEST-1001", "再来", "again")


@pytest.mark.parametrize("code", ["REG2005", "reg-2005", "REG-205", "REGISTRY-2005", "R-2005", "REG-2005 "])
def test_a_code_of_another_shape_is_a_bug(code: str):
    with pytest.raises(ValueError, match="is not like REG-2005"):
        refusal(code, "不", "no")


def test_a_refusal_as_json_keeps_numbers_and_says_both_sentences():
    facts = json.loads(json.dumps(NO(field="amount", available=400, day=None, who=b"x").as_json()))
    assert facts == {
        "code": "TEST-1001",
        "field": "amount",
        "message": {"zh": "测试:不行。", "en": "Test: no."},
        "facts": {"available": 400, "day": None, "who": "b'x'"},
    }


def test_a_refusal_travels_as_an_exception_where_it_must():
    with pytest.raises(Refused, match=re.escape("TEST-1001 Test: no.")) as caught:
        raise Refused(NO())
    assert caught.value.refusal == NO()

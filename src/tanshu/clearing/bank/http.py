"""A bank reached over HTTP with JSON. What goes wrong on the way is an unknown result, no exception."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from http.client import HTTPException
from time import monotonic
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from tanshu.clearing.bank import wire
from tanshu.clearing.bank.gateway import BankAnswer, Instruction, NeverHeard, Notice, Statement, Unknown

T = TypeVar("T")
TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 256 * 2**20
PATIENCE = 6
"""An answer that is still coming after so many timeouts is none."""
_GARBLED = (KeyError, ValueError, TypeError, AttributeError, RecursionError)
_LOST = (OSError, HTTPException)


class HttpBank:
    """A bank at an address such as `http://127.0.0.1:8000`, by its handle."""

    def __init__(self, address: str, bank: str, *, timeout_s: float = TIMEOUT_S):
        self._bank = bank
        self._root = f"{address.rstrip('/')}/banks/{quote(bank, safe='')}"
        self._timeout_s = timeout_s
        self._opener = build_opener(ProxyHandler({}))  # a bank's line is its own: no proxy of the environment

    def submit(self, instruction: Instruction, on: date) -> BankAnswer:
        said = self._call("instructions", wire.instruction_out(instruction, on))
        answer = _understood(said, wire.answer_in)
        return Unknown("it has never heard of it") if isinstance(answer, NeverHeard) else answer

    def ask(self, id: str, on: date) -> BankAnswer | NeverHeard:
        said = self._call(f"instructions/{quote(id, safe='')}?on={on.isoformat()}")
        return _understood(said, wire.answer_in)

    def notices(self, after: int) -> list[Notice] | Unknown:
        said = self._call(f"notices?after={after}")
        return _understood(said, lambda one: [wire.notice_in(notice) for notice in one["notices"]])

    def statement(self, day: date) -> Statement | Unknown:
        """Nobody speaks for another bank, or of another day than was asked for."""
        said = _understood(self._call(f"statements/{day.isoformat()}"), wire.statement_in)
        if isinstance(said, Statement) and (said.bank, said.day) != (self._bank, day):
            return Unknown(f"it sent a statement of {said.bank} for {said.day}")
        return said

    def _call(self, path: str, body: object = None) -> Mapping[str, Any] | Unknown:
        """GET, or POST where there is a body; a refusal by status code is no answer, either."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        try:
            request = Request(f"{self._root}/{path}", data=data, headers=headers)
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                said = json.loads(self._read(answer))
        except HTTPError as error:
            return Unknown(f"HTTP {error.code}")
        except _LOST as error:
            return Unknown(str(error) or type(error).__name__)
        except _GARBLED as error:
            return Unknown(f"garbled: {error}")
        return said if isinstance(said, dict) else Unknown("garbled: no JSON object")

    def _read(self, answer: Any) -> bytes:
        """The whole answer, within bounds: a timeout by itself only bounds the wait for the next byte."""
        parts: list[bytes] = []
        size, until = 0, monotonic() + PATIENCE * self._timeout_s
        while part := answer.read1(2**16):
            parts.append(part)
            size += len(part)
            if size > ANSWER_BYTES_MAX:
                raise ValueError("the answer is too long")
            if monotonic() > until:
                raise TimeoutError("the answer takes too long")
        return b"".join(parts)


def _understood(said: Mapping[str, Any] | Unknown, read: Callable[[Mapping[str, Any]], T]) -> T | Unknown:
    if isinstance(said, Unknown):
        return said
    try:
        return read(said)
    except _GARBLED as error:
        return Unknown(f"garbled: {error}")

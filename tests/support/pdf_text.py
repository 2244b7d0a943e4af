"""The text of a PDF of ours, page by page, as a reader that searches it would find it."""

from __future__ import annotations

import base64
import re
import zlib

_STREAM = re.compile(rb"stream\n(.*?)endstream", re.S)
_CHINESE = re.compile(rb"/Encoding /UniGB-UCS2-H /Name /(F\d+)")
_TOKEN = re.compile(rb"/(F\d+) [\d.]+ Tf|\(((?:[^()\\]|\\.)*)\)|(T\*|ET)", re.S)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)


def text_of(data: bytes) -> list[str]:
    """Each page's text: its runs in a row, a line feed where a new line begins."""
    chinese = set(_CHINESE.findall(data))
    return [_page(_unpacked(stream), chinese) for stream in _STREAM.findall(data)]


def _unpacked(stream: bytes) -> bytes:
    return zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))


def _page(stream: bytes, chinese: set[bytes]) -> str:
    font = b""
    found: list[str] = []
    for name, string, line in _TOKEN.findall(stream):
        if name:
            font = name
        elif line:
            found.append("\n")
        else:
            raw = _ESCAPE.sub(_plain, string)
            found.append(raw.decode("utf-16-be" if font in chinese else "cp1252"))
    return "".join(found)


def _plain(match: re.Match[bytes]) -> bytes:
    body = match[1]
    if len(body) == 3:
        return bytes([int(body, 8)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(body, body)

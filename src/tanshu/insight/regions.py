"""Names of administrative divisions (GB/T 2260), as far as reports need them.

A credit code names the division of the office that registered the company: its city, or only its province.
"""

from __future__ import annotations

from tanshu.base.text import Text

NOWHERE = Text("—", "—")

_DIVISIONS = {
    "420000": Text("湖北省", "Hubei"),
    "420100": Text("武汉市", "Wuhan"),
    "420200": Text("黄石市", "Huangshi"),
    "420300": Text("十堰市", "Shiyan"),
    "420500": Text("宜昌市", "Yichang"),
    "420600": Text("襄阳市", "Xiangyang"),
    "420700": Text("鄂州市", "Ezhou"),
    "420800": Text("荆门市", "Jingmen"),
    "420900": Text("孝感市", "Xiaogan"),
    "421000": Text("荆州市", "Jingzhou"),
    "421100": Text("黄冈市", "Huanggang"),
    "421200": Text("咸宁市", "Xianning"),
    "421300": Text("随州市", "Suizhou"),
    "422800": Text("恩施州", "Enshi"),
    "429004": Text("仙桃市", "Xiantao"),
    "429005": Text("潜江市", "Qianjiang"),
    "429006": Text("天门市", "Tianmen"),
    "429021": Text("神农架林区", "Shennongjia"),
}
_BY_NAME = {text.zh: text for text in _DIVISIONS.values()}


def place(region: str) -> Text:
    """The name of a six-digit division: its own, else its city's; an unknown code stays a code."""
    found = _DIVISIONS.get(region) or _DIVISIONS.get(region[:4] + "00")
    return found or (Text(region, region) if region else NOWHERE)


def named(name: str) -> Text:
    """A place known by its Chinese name, with its English one where there is one."""
    return _BY_NAME.get(name) or Text(name, name)

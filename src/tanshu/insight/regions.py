"""Names of administrative divisions (GB/T 2260), as far as reports need them: the provinces, Hubei's cities.

A credit code names the division of the office that registered the company: its city, or only its province.
"""

from __future__ import annotations

from tanshu.base.text import Text

NOWHERE = Text("—", "—")

_DIVISIONS = {
    "000000": Text("国家", "national"),
    "110000": Text("北京市", "Beijing"),
    "120000": Text("天津市", "Tianjin"),
    "130000": Text("河北省", "Hebei"),
    "140000": Text("山西省", "Shanxi"),
    "150000": Text("内蒙古自治区", "Inner Mongolia"),
    "210000": Text("辽宁省", "Liaoning"),
    "220000": Text("吉林省", "Jilin"),
    "230000": Text("黑龙江省", "Heilongjiang"),
    "310000": Text("上海市", "Shanghai"),
    "320000": Text("江苏省", "Jiangsu"),
    "330000": Text("浙江省", "Zhejiang"),
    "340000": Text("安徽省", "Anhui"),
    "350000": Text("福建省", "Fujian"),
    "360000": Text("江西省", "Jiangxi"),
    "370000": Text("山东省", "Shandong"),
    "410000": Text("河南省", "Henan"),
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
    "430000": Text("湖南省", "Hunan"),
    "440000": Text("广东省", "Guangdong"),
    "450000": Text("广西壮族自治区", "Guangxi"),
    "460000": Text("海南省", "Hainan"),
    "500000": Text("重庆市", "Chongqing"),
    "510000": Text("四川省", "Sichuan"),
    "520000": Text("贵州省", "Guizhou"),
    "530000": Text("云南省", "Yunnan"),
    "540000": Text("西藏自治区", "Tibet"),
    "610000": Text("陕西省", "Shaanxi"),
    "620000": Text("甘肃省", "Gansu"),
    "630000": Text("青海省", "Qinghai"),
    "640000": Text("宁夏回族自治区", "Ningxia"),
    "650000": Text("新疆维吾尔自治区", "Xinjiang"),
    "660000": Text("新疆生产建设兵团", "Xinjiang Corps"),
}
_BY_NAME = {text.zh: text for text in _DIVISIONS.values()}


def place(region: str) -> Text:
    """The name of a six-digit division: its own, else its city's; an unknown code stays a code."""
    found = _DIVISIONS.get(region) or _DIVISIONS.get(region[:4] + "00")
    return found or (Text(region, region) if region else NOWHERE)


def named(name: str) -> Text:
    """A place known by its Chinese name, with its English one where there is one."""
    return _BY_NAME.get(name) or Text(name, name)

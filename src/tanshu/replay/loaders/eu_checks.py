"""What the extract of the EU transaction log may have wrong, 32xx. Anomalies: listed, and the replay goes on."""

from tanshu.base.refusal import refusal

COUNTRY_DIFFERS = refusal(
    "RPL-3201",
    "设施 {installation} 的国家为 {country},其编号前缀为 {prefix}。以编号前缀为准。",
    "The installation {installation} is listed under {country}; its id begins with {prefix}, which counts.",
)
INSTALLATION_UNKNOWN = refusal(
    "RPL-3202",
    "设施 {installation} 不在设施表中,此行未登记。",
    "The installation {installation} is not in the table of installations; this row is not posted.",
)
NAMES_BLANK = refusal(
    "RPL-3203",
    "{count} 家有数据的设施没有名称,以编号代替。",
    "{count} installations with figures have no name; their id stands in for it.",
)
ID_FORM = refusal(
    "RPL-3204",
    "设施编号“{value}”应形如 AT_201018。",
    "The installation id “{value}” must be like AT_201018.",
)

"""What the published files of the UK ETS may have wrong, 31xx. Anomalies: listed, and the replay goes on."""

from tanshu.base.refusal import refusal

ALLOCATION_OF_NOBODY = refusal(
    "RPL-3101",
    "配额分配表中的设施 {installation} 在履约报告中没有账户,其配额未登记。",
    "The installation {installation} of the allocation table has no account in the compliance report; its "
    "allocation is not posted.",
)
ALLOCATION_SUM = refusal(
    "RPL-3102",
    "{year} 年合计 {total} 不等于标准 {standard} 加新入 {entrant}。登记所用为合计。",
    "The total of {year}, {total}, is not standard {standard} plus new entrants {entrant}. The total is posted.",
)
CUMULATIVE_DIFFERS = refusal(
    "RPL-3103",
    "累计排放 {cumulative} 不等于各年之和 {sum}。登记所用为各年数值。",
    "Cumulative emissions {cumulative} are not the sum of the years, {sum}. The years are posted.",
)
EMISSIONS_OUTSIDE = refusal(
    "RPL-3104",
    "{year} 年有排放 {tonnes} 吨,但运行年份为 {first}–{last}。",
    "There are emissions of {tonnes} t in {year}, outside the years of operation {first}–{last}.",
)
STATUS_TOO_EARLY = refusal(
    "RPL-3105",
    "首个运行年为 {first},{year} 年却公布了状态 {status}。",
    "A status {status} is published for {year}, before the first year of operation, {first}.",
)
EXCLUDED_WITHOUT_CELL = refusal(
    "RPL-3106",
    "{year} 年公布状态为 EXCLUDED,但截至该年没有一年的排放栏写明 EXCLUDED。",
    "The status of {year} is EXCLUDED, yet no emissions cell up to that year says so.",
)
HOLDER_BLANK = refusal("RPL-3107", "账户持有人为空。", "The account holder is blank.")
PERMIT_DIFFERS = refusal(
    "RPL-3108",
    "同一设施 {installation} 在两份文件中的许可证不同:{permit} 与 {other}。按设施编号关联。",
    "The installation {installation} has the permit {permit} here and {other} in the compliance report. They "
    "are joined by installation.",
)
TEXT_DAMAGED = refusal(
    "RPL-3109",
    "“{column}”中的文字“{value}”编码受损,应为“{mended}”。原样保留。",
    "The text “{value}” of “{column}” has damaged encoding; it reads “{mended}”. It is kept as published.",
)
OPEN_WITH_LAST_YEAR = refusal(
    "RPL-3110",
    "账户状态为 OPEN,却填有最后运行年 {last};文件说明该栏仅用于已关闭账户。",
    "The account is OPEN and has a last year of operation, {last}; the file says that closed accounts have one.",
)
CLOSED_WITHOUT_LAST_YEAR = refusal(
    "RPL-3111", "账户已关闭,却没有最后运行年。", "The account is CLOSED and has no last year of operation."
)
YEARS_CROSSED = refusal(
    "RPL-3112",
    "最后运行年 {last} 早于首个运行年 {first}。",
    "The last year of operation, {last}, is before the first, {first}.",
)
ALLOCATED_AFTER_END = refusal(
    "RPL-3113",
    "{year} 年分配了 {tonnes} 吨,但最后运行年为 {last}。",
    "{tonnes} t are allocated for {year}, after the last year of operation, {last}.",
)
STATUS_GAP = refusal(
    "RPL-3114",
    "{year} 年没有公布状态,而其前后年份均有。",
    "No status is published for {year}, yet there is one before and one after.",
)

"""Numbered refusals of imported market data, and the numbered findings in it."""

from tanshu.base.refusal import refusal
from tanshu.base.text import Text

# -- refusals: nothing is imported -------------------------------------------------------------------------

HEADER_UNKNOWN = refusal(
    "EXC-6001",
    "无法识别文件的表头({columns})。已知的表头:{known}。其他格式请用 --layout 指定列对应关系。",
    "The header ({columns}) is of no known layout. Known: {known}. Describe another one with --layout.",
)
LAYOUT_WRONG = refusal(
    "EXC-6002",
    "列对应文件 {file} 有误:{why}。",
    "The layout {file} is wrong: {why}.",
)
FILE_TOO_BIG = refusal(
    "EXC-6003",
    "文件 {file} 有 {size} 字节,上限为 {limit}。",
    "The file {file} has {size} bytes; the limit is {limit}.",
)
NO_ROWS = refusal("EXC-6004", "文件没有可导入的行。", "The file has no row to import.")
MONTH_WRONG = refusal(
    "EXC-6005", "“{value}”不是月份,应如 2024-12。", "“{value}” is not a month; write it like 2024-12."
)
MONTH_EMPTY = refusal(
    "EXC-6006",
    "{market} 没有 {month} 的日行情。请先用 tanshu market import 导入;已导入:{known}。",
    "There are no daily quotes of {market} for {month}. Import them first with tanshu market import; there are: {known}.",
)
PART_WRONG = refusal(
    "EXC-6007",
    "分批导入有误:第 {part} 批(共 {parts} 批)最多 {limit} 行,前后参照各最多 {around} 行。",
    "Part {part} of {parts} is not in order: at most {limit} rows, and {around} around them for reference.",
)
FIELD_UNKNOWN = refusal(
    "EXC-6008",
    "数据项“{name}”未知,或数值不是整数。",
    "“{name}” is no field of a quote, or its value is not a whole number.",
)
SERIES_TAKEN = refusal(
    "EXC-6009",
    "行情系列 {series} 已属于市场 {market}({period}),不能再用于另一市场或周期。请在列对应文件中改名。",
    "The series {series} is already of {market} ({period}). Name the other one differently in its layout.",
)

# -- hard: the figures contradict themselves, their neighbours, or each other -------------------------------

DAY_UNREADABLE = refusal(
    "EXC-6101", "“{text}”不是日期,该行未导入。", "“{text}” is not a date; the row was not imported."
)
CELL_UNREADABLE = refusal(
    "EXC-6102",
    "{label}“{text}”不是数字,按缺失处理。",
    "The {label} “{text}” is not a number; taken as missing.",
)
NEGATIVE = refusal(
    "EXC-6103", "{label} {text} 小于零,按缺失处理。", "The {label} {text} is below zero; taken as missing."
)
DAY_TWICE = refusal(
    "EXC-6104",
    "{day} 在第 {other} 行已出现,两行{alike}。",
    "{day} stands in row {other} already; the two rows are {alike}.",
)
NO_TRADING_DAY = refusal("EXC-6105", "{day} 不是交易日。", "{day} is not a trading day.")
SUM = refusal(
    "EXC-6106",
    "挂牌 {listing} + 大宗 {block} ≠ 合计 {total}({what},相差 {off})。",
    "Listing {listing} + block {block} is not the total {total} ({what}, off by {off}).",
)
EXCHANGED = refusal(
    "EXC-6107",
    "挂牌、大宗、合计三栏的数互相填错了栏:对调后才相加相等(成交量 {volume},成交额 {amount})。",
    "The figures of listing, block and total stand in each other's columns: only exchanged do they add up (volume {volume}, amount {amount}).",
)
COPIED = refusal(
    "EXC-6108",
    "{mode}{what}与 {day} 的相同,应是误抄:挂牌与大宗之和不等于合计。",
    "{mode}: {what} as on {day}, repeated; listing and block do not add up to the total.",
)
ONE_SIDED = refusal(
    "EXC-6109",
    "{mode}成交量 {volume} 吨而成交额 {amount} 元:一个为零,一个不为零。",
    "{mode}: {volume} t for {amount} CNY; one is zero, the other is not.",
)
PRICE_ORDER = refusal(
    "EXC-6110",
    "{mode}价格矛盾(元/吨):开 {open}、高 {high}、低 {low}、收 {close}。",
    "The prices of {mode} contradict each other (CNY/t): open {open}, high {high}, low {low}, close {close}.",
)
AVERAGE_OUTSIDE = refusal(
    "EXC-6111",
    "{mode}均价 {average} 元/吨不在当日最低 {low} 与最高 {high} 之间。",
    "The average of {mode}, {average} CNY/t, is not between the day's low {low} and high {high}.",
)
AVERAGE_STATED = refusal(
    "EXC-6112",
    "所载均价 {stated} 元/吨,按成交额与成交量应为 {average} 元/吨。",
    "The average is stated as {stated} CNY/t; amount and volume give {average} CNY/t.",
)
CUMULATIVE = refusal(
    "EXC-6113",
    "{what} {stated} 不等于前一行 {before} 加当日 {today}。",
    "The {what} {stated} is not the row before, {before}, plus the day's {today}.",
)
CHANGE = refusal(
    "EXC-6114",
    "所载涨跌幅 {stated},按前收盘价 {before} 与收盘价 {close}(元/吨)应为 {right}。",
    "The change is stated as {stated}; the closes {before} and {close} (CNY/t) give {right}.",
)
PREV_CLOSE = refusal(
    "EXC-6115",
    "所载前收盘价 {stated} 元/吨,而 {day} 的收盘价为 {before}:可能缺少其间的交易日。",
    "The previous close is stated as {stated} CNY/t; that of {day} is {before}. A day between may be missing.",
)
SCALE = refusal(
    "EXC-6116",
    "{mode}{what} {value} 似乎多或少了 {factor} 倍:除以或乘以后各数才吻合。",
    "The {what} of {mode}, {value}, seems to be {factor} times too large or too small: then all figures agree.",
)
LEG_AS_TOTAL = refusal(
    "EXC-6117",
    "合计{what} {total} 抄的是{mode}的数,另一方式还有 {other}。",
    "The total {what} {total} is that of {mode} alone; the other mode has {other}.",
)
LEGS_EXCHANGED = refusal(
    "EXC-6118",
    "挂牌与大宗的数互相填错了栏:挂牌均价 {listing} 元/吨,大宗均价 {block} 元/吨。{proof}",
    "Listing and block stand in each other's columns: listing averages {listing} CNY/t, block {block} CNY/t. {proof}",
)
PROVEN = Text("对调后本月六项与公布数逐项相等。", "Exchanged, all six figures equal the published month.")
MONTH_DIFFERS = refusal(
    "EXC-6119",
    "{month} {mode}{what}:各日之和 {days},公布数 {official},相差 {off},日数据中找不到原因。",
    "{month}, {what} of {mode}: the days sum to {days}, published are {official}, off by {off}; no day explains it.",
)
COPIES_DIFFER = refusal(
    "EXC-6120",
    "{mode}{what}:本文件 {mine},{series} 为 {other}。{hint}",
    "{what} of {mode}: {mine} here, {other} in {series}. {hint}",
)
PRICE_TIMES_VOLUME = refusal(
    "EXC-6121",
    "成交价 {price} 元/吨 × 成交量 {volume} 吨 ≠ 成交额 {amount} 元。",
    "The price {price} CNY/t × {volume} t is not the amount of {amount} CNY.",
)
AUCTION_BOUND = refusal(
    "EXC-6122",
    "{what} {value} 超出{bound}的界限 {limit}。",
    "The {what} {value} is beyond the bound of the {bound}, {limit}.",
)

# -- incomplete --------------------------------------------------------------------------------------------

BLANK = refusal("EXC-6201", "空白:{fields}。", "Blank: {fields}.")
DAYS_MISSING = refusal(
    "EXC-6202",
    "缺少交易日:{days}(在 {before} 与 {day} 之间)。",
    "Trading days are missing: {days} (between {before} and {day}).",
)
ONLY_THERE = refusal(
    "EXC-6203", "{series} 有这一天,本文件没有。", "{series} has this day; this file has not."
)
ONLY_HERE = refusal("EXC-6204", "本文件有这一天,{series} 没有。", "This file has this day; {series} has not.")

# -- suspect -----------------------------------------------------------------------------------------------

CLOSE_NOT_AVERAGE = refusal(
    "EXC-6301",
    "收盘价 {close} 元/吨,而当日{mode}加权均价为 {average}:按规则应相等。",
    "The close is {close} CNY/t, the weighted average of {mode} {average}: by the rules they are equal.",
)
BEYOND_BAND = refusal(
    "EXC-6302",
    "{what} {value} 元/吨超出前收盘价 {before} 的涨跌幅({lowest}–{highest})。",
    "The {what} {value} CNY/t is beyond the band around the previous close {before} ({lowest}–{highest}).",
)
BLOCK_SMALL = refusal(
    "EXC-6303",
    "大宗协议成交 {volume} 吨,低于单笔下限 {least} 吨。",
    "Blocks of {volume} t are below the least size of one, {least} t.",
)
BLOCK_BAND = refusal(
    "EXC-6304",
    "大宗协议均价 {average} 元/吨超出前收盘价 {before} 的涨跌幅({lowest}–{highest})。",
    "The average of blocks, {average} CNY/t, is beyond the band around the previous close {before} ({lowest}–{highest}).",
)
FRACTION = refusal(
    "EXC-6305",
    "{label} {text} 细于最小单位,按四舍五入读取。",
    "The {label} {text} is finer than its unit; read rounded half up.",
)
DISORDER = refusal("EXC-6306", "{day} 排在 {before} 之后。", "{day} stands after {before}.")
LEGS_DOUBTFUL = refusal(
    "EXC-6307",
    "挂牌均价 {listing} 元/吨远在当日行情({low}–{high})之外,大宗均价 {block} 却在其中:两者可能填错了栏。",
    "Listing averages {listing} CNY/t, far outside the day's quote ({low}–{high}); block averages {block}, inside: the two may be exchanged.",
)
FAR_FROM_QUOTE = refusal(
    "EXC-6308",
    "{mode}均价 {average} 元/吨与收盘价 {close} 相差数倍:数量或金额可能差了数位。",
    "The average of {mode}, {average} CNY/t, is many times away from the close {close}: a slip of digits?",
)

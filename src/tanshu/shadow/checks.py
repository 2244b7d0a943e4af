"""Numbered refusals of the shadow: files 10xx, their mapping 11xx, the database and the example 2xxx."""

from tanshu.base.refusal import refusal

# -- files -------------------------------------------------------------------------------------------------

NO_FOLDER = refusal("SHD-1001", "没有目录 {path}。", "There is no folder {path}.")
FILE_MISSING = refusal(
    "SHD-1002",
    "缺少文件 {file}。所需文件见 docs/shadow.zh-CN.md;文件名可在 mapping.toml 的 [files] 中另行指定。",
    "The file {file} is missing. docs/shadow.md lists what is needed; [files] of mapping.toml can name it otherwise.",
)
UNREADABLE = refusal(
    "SHD-1003",
    "无法读取 {file}:{why}。需要 CSV,编码为 UTF-8 或 GBK。",
    "Cannot read {file}: {why}. A CSV in UTF-8 or GBK is needed.",
)
COLUMN_MISSING = refusal(
    "SHD-1004",
    "{file} 第 1 行没有列“{column}”。现有:{found}。在 mapping.toml 的 [columns.{table}] 中写明对应的列名。",
    "{file}, line 1, has no column “{column}”. It has {found}. Name the column in [columns.{table}] of mapping.toml.",
)
BLANK = refusal(
    "SHD-1005", "{file} 第 {line} 行:“{column}”为空。", "{file}, line {line}: “{column}” is blank."
)
NOT_A_NUMBER = refusal(
    "SHD-1006",
    "{file} 第 {line} 行:“{column}”为“{value}”,应为{unit}的数值,精确到最小单位,且不超过账簿上限。",
    "{file}, line {line}: “{column}” is “{value}”; it must be a number of {unit}, exact to the smallest unit and within the book's limit.",
)
WORD_UNKNOWN = refusal(
    "SHD-1007",
    "{file} 第 {line} 行:“{column}”为“{value}”,不认识。可用:{known}。在 mapping.toml 的 [words.{table}] 中补充。",
    "{file}, line {line}: “{column}” is “{value}”, which is not known. Known are {known}. Add it to [words.{table}] of mapping.toml.",
)
ROW_TWICE = refusal(
    "SHD-1008",
    "{file} 第 {line} 行:{name} 已在第 {first} 行出现。",
    "{file}, line {line}: {name} stands in line {first} already.",
)
NO_DAYS = refusal(
    "SHD-1009",
    "{path} 中没有任何一天的子目录。目录名按 {pattern} 书写。",
    "{path} holds no folder of a day. They are named like {pattern}.",
)
ROW_WIDTH = refusal(
    "SHD-1010",
    "{file} 第 {line} 行有 {cells} 个单元格,表头有 {columns} 个。",
    "{file}, line {line}, has {cells} cells; the heading has {columns}.",
)
NOT_POSITIVE = refusal(
    "SHD-1011",
    "{file} 第 {line} 行:“{column}”应大于零,现为 {value}。",
    "{file}, line {line}: “{column}” must be above zero; it is {value}.",
)

# -- mapping -----------------------------------------------------------------------------------------------

MAPPING_BROKEN = refusal(
    "SHD-1101",
    "{file} 不是有效的 TOML:{why}。",
    "{file} is no valid TOML: {why}.",
)
MAPPING_KEY = refusal(
    "SHD-1102",
    "{file} 第 {line} 行:没有“{key}”这一项。可用:{known}。",
    "{file}, line {line}: there is no “{key}”. Known are {known}.",
)
MAPPING_VALUE = refusal(
    "SHD-1103",
    "{file} 第 {line} 行:“{key}”为 {value},应为{needed}。",
    "{file}, line {line}: “{key}” is {value}; it must be {needed}.",
)

# -- the database and the example --------------------------------------------------------------------------

OTHER_BOOK = refusal(
    "SHD-2001",
    "数据库 {url} 里是“{found}”,不是本目录的影子账簿,不会改动它。用 --db 指定另一个数据库。",
    "The database {url} holds “{found}”, not the shadow of this folder, and is left alone. Name another with --db.",
)
DAY_CHANGED = refusal(
    "SHD-2002",
    "{day} 已按先前的文件记账,而文件后来有改动。加 --fresh 从头重算。",
    "{day} was recorded from files that were changed since. Compute anew with --fresh.",
)
NOT_EMPTY = refusal(
    "SHD-2003",
    "{path} 已存在且不为空。示例只写入新的或空的目录。",
    "{path} is there and not empty. The example is written into a new or empty folder.",
)
TOO_MANY_BREAKS = refusal(
    "SHD-2004",
    "示例最多可注入 {limit} 处差异,要求的是 {count} 处。",
    "The example takes from 0 to {limit} breaks; {count} were asked for.",
)

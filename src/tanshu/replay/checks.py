"""Numbered refusals of replays: files 1xxx, running 2xxx. What a loader finds wrong, 3xxx, stands beside it."""

from tanshu.base.refusal import refusal

# -- files -------------------------------------------------------------------------------------------------

FILE_MISSING = refusal(
    "RPL-1001",
    "目录中没有文件 {name}。请按原文件名放入公布的文件。",
    "The folder has no file {name}. Put the published file there under its own name.",
)
FILE_TOO_LARGE = refusal(
    "RPL-1002",
    "文件有 {bytes} 字节,超过上限 {limit} 字节。",
    "The file has {bytes} bytes; at most {limit} are read.",
)
FILE_UNREADABLE = refusal(
    "RPL-1003",
    "无法读取:{why}。文件可能残缺或不是所需的格式({format})。",
    "It cannot be read: {why}. It may be cut short, or not a {format} file at all.",
)
FILE_UNPACKS_TOO_LARGE = refusal(
    "RPL-1004",
    "工作簿解压后有 {bytes} 字节,超过上限 {limit} 字节,未予解压。",
    "The workbook unpacks to {bytes} bytes; at most {limit} are read, so it was not unpacked.",
)
SHEET_MISSING = refusal(
    "RPL-1005",
    "没有工作表“{sheet}”,现有:{found}。",
    "There is no sheet “{sheet}”; there are {found}.",
)
COLUMN_MISSING = refusal(
    "RPL-1006",
    "表头(第 {row} 行)缺少列“{column}”。",
    "The heading (row {row}) lacks the column “{column}”.",
)
COLUMN_TWICE = refusal(
    "RPL-1007", "表头中“{column}”出现了两次。", "The heading has the column “{column}” twice."
)
TOO_MANY_ROWS = refusal(
    "RPL-1008", "超过 {limit} 行,未读完。", "There are more than {limit} rows; it was not read to the end."
)
ROW_WIDTH = refusal(
    "RPL-1009",
    "此行有 {cells} 个单元格,表头有 {columns} 列。",
    "This row has {cells} cells; the heading has {columns}.",
)
CUT_SHORT = refusal(
    "RPL-1010",
    "文件末行没有换行符,可能被截断。",
    "The last line has no end; the file may be cut short.",
)
NOT_WHOLE = refusal(
    "RPL-1011",
    "“{column}”应为整数(吨),现为 {value}。",
    "“{column}” must be a whole number; it is {value}.",
)
OUT_OF_RANGE = refusal(
    "RPL-1012",
    "“{column}”为 {value},应在 {least} 与 {most} 之间。",
    "“{column}” is {value}; it must be from {least} to {most}.",
)
BLANK = refusal("RPL-1013", "“{column}”为空。", "“{column}” is blank.")
NOT_TEXT = refusal(
    "RPL-1014",
    "“{column}”应为不超过 {limit} 字的可见文字,现为 {value}。",
    "“{column}” must be visible text of at most {limit} characters; it is {value}.",
)
NOT_ONE_OF = refusal(
    "RPL-1015",
    "“{column}”为 {value},应为 {known} 之一。",
    "“{column}” is {value}; it must be one of {known}.",
)
TWICE = refusal(
    "RPL-1016",
    "{name} 已在第 {first} 行出现。",
    "{name} stands in row {first} already.",
)
NO_ROWS = refusal("RPL-1017", "表头以下没有数据。", "There is nothing below the heading.")
TOO_MANY_FINDINGS = refusal(
    "RPL-1018",
    "问题太多:只列出前 {limit} 处。",
    "There is too much wrong here; only the first {limit} findings are listed.",
)
NOT_A_DATE = refusal(
    "RPL-1019", "“{column}”应为日期,现为 {value}。", "“{column}” must be a date; it is {value}."
)

# -- running -----------------------------------------------------------------------------------------------

LOADER_UNKNOWN = refusal(
    "RPL-2001",
    "没有名为“{name}”的回放。现有:{known}。",
    "There is no replay “{name}”. There are {known}.",
)
NO_FOLDER = refusal("RPL-2002", "没有目录 {path}。", "There is no folder {path}.")
FILES_UNUSABLE = refusal(
    "RPL-2003",
    "{count} 处问题使文件无法使用,未写入任何内容。",
    "{count} findings make the files unusable; nothing was loaded.",
)
NOT_THIS_REPLAY = refusal(
    "RPL-2004",
    "数据库 {url} 里是“{found}”,不是这些文件的回放({job}),不会改动它。用 --db 指定另一个数据库。",
    "The database {url} holds “{found}”, not the replay of these files ({job}), and is left alone. Name another "
    "with --db.",
)
UNFINISHED = refusal(
    "RPL-2005",
    "数据库 {url} 里的回放尚未完成({done}/{of} 步)。加 --resume 继续,或 --fresh 重来。",
    "The replay in {url} is not finished ({done} of {of} steps). Go on with --resume, or anew with --fresh.",
)
STEP_REFUSED = refusal(
    "RPL-2006",
    "回放步骤“{step}”的第 {n} 个命令被拒绝:{why}",
    "Command {n} of the replay's step {step} was refused: {why}",
)
DATA_NEEDED = refusal(
    "RPL-2007",
    "请用 --data 指定公布文件所在的目录。所需文件:{files}。",
    "Name the folder of the published files with --data. It needs: {files}.",
)

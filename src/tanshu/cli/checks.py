"""Numbered refusals of the terminal: files whose rows disagree, nothing to do."""

from tanshu.base.refusal import refusal
from tanshu.base.text import Text

ANY_YEAR = Text("任何年度", "any year")

NOT_AS_EXPECTED = refusal(
    "CLI-1001",
    "{subject} {year} 年度 {stage} 计算结果为 {computed} 吨,与文件中的 {expected} 吨不符,未写入。",
    "{subject}, {year} {stage}: {computed} t are computed, the file expects {expected} t. Nothing was written.",
)
BOOK_REFUSED = refusal(
    "CLI-1002",
    "账簿拒绝了这一行;单独办理可得到原因。",
    "The book refused this row; done by itself it would say why.",
)
NO_YEAR = refusal(
    "CLI-1003",
    "还没有{year}的名录。先用 tanshu import list 导入,或用 --year 指定别的年度。",
    "There is no list for {year} yet. Import one with `tanshu import list`, or name another with --year.",
)
NOT_WRITTEN = refusal(
    "CLI-1004",
    "无法读写 {path}:{why}",
    "Cannot read or write {path}: {why}",
)
NO_ENTRY = refusal(
    "CLI-1005",
    "没有第 {seq} 条记录;现有序号 0 到 {newest}。",
    "There is no entry {seq}; the log holds 0 to {newest}.",
)
BAD_CELL = refusal(
    "CLI-1006",
    "“{value}”不能作为 {column}:应为 {expected}。",
    "“{value}” cannot be the {column}; {expected} is needed.",
)
NOBODY_HERE = refusal(
    "CLI-1007",
    "没有轮到 {person} 办理的业务:相符的审核中业务 {count} 笔,正等待:{turns}。同一人不能办理同一笔的两步。",
    "Nothing waits for {person}: {count} pending transactions match, they wait for: {turns}. "
    "Nobody takes two steps of one transaction.",
)
NO_PROJECTION = refusal(
    "CLI-1008",
    "没有名为 {name} 的投影。现有:{known}。",
    "There is no projection {name}. There are: {known}.",
)
NO_REFUSAL = refusal(
    "CLI-1009",
    "没有编号“{code}”。编号由字母与四位数字组成,字母有:{known}。",
    "There is no number “{code}”. A number is letters and four digits; the letters are {known}.",
)
FORM_UNREADABLE = refusal(
    "CLI-2201",
    "无法读取申请文件 {path}:{why}。需要 UTF-8 编码的 TOML 或 JSON。",
    "Cannot read the application {path}: {why}. A TOML or JSON file in UTF-8 is needed.",
)
FORM_KEY = refusal(
    "CLI-2202",
    "申请文件 {path} 中“{key}”缺失、未知或取值类型不对。可用:{known}。",
    "In the application {path}, “{key}” is missing, unknown, or not of its type. There are: {known}.",
)
PAPER_ELSEWHERE = refusal(
    "CLI-2203",
    "申请文件指定的资料“{name}”不在申请文件所在的文件夹内;申请人只能提交随附的资料。",
    "The application names the paper “{name}”, which does not lie in its own folder: only papers that came with "
    "it are taken.",
)

"""What is wrong with a market: 80xx in its own log, 81xx between it and the book."""

from tanshu.base.refusal import refusal

REPLAY = refusal(
    "AUD-8001",
    "第 {seq} 条:用交易引擎重放,所得与日志不同:{why}",
    "Entry {seq}: the engine, replayed, does not give what is stored: {why}",
)
ORDER = refusal(
    "AUD-8002",
    "第 {seq} 条:委托 {order} 不合({what})。",
    "Entry {seq}: order {order} does not follow ({what}).",
)
TRADE = refusal(
    "AUD-8003",
    "第 {seq} 条:成交 {trade} 与其两份委托不合({what})。",
    "Entry {seq}: trade {trade} does not follow from its two orders ({what}).",
)
BAND = refusal(
    "AUD-8004",
    "第 {seq} 条:成交 {trade} 的价格 {price} 不在当日所载的 {low} 至 {high}(价位 {tick})之内。",
    "Entry {seq}: trade {trade} at {price} fen is outside the day's stated {low} to {high}, tick {tick}.",
)
UNITS = refusal(
    "AUD-8005",
    "第 {seq} 条:参与人 {party} 在产品 {instrument} 上卖出、申报的比带入的多 {short} 吨。",
    "Entry {seq}: participant {party} has sold, or offers, {short} t more of product {instrument} than it "
    "brought in.",
)
CASH = refusal(
    "AUD-8006",
    "第 {seq} 条:参与人 {party} 的资金短缺 {short} 分({what})。",
    "Entry {seq}: participant {party} is short of {short} fen ({what}).",
)
FEE = refusal(
    "AUD-8007",
    "第 {seq} 条:成交 {trade} 的委托 {order} 应收费 {expected},实记 {found}(交易、结算,分)。",
    "Entry {seq}: trade {trade} should charge order {order} {expected}; told are {found} (trading, "
    "settlement, fen).",
)
CLOSE = refusal(
    "AUD-8008",
    "第 {seq} 条:产品 {instrument} 的收盘应为 {expected},实记 {found}(价格、吨数、笔数、金额)。",
    "Entry {seq}: product {instrument} should close at {expected}; told is {found} (price, tonnes, trades, "
    "amount).",
)
BALANCE = refusal(
    "AUD-8009",
    "第 {seq} 条后:参与人 {party} 的{what},按进出与成交应为 {expected},引擎为 {found}。",
    "After entry {seq}: {what} of participant {party} should be {expected} by what went in, came out and "
    "traded; the engine has {found}.",
)
NAME = refusal(
    "AUD-8010",
    "第 {seq} 条:{actor} 使用了他人的交易员代码 {operator}。",
    "Entry {seq}: {actor} used the operator code {operator}, which is somebody else's.",
)
SOLD = refusal(
    "AUD-8011",
    "第 {seq} 条:竞价 {auction} 的结果称成交 {found} 吨,其成交合计 {expected} 吨。",
    "Entry {seq}: auction {auction} is told to have sold {found} t; its trades come to {expected} t.",
)
KEPT = refusal(
    "AUD-8012",
    "第 {seq} 条处保存的引擎状态不是日志所得的状态。",
    "The engine kept at entry {seq} is not the one that the log leads to.",
)
ROWS = refusal(
    "AUD-8013",
    "第 {seq} 条改动了表行:市场日志不改动任何表。",
    "Entry {seq} changes rows of tables, which no entry of a market does.",
)

UNFOUNDED = refusal(
    "AUD-8101",
    "日志 {log} 有 {entries} 条记录,而登记簿没有设立过这个市场。",
    "Log {log} has {entries} entries; no market of that log was ever founded.",
)
ALONE = refusal(
    "AUD-8102",
    "第 {seq} 条({command})须与账簿的命令同时写入,账簿没有这一命令。",
    "Entry {seq} ({command}) can only be written together with a command of the book, and there is none.",
)
NOT_THERE = refusal(
    "AUD-8103",
    "账簿第 {book} 条称市场日志有第 {at} 条({what}),那里没有与它同时写入的记录。",
    "Entry {book} of the book tells of entry {at} of the market's log ({what}); no entry that was written "
    "together with it is there.",
)
CLAIMS = refusal(
    "AUD-8104",
    "账簿第 {book} 条后:参与人 {party}、产品 {instrument}(0 为资金)在账簿中为交易冻结 {found},按市场日志应为 {expected}。",
    "After entry {book} of the book: {found} are held there for the session of participant {party}, product "
    "{instrument} (0 is money); by the market's log it is {expected}.",
)
OWED = refusal(
    "AUD-8105",
    "账簿第 {book} 条:收盘后账户 {account} 的产品 {instrument} 应交付 {expected},账簿记为 {found}(应付、费用)。",
    "Entry {book} of the book: at the close {expected} are owed from account {account}, instrument "
    "{instrument}; the book tells of {found} (due, fees).",
)
STATE = refusal(
    "AUD-8106",
    "账簿第 {book} 条:{day} 收盘所载的状态哈希 {found} 不是引擎的 {expected}。",
    "Entry {book} of the book: the close of {day} states the hash {found}; the engine's is {expected}.",
)
DELIVERY = refusal(
    "AUD-8107",
    "账簿第 {book} 条:业务 {transaction} 与其所称的 {day} 第 {trade} 笔成交不符({what})。",
    "Entry {book} of the book: transaction {transaction} is not the trade {trade} of {day} that it names "
    "({what}).",
)
UNDELIVERED = refusal(
    "AUD-8108",
    "第 {seq} 条:新的交易日已开,而 {day} 的成交 {trades} 尚无交收。",
    "Entry {seq}: another day was opened while trades {trades} of {day} had no settlement.",
)
ROSTER = refusal(
    "AUD-8109",
    "账簿第 {book} 条:表 {table} 的行 {key} 与市场日志不符。",
    "Entry {book} of the book: row {key} of table {table} is not what the market's log says.",
)

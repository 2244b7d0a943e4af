"""What is wrong with the clearing house: 83xx."""

from tanshu.base.refusal import refusal

# -- steps, people, rows: found in the book alone ----------------------------------------------------------

STEP = refusal(
    "AUD-8301",
    "第 {seq} 条:命令“{command}”使结算日 {day} 从“{before}”变为“{after}”,不是应有的下一步,或所记与经过不符。",
    "Entry {seq}: {command} takes the settlement day {day} from {before} to {after}, which is not its next step, "
    "or the row does not tell what was done.",
)
HANDS = refusal(
    "AUD-8302",
    "第 {seq} 条:{person} 在结算日 {day} 经办、确认、初审、复审中不止办理一项,或所记并非本人。",
    "Entry {seq}: of running, confirming and reviewing the settlement day {day}, {person} did more than one part, "
    "or another person is named.",
)
SEALED = refusal(
    "AUD-8303",
    "第 {seq} 条改动了已封账结算日 {day} 的表 {table}。",
    "Entry {seq} changes the table {table} for the settlement day {day}, which was sealed.",
)
SEAL = refusal(
    "AUD-8304",
    "第 {seq} 条:结算日 {day} 的封账所载({what})不实。",
    "Entry {seq}: the seal of {day} does not tell the truth ({what}).",
)

# -- what closed sessions hold -----------------------------------------------------------------------------

TAKEN_OVER = refusal(
    "AUD-8305",
    "第 {seq} 条:交易时段 {session} 的占用没有在归集时整体、原样移交({claim})。",
    "Entry {seq}: what the session {session} holds did not pass to the house as a whole and as it was ({claim}).",
)
TOUCHED = refusal(
    "AUD-8306",
    "第 {seq} 条:命令“{command}”动用了交收中的占用 {claim}。",
    "Entry {seq}: {command} touches the claim {claim}, which is being settled.",
)
HOLD = refusal(
    "AUD-8307",
    "第 {seq} 条的第 {record} 条账簿记录动用 {amount}:不是该时段在该账户的占用,或超过其余量、超过当日收到的数量。",
    "Record {record} of entry {seq} takes {amount} from a hold that is not this session's in that cell, or more than "
    "is left of it, or more than the day brought there.",
)
UNENDED = refusal(
    "AUD-8308",
    "第 {seq} 条:交收中的占用 {claim} 终止时余 {left},登记为 {held}。",
    "Entry {seq}: of the settling claim {claim} {left} are left as its turn ends; it is told to hold {held}.",
)

# -- between the house and a market ------------------------------------------------------------------------

TOTALS = refusal(
    "AUD-8311",
    "账簿第 {book} 条:{day} 归集的{what}为 {found},市场日志为 {expected}。",
    "Entry {book} of the book: what the house took over for {day} is told as {found} ({what}); by the market's log it "
    "is {expected}.",
)
CHAIN = refusal(
    "AUD-8312",
    "账簿第 {book} 条:{day} 第 {trade} 笔成交的交收应为 {expected},实为 {found}(转出、转入、产品、数量)。",
    "Entry {book} of the book: the delivery of trade {trade} of {day} should move {expected}; it moves {found} "
    "(from, to, instrument, amount).",
)
TWICE = refusal(
    "AUD-8313",
    "账簿第 {book} 条:{day} 第 {trade} 笔成交已经交收({before}),或已列为未能交收。",
    "Entry {book} of the book: trade {trade} of {day} was dealt with before ({before}).",
)
BLOCK = refusal(
    "AUD-8314",
    "账簿第 {book} 条:{day} 第 {block} 批交收所载({what})与其账簿记录不符。",
    "Entry {book} of the book: the block {block} of {day} does not tell what its records do ({what}).",
)
UNDELIVERED = refusal(
    "AUD-8315",
    "账簿第 {book} 条:{day} 交收已毕,成交 {trades} 既未交收,也未列为未能交收。",
    "Entry {book} of the book: {day} is told to be delivered; its trades {trades} neither were, nor were they told to "
    "have failed.",
)
FAIL = refusal(
    "AUD-8316",
    "账簿第 {book} 条:未能交收的 {day} 第 {trade} 笔成交所载({what})不符。",
    "Entry {book} of the book: what is told of the failed trade {trade} of {day} is not so ({what}).",
)
NET = refusal(
    "AUD-8317",
    "账簿第 {book} 条:{day} 净额交收使账户 {account} 的产品 {instrument} 变动 {found},按成交应为 {expected}。",
    "Entry {book} of the book: the net delivery of {day} changes account {account}, instrument {instrument}, by "
    "{found}; the trades come to {expected}.",
)
FEES = refusal(
    "AUD-8318",
    "账簿第 {book} 条:{day} 从账户 {account} 收取费用 {found} 分至账户 {to},按市场日志应为 {expected} 分。",
    "Entry {book} of the book: fees of {found} fen are taken for {day} from account {account} to {to}; the market's "
    "log charges {expected}.",
)
DUE = refusal(
    "AUD-8319",
    "账簿第 {book} 条:{day} 已登记,账户 {account} 的产品 {instrument} 仍记应交 {left}。",
    "Entry {book} of the book: {day} is registered, and {left} are still told to be due from account {account}, "
    "instrument {instrument}.",
)
POSITIONS = refusal(
    "AUD-8320",
    "账簿第 {book} 条:{day} 使银行账户 {account} 的头寸变动 {found} 分,按其客户的净额应为 {expected} 分。",
    "Entry {book} of the book: bank account {account} moves by {found} fen for {day}; its clients' nets come to "
    "{expected}.",
)
STATEMENT = refusal(
    "AUD-8321",
    "账簿第 {book} 条:{subject} 在 {day} 的结算单所载{what}为 {found},应为 {expected}。",
    "Entry {book} of the book: the statement of {subject} for {day} has {found} as {what}; it should be {expected}.",
)
KEPT = refusal(
    "AUD-8322",
    "账簿第 {book} 条:{day} 登记后,时段在账户 {account} 的产品 {instrument} 仍占用 {found},未能交收的成交只需 {expected}。",
    "Entry {book} of the book: after {day} was registered its session holds {found} of instrument {instrument} in "
    "account {account}; the trades that failed need {expected}.",
)

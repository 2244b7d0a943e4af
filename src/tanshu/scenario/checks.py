"""Numbered refusals of running a scenario (reading one: see `reading`)."""

from tanshu.base.refusal import refusal

SCENARIO_UNKNOWN = refusal(
    "SCN-2001",
    "没有场景“{name}”。给出场景目录,或自带场景的名称。",
    "There is no scenario “{name}”. Name its folder, or one that comes with the program.",
)
NOT_THIS_SCENARIO = refusal(
    "SCN-2002",
    "数据库 {url} 不是此场景({job})的数据库,不会改动它。用 --db 指定另一个数据库。",
    "The database {url} is not of this scenario ({job}) and is left alone. Name another with --db.",
)
UNFINISHED = refusal(
    "SCN-2003",
    "数据库 {url} 里的场景尚未跑完({done}/{of} 步)。加 --resume 继续,或 --fresh 重来。",
    "The scenario in {url} is not finished ({done} of {of} steps). Go on with --resume, or anew with --fresh.",
)
STEP_REFUSED = refusal(
    "SCN-2004",
    "场景步骤“{step}”的第 {n} 个命令被拒绝:{why}",
    "Command {n} of the scenario's step {step} was refused: {why}",
)
KIND_UNKNOWN = refusal(
    "SCN-3001",
    "没有“{kind}”这一类场景。scenario.toml 的 kind 可为:{known}。",
    "There is no kind of scenario “{kind}”. The kind of scenario.toml may be: {known}.",
)
PACKS_MISSING = refusal(
    "SCN-3002",
    "场景的规则包目录 {folder} 不存在。",
    "The scenario's folder of rule packs, {folder}, does not exist.",
)
NO_SUCH_ENTITY = refusal(
    "SCN-3003",
    "{file} 的 {place}:“{handle}”不在 entities.csv 中。",
    "{file}, {place}: “{handle}” is not in entities.csv.",
)
CANNOT_TRADE = refusal(
    "SCN-3004",
    "场景有成交,而规则包“{pack}”既无交易交收(trade-settlement)也无自由转让(free-transfer)。",
    "The scenario has trades, and rule pack “{pack}” allows neither trade-settlement nor free-transfer.",
)
SOLD_TOO_MUCH = refusal(
    "SCN-3005",
    "“{handle}”卖出 {sold} 吨,而其配额与买入共 {held} 吨。",
    "“{handle}” sells {sold} t; its allocation and what it buys come to {held} t.",
)
NO_REPORT = refusal(
    "SCN-3006",
    "“{kind}”类场景没有报告,去掉 --report。",
    "Scenarios of the kind “{kind}” have no report: leave out --report.",
)
NOT_REFUSED = refusal(
    "SCN-3007",
    "{who} 的申请应以 {expected} 拒绝,实际:{found}。",
    "What {who} asks for was to be refused with {expected}, but: {found}.",
)
NO_SENTENCE = refusal(
    "SCN-3101",
    "{file} 第 {line} 行不是可读的句子:“{text}”。句式见 docs/scenarios.zh-CN.md。",
    "{file}, line {line}: “{text}” is no sentence of a story. docs/scenarios.md lists them.",
)
NOBODY_MEANT = refusal(
    "SCN-3102",
    "{file} 第 {line} 行:没有叫“{word}”的{what}。",
    "{file}, line {line}: there is no {what} called “{word}”.",
)
NOT_AS_TOLD = refusal(
    "SCN-3103",
    "{file} 第 {line} 行:应以 {expected} 拒绝,实际:{found}。",
    "{file}, line {line}: to be refused with {expected}, but: {found}.",
)
NOT_PLAYED = refusal(
    "SCN-3104",
    "{file} 第 {line} 行:“{text}”不能在 story 类场景中使用。",
    "{file}, line {line}: “{text}” cannot be played in a scenario of kind story.",
)
ENDS_REFUSED = refusal(
    "SCN-3105",
    "{file} 第 {line} 行:一个步骤不能以不予受理结束,请在其后写一句被受理的句子。",
    "{file}, line {line}: a step cannot end with a refusal; let a sentence that is accepted follow.",
)
ENDS_ON_MARKET = refusal(
    "SCN-4001",
    "{file} 第 {line} 行:一个步骤须以登记簿的业务结束(如收市、交收、停牌),委托之后请再写一句。",
    "{file}, line {line}: a step ends with something the register is told, as a close, a settlement or a halt; let "
    "one follow the order.",
)

"""Numbered refusals of running a scenario (reading one: see `facts`)."""

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

"""The numbered refusals of the rules room.

1001–1099 finding a pack · 1101–1199 a malformed pack · 1201–1299 asking a pack for what it does not say ·
1501–1599 competing claims, allocation by output · 1601–1699 markets ·
1701–1799 clearing · 2001–2099 power allocation · 3001–3099 calendars and deadlines · 4001–4099 penalties.
"""

from __future__ import annotations

from tanshu.base.refusal import refusal

# Finding a pack

PACK_UNKNOWN = refusal(
    "RULE-1001",
    "没有名为“{name}”的规则包。现有:{known}。可用环境变量 TANSHU_PACKS 增加目录。",
    "There is no rule pack named “{name}”. Known: {known}. TANSHU_PACKS adds directories.",
)
PACK_IS_DRAFT = refusal(
    "RULE-1002",
    "规则包“{name}”是草案,须明确允许使用草案;其结果带水印,不得作为法律依据。",
    "Rule pack “{name}” is a draft. Allow drafts explicitly; results carry a watermark and decide nothing.",
)

# A malformed pack: file, table and key are always named

NOT_TOML = refusal(
    "RULE-1101",
    "规则包文件 {file} 不是有效的 TOML:{problem}。",
    "Rule pack file {file} is not valid TOML: {problem}.",
)
TABLE_NOT_EXPECTED = refusal(
    "RULE-1102",
    "规则包文件 {file}:表 [{table}] 不属于“{schema}”类规则包。请核对表名。",
    "Rule pack file {file}: table [{table}] does not belong in a “{schema}” pack. Check its name.",
)
KEY_NOT_EXPECTED = refusal(
    "RULE-1103",
    "规则包文件 {file}:表 [{table}] 中没有“{key}”这一项。可用:{expected}。",
    "Rule pack file {file}: table [{table}] has no key “{key}”. Expected: {expected}.",
)
VALUE_MISSING = refusal(
    "RULE-1104",
    "规则包文件 {file}:表 [{table}] 缺少“{key}”。规则包没有默认值,请补上。",
    "Rule pack file {file}: table [{table}] lacks “{key}”. A pack has no defaults; write it.",
)
WRONG_TYPE = refusal(
    "RULE-1105",
    "规则包文件 {file}:表 [{table}] 的“{key}”应为{expected_zh},现为 {value}。",
    "Rule pack file {file}: “{key}” in table [{table}] must be {expected_en}; it is {value}.",
)
VALUE_NOT_ALLOWED = refusal(
    "RULE-1106",
    "规则包文件 {file}:表 [{table}] 的“{key}”取值 {value} 不允许。允许:{allowed}。",
    "Rule pack file {file}: “{key}” in table [{table}] may not be {value}. Allowed: {allowed}.",
)
PROVENANCE_MISSING = refusal(
    "RULE-1107",
    "规则包文件 {file}:表 [{table}] 缺少“{key}”。每张表都须写明来源(source)与证据等级(evidence)。",
    "Rule pack file {file}: table [{table}] lacks “{key}”. Every table names its source and its evidence.",
)
SOURCE_NOT_LISTED = refusal(
    "RULE-1108",
    "规则包文件 {file}:表 [{table}] 的来源“{value}”({key})未在 [sources.…] 中登记。",
    "Rule pack file {file}: the source “{value}” ({key}) of table [{table}] is not listed under [sources.…].",
)
NAME_DOES_NOT_MATCH = refusal(
    "RULE-1109",
    "规则包文件 {file}:表 [{table}] 的“{key}”为 {value},与文件位置不符,应为 {expected}。",
    "Rule pack file {file}: “{key}” in table [{table}] is {value}; the place of the file says {expected}.",
)
VALUES_DISAGREE = refusal(
    "RULE-1110",
    "规则包文件 {file}:表 [{table}] 的“{key}”与其他内容矛盾:{problem_zh}。",
    "Rule pack file {file}: “{key}” in table [{table}] contradicts the rest: {problem_en}.",
)

# Asking a pack for what it does not say

VALUE_UNKNOWN = refusal(
    "RULE-1201",
    "规则包“{pack}”写明表 [{table}] 的“{key}”未知({citation})。未知的值没有默认值,"
    "须由主管部门确认后写入规则包。",
    "Rule pack “{pack}” declares “{key}” in table [{table}] unknown ({citation}). An unknown value has no "
    "default: have the authority confirm it and write it into the pack.",
)
TABLE_ABSENT = refusal(
    "RULE-1202",
    "规则包“{pack}”没有表 [{table}],无法回答这一问题。",
    "Rule pack “{pack}” has no table [{table}], so it cannot answer this.",
)
WRONG_SCHEMA = refusal(
    "RULE-1203",
    "规则包“{pack}”属于“{schema}”类,此处需要“{expected}”类规则包。",
    "Rule pack “{pack}” is of kind “{schema}”; this needs one of kind “{expected}”.",
)

# Competing claims

NO_CLAIMS_POLICY = refusal(
    "RULE-1501",
    "规则包“{pack}”没有在 {day} 有效的权利顺位规则([claims.…])。请由主管部门确定后写入规则包。",
    "Rule pack “{pack}” has no policy on competing claims in force on {day} ([claims.…]). Have the authority "
    "decide one and write it into the pack.",
)

# Allocation by output

FACTOR_MISSING = refusal(
    "RULE-1511",
    "规则包“{pack}”需要表 [{table}],规则包 {factors} 中没有。该系数未公开或由主管部门逐年确定,没有默认值:"
    "请写入 {factors}(目录由 TANSHU_PACKS 指定)。",
    "Rule pack “{pack}” needs table [{table}], and pack {factors} does not have it. The number is not published or "
    "set year by year and has no default: write it into {factors} (in a directory of TANSHU_PACKS).",
)
SEVERAL_METHODS = refusal(
    "RULE-1512",
    "“{jurisdiction}”{year} 年度有多个分配规则包({names}),不知用哪一个。请只保留一个。",
    "“{jurisdiction}” has several allocation packs for {year} ({names}). Keep one of them.",
)
LINE_VALUE_NEEDED = refusal(
    "RULE-1513",
    "生产线“{line}”(产品 {product})缺少“{field_name}”,或其值不是不小于零的数。其分配公式需要此值。",
    "Line “{line}” (product {product}) lacks “{field_name}”, or it is no number from zero on. Its formula needs it.",
)
PRODUCT_UNKNOWN = refusal(
    "RULE-1514",
    "生产线“{line}”的产品“{product}”不在规则包中。现有:{known}。",
    "The product “{product}” of line “{line}” is not in the rule pack. It has: {known}.",
)
LINE_TWICE = refusal(
    "RULE-1515",
    "生产线“{line}”出现了不止一次。每条每年度只报一次。",
    "Line “{line}” appears more than once. Give each line once a year.",
)
NO_LINES = refusal(
    "RULE-1516",
    "没有生产线。请至少给出一条的年度数据。",
    "There are no lines. Give the year of at least one.",
)
LINE_OTHER_YEAR = refusal(
    "RULE-1517",
    "生产线“{line}”的数据属于 {year} 年度,规则包“{pack}”适用于 {expected} 年度。请换用相应年度的规则包。",
    "Line “{line}” reports the year {year}; rule pack “{pack}” is for {expected}. Use the pack of that year.",
)

# Markets

FIRST_REFERENCE_NEEDED = refusal(
    "RULE-1601",
    "产品“{instrument}”没有首个参考价(规则包“{pack}”)。新年份产品的首个参考价由交易机构公布,没有默认值:"
    "请写入规则包 {figures} 的 [references.{instrument}](目录由 TANSHU_PACKS 指定)。",
    "Product “{instrument}” has no first reference price (rule pack “{pack}”). The exchange publishes it for each new "
    "product and it has no default: write it into [references.{instrument}] of pack {figures} (in a directory of "
    "TANSHU_PACKS).",
)
FIGURE_NEEDED = refusal(
    "RULE-1602",
    "规则包“{pack}”未给出表 [{table}] 的“{key}”:该数值未公开或由交易机构确定,没有默认值。"
    "请写入规则包 {figures}(目录由 TANSHU_PACKS 指定)。",
    "Rule pack “{pack}” does not give “{key}” of table [{table}]: it is not published or the exchange sets it, and it "
    "has no default. Write it into pack {figures} (in a directory of TANSHU_PACKS).",
)
FIGURE_SETTLED = refusal(
    "RULE-1603",
    "规则包 {figures} 给出了表 [{table}] 的“{key}”,而规则包“{pack}”已有规定。请删去,或另立一个市场规则包。",
    "Pack {figures} gives “{key}” of table [{table}], which rule pack “{pack}” settles. Take it out, or write another "
    "market pack.",
)
MARKET_NOT_IN_FORCE = refusal(
    "RULE-1604",
    "规则包“{pack}”自 {since} 至 {until} 有效,不适用于 {day}。请换用当日有效的规则包。",
    "Rule pack “{pack}” is in force from {since} to {until}, not on {day}. Use the one of that day.",
)
NOT_A_TRADING_DAY = refusal(
    "RULE-1605",
    "{day} 不是交易日(“{calendar}”日历)。请选择交易日。",
    "{day} is no trading day (calendar of “{calendar}”). Choose a trading day.",
)
MODE_NOT_TRADED = refusal(
    "RULE-1606",
    "规则包“{pack}”没有交易方式“{mode}”。可用:{known}。",
    "Rule pack “{pack}” has no trading mode “{mode}”. It has: {known}.",
)
BAND_EMPTY = refusal(
    "RULE-1607",
    "规则包“{pack}”:参考价 {price} 分时,涨跌幅内没有最小变动价位({tick} 分)的整数倍。请核对参考价与涨跌幅。",
    "Rule pack “{pack}”: at a reference of {price} fen no multiple of the tick of {tick} fen lies within the band. "
    "Check reference and band.",
)
NOT_OF_THIS_MARKET = refusal(
    "RULE-1608",
    "产品“{instrument}”不在规则包“{pack}”的市场交易。该市场的产品:{known}。",
    "Product “{instrument}” is not traded in the market of rule pack “{pack}”. Its products: {known}.",
)

# Clearing

NO_CLEARING_PACK = refusal(
    "RULE-1701",
    "市场规则包“{market}”没有清算规则包“{pack}”,其成交不能在此清算。请写入该规则包(目录由 TANSHU_PACKS 指定)。",
    "The market pack “{market}” has no clearing pack “{pack}”: its trades cannot be cleared here. Write that pack (in a "
    "directory of TANSHU_PACKS).",
)
CLEARING_FIGURE_NEEDED = refusal(
    "RULE-1702",
    "规则包“{pack}”未给出表 [{table}] 的“{key}”:该数值由结算机构确定,没有默认值。"
    "请写入规则包 {figures}(目录由 TANSHU_PACKS 指定)。",
    "Rule pack “{pack}” does not give “{key}” of table [{table}]: the clearing house sets it, and it has no default. "
    "Write it into pack {figures} (in a directory of TANSHU_PACKS).",
)
CLEARING_FIGURE_SETTLED = refusal(
    "RULE-1703",
    "规则包 {figures} 给出了表 [{table}] 的“{key}”,而规则包“{pack}”已有规定。请删去,或另立一个清算规则包。",
    "Pack {figures} gives “{key}” of table [{table}], which rule pack “{pack}” settles. Take it out, or write another "
    "clearing pack.",
)

# Power allocation

NO_UNITS = refusal(
    "RULE-2001",
    "没有机组。请至少给出一台机组的年度数据。",
    "There are no units. Give the year of at least one unit.",
)
OTHER_YEAR = refusal(
    "RULE-2002",
    "机组“{unit}”的数据属于 {year} 年度,规则包“{pack}”适用于 {expected} 年度。请换用相应年度的规则包。",
    "Unit “{unit}” reports the year {year}; rule pack “{pack}” is for {expected}. Use the pack of that year.",
)
UNIT_TWICE = refusal(
    "RULE-2003",
    "机组“{unit}”出现了不止一次。每台机组每年度只报一次。",
    "Unit “{unit}” appears more than once. Give each unit once a year.",
)
BAD_NUMBER = refusal(
    "RULE-2004",
    "机组“{unit}”的“{field_name}”为 {value},应为{expected_zh}。",
    "“{field_name}” of unit “{unit}” is {value}; it must be {expected_en}.",
)
LOAD_FACTOR_UNDEFINED = refusal(
    "RULE-2005",
    "机组“{unit}”发电 {generation_mwh} MWh 而运行小时数为零,无法计算负荷(出力)系数。请核对运行小时数。",
    "Unit “{unit}” generated {generation_mwh} MWh in zero running hours, so it has no load factor. "
    "Check its running hours.",
)
SUPPLY_NEEDED = refusal(
    "RULE-2006",
    "规则包“{pack}”以供电量为基础,机组“{unit}”缺少供电量。",
    "Rule pack “{pack}” allocates on net supply; unit “{unit}” does not give it.",
)
HEAT_RATIO_NEEDED = refusal(
    "RULE-2007",
    "机组“{unit}”对外供热,规则包“{pack}”的修正系数需要供热比,但未给出。",
    "Unit “{unit}” supplies heat; the corrections of rule pack “{pack}” need its heat-supply ratio.",
)
EXCLUSION_NOT_COVERED = refusal(
    "RULE-2008",
    "规则包“{pack}”没有规定特殊情形“{exclusion}”(机组“{unit}”)如何处理。规定的有:{known}。",
    "Rule pack “{pack}” does not say what to do with “{exclusion}” (unit “{unit}”). It covers: {known}.",
)
SHARE_NEEDED = refusal(
    "RULE-2009",
    "规则包“{pack}”只规定预分配比例不超过 {share_max},具体比例由省级主管部门确定,请给出比例。",
    "Rule pack “{pack}” only caps the pre-allocation share at {share_max}; the province sets it: give it.",
)
SHARE_NOT_ALLOWED = refusal(
    "RULE-2010",
    "预分配比例 {share} 不符合规则包“{pack}”:{allowed_zh}。",
    "The pre-allocation share {share} does not fit rule pack “{pack}”: {allowed_en}.",
)
CLASS_UNDECIDED = refusal(
    "RULE-2011",
    "机组“{unit}”的燃料构成({mix})不符合任何一类机组的判定标准,请由主管部门认定类别。",
    "The fuel mix of unit “{unit}” ({mix}) meets the test of no unit class. The authority must decide.",
)
SHARES_DO_NOT_ADD_UP = refusal(
    "RULE-2012",
    "机组“{unit}”各燃料热量占比之和为 {total},应为 1。",
    "The fuel heat shares of unit “{unit}” add up to {total}; they must add up to 1.",
)
PRE_ALLOCATION_OTHER_BASE = refusal(
    "RULE-2013",
    "规则包“{pack}”的预分配以“{base}”为基数,不能由上一年度核查排放量算出。",
    "Rule pack “{pack}” pre-allocates on “{base}”; a verified emission does not give it.",
)
CREDIT_TOO_OLD = refusal(
    "RULE-2014",
    "{registered_on} 登记的核证自愿减排量不能于 {used_on} 用于抵销:{rule_zh}。",
    "A CCER registered on {registered_on} cannot be used on {used_on}: {rule_en}.",
)
SUM_TOO_LARGE = refusal(
    "RULE-2015",
    "结果 {value} 超过账簿上限 {limit},请核对输入的单位。",
    "The result {value} is beyond the book's limit of {limit}. Check the units of the input.",
)

# Calendars and deadlines

YEAR_NOT_LOADED = refusal(
    "RULE-3001",
    "没有“{jurisdiction}”{year} 年的日历。请先加入规则包 {pack}。",
    "There is no calendar of “{jurisdiction}” for {year}. Add the rule pack {pack} first.",
)
COUNT_NOT_POSITIVE = refusal(
    "RULE-3002",
    "工作日天数 {count} 必须是大于零的整数。",
    "The number of working days {count} must be a whole number greater than zero.",
)
COMPLIANCE_YEAR_UNKNOWN = refusal(
    "RULE-3003",
    "“{jurisdiction}”没有 {year} 年度的履约时间表。已有年度:{known}。",
    "“{jurisdiction}” has no compliance calendar for {year}. Known years: {known}.",
)
MILESTONE_UNKNOWN = refusal(
    "RULE-3004",
    "“{jurisdiction}”{year} 年度的“{milestone}”日期未收录,没有默认值。",
    "The date of “{milestone}” for {year} in “{jurisdiction}” is not recorded; it has no default.",
)

# Penalties

NO_LAW_IN_FORCE = refusal(
    "RULE-4001",
    "“{jurisdiction}”在 {on} 没有收录有效的处罚规定。",
    "No penalty provision of “{jurisdiction}” in force on {on} is recorded.",
)
NUMBER_NOT_POSITIVE = refusal(
    "RULE-4002",
    "“{name}”为 {value},必须是大于零的整数。",
    "“{name}” is {value}; it must be a whole number greater than zero.",
)

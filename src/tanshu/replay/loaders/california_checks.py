"""Numbered findings in California's published files: shape 330x, obligations 331x, vintages 332x, offsets 333x."""

from tanshu.base.refusal import refusal

# -- a file that is not what it should be ------------------------------------------------------------------

ENTITY_FORM = refusal(
    "RPL-3301",
    "“{value}”不是实体编号(形如 CA1000)。",
    "“{value}” is no entity id such as CA1000.",
)
FIGURES_OF_NOBODY = refusal(
    "RPL-3302",
    "此行有数字但没有实体编号:“{label}”。",
    "This row has figures and no entity id: “{label}”.",
)
TOTAL_MISSING = refusal(
    "RPL-3303",
    "没有“{label}”合计行,文件可能被截断。",
    "There is no row “{label}” below; the sheet may be cut short.",
)
BELOW_TOTAL = refusal(
    "RPL-3304",
    "实体 {entity} 出现在合计行之后。",
    "{entity} stands below the row of totals.",
)
ISSUANCE_FORM = refusal(
    "RPL-3305",
    "“{value}”不是签发编号(形如 CAOD0074-B)。",
    "“{value}” is no issuance id such as CAOD0074-B.",
)
# -- obligations -------------------------------------------------------------------------------------------

SUM_DIFFERS = refusal(
    "RPL-3310",
    "{entity}:配额 {allowances} + 抵销 {offsets} ≠ 合计 {instruments}。",
    "{entity}: allowances {allowances} + offsets {offsets} are not the {instruments} instruments published.",
)
SHORT = refusal(
    "RPL-3311",
    "{entity} {name}:应清缴 {obligation},实缴 {instruments},欠 {short} 吨;公布状态“{status}”。",
    "{entity} {name} owed {obligation} t and surrendered {instruments}: {short} t short. Its status is “{status}”.",
)
MORE_THAN_OWED = refusal(
    "RPL-3312",
    "{entity} {name}:应清缴 {obligation},实缴 {instruments},多缴 {more} 吨。",
    "{entity} {name} owed {obligation} t and surrendered {instruments}: {more} t too many.",
)
STATUS_DIFFERS = refusal(
    "RPL-3313",
    "{entity}:公布状态“{status}”与数字不符(应清缴 {obligation},实缴 {instruments})。",
    "{entity}: the status “{status}” does not fit the figures, {instruments} t surrendered of {obligation}.",
)
OVER_LIMIT = refusal(
    "RPL-3314",
    "{entity} {name}:抵销 {offsets} 吨,超过应清缴量 {obligation} 吨的 {percent} 上限 {limit} 吨,超出 {excess} 吨。",
    "{entity} {name} used {offsets} t of offsets; {percent} of its obligation of {obligation} t is {limit}: "
    "{excess} t over the limit.",
)
FACILITY_OF_ANOTHER = refusal(
    "RPL-3315",
    "{entity} 的设施编号 {facility} 是 {other} 的;另一期中该实体的编号为 {own}。",
    "{entity} is given the facility {facility}, which is {other}'s in both periods; its own in the other period is "
    "{own}.",
)
TOTAL_DIFFERS = refusal(
    "RPL-3316",
    "合计行“{column}”为 {published},各行之和为 {total}。",
    "The total of “{column}” is {published}; its rows come to {total}.",
)

# -- allowances by vintage ---------------------------------------------------------------------------------

VINTAGE_REPEATS_TOTAL = refusal(
    "RPL-3320",
    "{entity}:“{column}”为 {value},重复了行合计;其余年份之和已等于合计,按 0 读取。",
    "{entity}: “{column}” says {value}, which repeats the row's total; the other vintages come to the total, so it "
    "is read as 0.",
)
VINTAGES_DIFFER = refusal(
    "RPL-3321",
    "{entity}:各年份之和为 {total},行合计为 {published}。",
    "{entity}: its vintages come to {total}; its total is {published}.",
)
VINTAGE_BLANK = refusal(
    "RPL-3322",
    "{entity}:“{column}”为空;按行合计推得 {value}。",
    "{entity}: “{column}” is blank; by the row's total it is {value}.",
)
ALLOWANCES_DIFFER = refusal(
    "RPL-3323",
    "{entity}:明细表配额合计 {detail},汇总表为 {summary}。",
    "{entity}: {detail} t of allowances by vintage, {summary} in the summary.",
)
NO_VINTAGES = refusal(
    "RPL-3324",
    "{entity}:汇总表有配额 {allowances} 吨,明细表没有该实体。",
    "{entity}: {allowances} t of allowances in the summary, no row by vintage.",
)
VINTAGE_TOO_LATE = refusal(
    "RPL-3325",
    "{entity}:用 {vintage} 年配额 {quantity} 吨履行截至 {last} 年的义务,规则最多允许 {latest} 年。",
    "{entity}: {quantity} t of vintage {vintage} for an obligation that ends with {last}; {latest} is the latest.",
)
NAME_OF_ANOTHER = refusal(
    "RPL-3326",
    "{entity} 的名称写成了 {other} 的“{written}”;汇总表中为“{name}”。",
    "{entity} is called “{written}”, which is {other}'s name; in the summary it is “{name}”.",
)
UNKNOWN_ENTITY = refusal(
    "RPL-3327",
    "{entity} 不在本期汇总表中,其 {quantity} 吨未入账。",
    "{entity} is not in the period's summary; its {quantity} t are not posted.",
)

# -- offset credits ----------------------------------------------------------------------------------------

OFFSETS_DIFFER = refusal(
    "RPL-3330",
    "{entity}:抵销明细之和 {detail},汇总表为 {summary}。",
    "{entity}: {detail} t of offsets by project, {summary} in the summary.",
)
ISSUANCE_UNKNOWN = refusal(
    "RPL-3331",
    "{entity}:签发表中没有 {issuance} 的签发,{quantity} 吨未入账。",
    "{entity}: the issuance table issues nothing as {issuance}; its {quantity} t are not posted.",
)
OFFSET_VINTAGE_DIFFERS = refusal(
    "RPL-3332",
    "{entity}:{issuance} 的年份写为 {written},签发表为 {issued}。",
    "{entity}: the vintage of {issuance} is given as {written}; it was issued as {issued}.",
)
SURRENDERED_BEFORE_ISSUED = refusal(
    "RPL-3333",
    "{entity}:{issuance} 的 {quantity} 吨用于 {due} 到期的义务,而该信用 {issued} 才签发;在签发日入账。",
    "{entity}: {quantity} t of {issuance} for an obligation due on {due}, issued only on {issued}; posted on the day "
    "of issuance.",
)
OVER_ISSUED = refusal(
    "RPL-3334",
    "{issuance}:至此行已清缴 {used} 吨,而可流通的只有 {available} 吨;此行 {quantity} 吨未入账。",
    "{issuance}: with this row {used} t are surrendered of the {available} that left the buffer; its {quantity} t "
    "are not posted.",
)
RETIRED_DIFFERS = refusal(
    "RPL-3335",
    "{issuance}:签发表记 {period} 履约期注销 {table} 吨,履约报告明细为 {report} 吨。",
    "{issuance}: {table} t retired for {period} in the issuance table, {report} in the compliance report.",
)
ISSUANCE_TWICE = refusal(
    "RPL-3336",
    "签发编号 {issuance} 应当唯一,却已在第 {first} 行出现;两行均未签发信用。",
    "The issuance id {issuance} is to be unique and stands in row {first}, too; neither row issues credits.",
)
RETIRED_BEYOND_ISSUED = refusal(
    "RPL-3337",
    "{issuance}:签发 {issued} 吨,各栏注销合计 {retired} 吨,多 {excess} 吨。",
    "{issuance}: {issued} t issued, {retired} t retired in its columns: {excess} t too many.",
)

"""Numbered refusals of measurement, reporting and verification."""

from tanshu.base.refusal import refusal

NOT_A_NUMBER = refusal(
    "MRV-1001",
    "“{value}”不是有效的{field_name}:需要不小于零的数字。",
    "“{value}” is not a valid {field_name}: a number not below zero is needed.",
)
CLASS_UNKNOWN = refusal(
    "MRV-1002",
    "机组类别“{value}”无效,应为 I、II、III 或 IV。",
    "The unit class “{value}” is not one of I, II, III, IV.",
)
COOLING_UNKNOWN = refusal(
    "MRV-1003", "冷却方式“{value}”无效,应为 water 或 air。", "The cooling “{value}” is neither water nor air."
)
HOURS_BEYOND_YEAR = refusal(
    "MRV-1004",
    "运行小时数 {hours} 超过该年的 {most} 小时。",
    "{hours} running hours are more than the year's {most}.",
)
YEAR_INVALID = refusal("MRV-1005", "年度“{value}”无效。", "“{value}” is not a year.")
UNIT_TWICE = refusal(
    "MRV-1006", "机组 {unit} 在文件中出现两次。", "The unit {unit} stands in the file twice."
)
LOAD_BEYOND_ONE = refusal(
    "MRV-1007",
    "机组 {unit} 的负荷系数 {load} 大于 1:发电量超过 额定容量 × 运行小时数。",
    "The load factor {load} of unit {unit} is above 1: more than capacity × running hours was generated.",
)
NOT_TONNES = refusal(
    "MRV-1008",
    "“{value}”不是有效的排放量:需要不小于零的整数吨。",
    "“{value}” is not an amount of emissions: whole tonnes, not below zero, are needed.",
)
SUBJECT_TWICE = refusal(
    "MRV-1009", "主体 {handle} 在文件中出现两次。", "The subject {handle} stands in the file twice."
)
NOTHING = refusal("MRV-1010", "没有可导入的行。", "There is nothing to import.")
NO_AUTHORITY = refusal(
    "MRV-1011",
    "主体 {handle} 所在地区({region})没有已登记的主管部门。",
    "No authority is registered for the region {region} of {handle}.",
)
LOCKED = refusal(
    "MRV-1012",
    "主体 {handle} {year} 年度的数据已作为“{why}”的依据,不能更改。更正须由主管部门复核人员先解锁并写明事由。",
    "The {year} data of {handle} are the ground of {why} and do not change. For a correction, a checker of the authority unlocks them first, with the reason.",
)
REASON_NEEDED = refusal("MRV-1013", "必须写明事由(--reason)。", "State the reason (--reason).")
SECTOR_FORM = refusal(
    "MRV-1014",
    "行业“{value}”只能用小写字母、数字和连字符,如 power、steel、cement、aluminium。",
    "The sector “{value}” may use only small letters, digits and hyphens: power, steel, cement, aluminium, …",
)

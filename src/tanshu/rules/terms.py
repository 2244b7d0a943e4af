"""Names a rule pack may use, each with its words in the two languages.

A pack says `excluded = ["pure_biomass"]`; what that means is written here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tanshu.base.text import Text

STATUSES: Final[Mapping[str, Text]] = {
    "final": Text("正式", "final"),
    "draft": Text("草案", "draft"),
    "example": Text("示例", "example"),
}
EVIDENCE: Final[Mapping[str, Text]] = {
    "confirmed": Text("已核对文本", "confirmed in a copy of the text"),
    "recalled": Text("凭记忆整理", "recalled"),
    "assumed": Text("假定", "assumed"),
}
UNIT_CLASSES: Final[Mapping[str, Text]] = {
    "I": Text("300MW等级以上常规燃煤机组", "conventional coal, 400 MW and more"),
    "II": Text("300MW等级及以下常规燃煤机组", "conventional coal, below 400 MW"),
    "III": Text(
        "非常规燃煤机组(含燃煤循环流化床)", "unconventional coal, circulating fluidised bed included"
    ),
    "IV": Text("燃气机组", "gas"),
}
COAL_CLASSES: Final = ("I", "II", "III")

EXCLUSIONS: Final[Mapping[str, Text]] = {
    "pure_biomass": Text("纯生物质发电机组", "pure biomass unit"),
    "biomass_over_limit": Text("掺烧生物质热量占比超过限值", "biomass share of heat above the limit"),
    "secondary_over_limit": Text(
        "掺烧自产二次能源热量占比超过限值", "self-produced secondary energy share of heat above the limit"
    ),
    "combined_over_limit": Text(
        "生物质与自产二次能源热量占比合计超过限值", "biomass and secondary energy together above the limit"
    ),
    "green_fuel_over_limit": Text(
        "掺烧绿氢、绿氨热量占比超过限值", "green hydrogen or ammonia share of heat above the limit"
    ),
    "special_fuel": Text("仅使用特殊化石燃料", "special fossil fuels only"),
    "own_waste_gas": Text("仅使用自产废气、尾气、煤气", "own waste gas only"),
    "converted_boiler": Text("燃煤锅炉改造形成的燃气机组", "gas unit converted from a coal boiler"),
    "oil": Text("燃油机组", "oil-fired unit"),
    "igcc": Text("整体煤气化联合循环机组", "integrated gasification combined cycle unit"),
    "internal_combustion": Text("内燃机组", "internal combustion unit"),
    "emergency_standby": Text("承担应急备用保障功能的机组", "emergency standby unit"),
    "closed": Text("核定配额前已关停的机组", "unit closed before final allocation"),
    "newly_commissioned": Text("当年新投产的机组", "unit commissioned in the year"),
    "heat_only": Text("不具备发电能力的纯供热机组", "heat-only unit without generation"),
    "below_entry_threshold": Text(
        "经核查排放量低于纳入门槛的企业", "entity with verified emissions below the threshold"
    ),
}
"""Why a unit is outside the benchmark (暂不纳入或按特殊情形处理). Which apply, and how, is the pack's to
say.
"""

FUELS: Final[Mapping[str, Text]] = {
    "conventional_coal": Text("常规电煤(烟煤、褐煤、无烟煤)", "conventional coal"),
    "unconventional_coal": Text("煤矸石、煤泥、水煤浆等", "gangue, slurry, coal-water slurry"),
    "natural_gas": Text("天然气", "natural gas"),
    "oil": Text("燃油", "oil"),
    "biomass": Text("生物质(含垃圾、污泥)", "biomass, waste and sludge included"),
    "secondary_energy": Text("自产二次能源", "self-produced secondary energy"),
    "special_gas": Text(
        "煤层气、焦炉煤气、高炉煤气等特殊燃料", "coal-bed methane, coke-oven gas, blast-furnace gas …"
    ),
    "own_waste_gas": Text("自产废气、尾气、煤气", "own waste gas"),
    "green_hydrogen": Text("绿氢、绿氨", "green hydrogen and ammonia"),
}
MILESTONES: Final[Mapping[str, Text]] = {
    "report": Text("报送年度排放报告", "report emissions"),
    "verify": Text("完成核查", "finish verification"),
    "pre_allocate": Text("预分配配额", "pre-allocate"),
    "approve": Text("核定配额", "approve the allocation"),
    "issue": Text("发放核定配额", "issue the approved allocation"),
    "surrender": Text("清缴配额", "surrender"),
}
"""The year's milestones in the order in which they are usually met."""

ORGANISATIONS: Final[Mapping[str, Text]] = {
    "holder": Text("登记主体", "holder"),
    "province": Text("省级生态环境主管部门", "provincial authority"),
    "registry": Text("注册登记机构", "registry"),
    "ministry": Text("生态环境部", "ministry"),
    "exchange": Text("交易机构", "exchange"),
    "bank": Text("结算银行", "settlement bank"),
    "giver": Text("转出方", "giver"),
    "pledgee": Text("质权人", "pledgee"),
}
"""Whose people take a step. holder: the subject a transaction is about; giver: whose account gives, where
that is another subject.
"""
ACTS: Final[Mapping[str, Text]] = {
    "make": Text("经办", "make"),
    "check": Text("复核", "check"),
    "approve": Text("审批", "approve"),
}

CLAIM_CLASSES: Final[Mapping[str, Text]] = {
    "court": Text("司法措施", "court measures"),
    "duty": Text("清缴义务", "the duty to surrender"),
    "pledge": Text("质押", "pledges"),
}
"""Who may claim the same units: a pack ranks them, or says that the first comes first."""

IDENTIFIERS: Final[Mapping[str, Text]] = {
    "credit_code": Text("统一社会信用代码", "unified social credit code"),
    "operator_id": Text("登记机构给定的编号", "an id that the registry gave"),
}
"""What enterprises and institutions are known by."""

DISCLOSED: Final[Mapping[str, Text]] = {
    "name": Text("名称", "name"),
    "code": Text("代码", "code"),
    "region": Text("地区", "region"),
    "sector": Text("行业", "sector"),
    "status": Text("履约状态", "status"),
    "verified": Text("核查排放量", "verified emissions"),
    "approved": Text("核定配额", "approved allowances"),
    "obligation": Text("应清缴量", "obligation"),
    "surrendered": Text("清缴量", "surrendered"),
    "offset": Text("抵销量", "offset"),
    "due": Text("尚欠", "due"),
    "totals": Text("持有总量", "holdings in total"),
    "cancellations": Text("自愿注销公告", "notices of voluntary cancellation"),
    "changes": Text("主体变更公告", "notices of changed subjects"),
}
"""What can be published of a year: of each listed entity, then of the whole register."""

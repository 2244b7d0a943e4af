"""Numbered refusals of onboarding: applications 50xx, papers and bank accounts 51xx, yearly reviews 53xx."""

from tanshu.base.refusal import refusal

APPLICANT_KIND = refusal(
    "PAR-5001",
    "{kind}类主体不经开户申请登记;申请人应为企业、机构或个人。",
    "A subject of kind {kind} does not apply for an account; enterprises, institutions and individuals do.",
)
REGISTRATION_NEEDED = refusal(
    "PAR-5002",
    "申请须包括登记账户(每个主体一个)。",
    "The application must ask for a registration account, of which each subject has one.",
)
PEOPLE_NEEDED = refusal(
    "PAR-5003",
    "至少须有两名不同的经办人,分别有“经办”和“复核”权限。",
    "At least two people are needed: one with the maker right, another with the checker right.",
)
IN_PROGRESS = refusal(
    "PAR-5004",
    "{applicant} 已有办理中的申请 {application}({state})。",
    "{applicant} has an application under way already: {application} ({state}).",
)
APPLICATION_UNKNOWN = refusal(
    "PAR-5005",
    "没有开户申请 {application}。用 tanshu onboard list 查看。",
    "There is no application {application}. `tanshu onboard list` shows them.",
)
NOT_RETURNED = refusal(
    "PAR-5006",
    "申请 {application} 未被退回补正(现为“{state}”),不能重新提交。",
    "The application {application} was not returned (it is {state}) and is not submitted again.",
)
NOT_IN_REVIEW = refusal(
    "PAR-5007",
    "申请 {application} 不在审核中(现为“{state}”)。",
    "The application {application} is not under review (it is {state}).",
)
OTHER_STAGE = refusal(
    "PAR-5008",
    "申请 {application} 正等待{stage}。",
    "The application {application} waits for its {stage}.",
)
REVIEWED_BY_YOU = refusal(
    "PAR-5009",
    "{person} 已录入或初审此申请,复审须由他人办理。",
    "{person} entered or reviewed this application; somebody else does the second review.",
)
COMMENT_NEEDED = refusal(
    "PAR-5010",
    "退回或不予开户须写明理由(--comment)。",
    "To return or refuse an application, say why (--comment).",
)
VERDICT_UNKNOWN = refusal(
    "PAR-5011",
    "未知审核结论“{value}”,可用:{known}。",
    "Unknown verdict “{value}”; there are {known}.",
)
OTHER_APPLICANT = refusal(
    "PAR-5012",
    "补正后的申请人 {applicant} 与原申请 {application} 不是同一主体。",
    "{applicant} is not who applied in {application}.",
)
ENDED = refusal(
    "PAR-5013",
    "申请 {application} 已办结({state}),不能撤回。",
    "The application {application} has ended ({state}) and cannot be withdrawn.",
)

BANK_NAME = refusal(
    "PAR-5101",
    "银行账户的户名与主体名称“{name}”不一致。",
    "The name of the bank account is not the subject's name, “{name}”.",
)
BANK_FORM = refusal(
    "PAR-5102",
    "银行账户须写明开户行、8 至 30 位数字的账号;登记簿只保存末四位与散列。",
    "A bank account needs its bank and a number of 8 to 30 digits; the register keeps the last four and a hash.",
)
DOCUMENT_FORM = refusal(
    "PAR-5103",
    "{what}须以 64 位小写十六进制的 SHA-256 散列和字节数登记。",
    "{what} is recorded by its SHA-256 (64 small hexadecimal digits) and its size in bytes.",
)
DOCUMENTS_MISSING = refusal(
    "PAR-5104",
    "申请材料不齐,缺少:{missing}。",
    "The application is not complete; it lacks: {missing}.",
)
DECLARATION_MISSING = refusal(
    "PAR-5105",
    "申请人须声明:主管部门、登记机构、交易机构和技术服务机构及其工作人员不得持有配额(国务院令第775号第七条)。",
    "The applicant must declare not to be barred: regulators, registry, exchange and technical service bodies, "
    "and their staff, may not hold (State Council Order 775, art. 7).",
)
LIST_OR_VOLUNTARY = refusal(
    "PAR-5106",
    "须写明申请人列入哪一年度名录,或为自愿参与主体,二者择一。",
    "Say on which year's list the applicant is, or that it takes part voluntarily: one of the two.",
)

REVIEW_OPEN = refusal(
    "PAR-5301",
    "{subject} {year} 年度复核已经开始({state})。",
    "The review of {subject} for {year} has begun ({state}).",
)
REVIEW_UNKNOWN = refusal(
    "PAR-5302",
    "{subject} {year} 年度复核尚未开始。",
    "The review of {subject} for {year} has not begun.",
)
REVIEW_STATE = refusal(
    "PAR-5303",
    "{subject} {year} 年度复核现为“{state}”,不能办理此步骤。",
    "The review of {subject} for {year} is {state}; this is not its next step.",
)
REVIEW_BY_YOU = refusal(
    "PAR-5304",
    "{person} 已办理此复核的前一步骤,须由他人办结。",
    "{person} did the earlier step of this review; somebody else finishes it.",
)
FINDINGS_NEEDED = refusal(
    "PAR-5305",
    "复核须写明结果;没有发现问题也要写明。",
    "Write down what the review found, even that it found nothing.",
)
REVIEW_DUE_UNKNOWN = refusal(
    "PAR-5306",
    "规则包未规定年度复核的期限,须在开始时写明(--due)。",
    "The rule pack does not say by when the yearly review is done; name the day (--due).",
)
REVIEW_DUE_KNOWN = refusal(
    "PAR-5307",
    "规则包规定 {year} 年度复核应于 {due} 前完成,不能另定期限。",
    "The rule pack has the review for {year} done by {due}; no other day is set.",
)
NOT_A_HOLDER = refusal(
    "PAR-5308",
    "{subject} 没有登记账户,无需年度复核。",
    "{subject} has no registration account; there is nothing to review.",
)

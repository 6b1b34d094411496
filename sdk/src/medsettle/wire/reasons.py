"""The catalogue of reasons: why something was refused, who must act, and what to do next.

One entry per value of ``medsettle.wire.v1.Reason``. Both sides read it: the gateway to build an
answer, the till to act on one. A till that does not know a reason acts by the gRPC code and by
``recorded``, and shows the sentences as they came.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DOMAIN: Final = "medsettle"
"""``google.rpc.ErrorInfo.domain`` of every reason."""


class Code(StrEnum):
    """The gRPC status codes in use, by name, so that this module needs no gRPC."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    UNAUTHENTICATED = "UNAUTHENTICATED"


class Retry(StrEnum):
    """May the same call be sent again under the same request id?"""

    NO = "no"
    YES = "yes"
    AFTER = "after"
    """After what ``next_zh`` / ``next_en`` says, or after the RetryInfo delay."""


class Actor(StrEnum):
    """Who must act."""

    PATIENT = "patient"
    CASHIER = "cashier"
    STORE = "store"
    OPERATOR = "operator"
    VENDOR = "vendor"


class Reason(StrEnum):
    """Why a request was refused. The value travels as ``ErrorInfo.reason``."""

    # Who is asking: checked before the sale is looked at.
    SIGNATURE_MISSING = "SIGNATURE_MISSING"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    CLOCK_SKEW = "CLOCK_SKEW"
    NONCE_REPLAYED = "NONCE_REPLAYED"
    TERMINAL_UNKNOWN = "TERMINAL_UNKNOWN"
    TERMINAL_SUSPENDED = "TERMINAL_SUSPENDED"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    KEY_NOT_ACTIVE = "KEY_NOT_ACTIVE"
    KEY_INVALID = "KEY_INVALID"
    ENROL_CODE_INVALID = "ENROL_CODE_INVALID"
    ENROL_CODE_EXPIRED = "ENROL_CODE_EXPIRED"
    # Form, limits, transport: also before the sale is looked at.
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    BASKET_TOO_LARGE = "BASKET_TOO_LARGE"
    FIELD_REQUIRED = "FIELD_REQUIRED"
    FIELD_INVALID = "FIELD_INVALID"
    AMOUNT_OUT_OF_RANGE = "AMOUNT_OUT_OF_RANGE"
    REQUEST_ID_INVALID = "REQUEST_ID_INVALID"
    NOT_YOURS = "NOT_YOURS"
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    OVERLOADED = "OVERLOADED"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    # The sale and its id.
    SALE_NOT_FOUND = "SALE_NOT_FOUND"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    SEALED = "SEALED"
    EARLIER_ATTEMPT_OPEN = "EARLIER_ATTEMPT_OPEN"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    QUOTE_INVALID = "QUOTE_INVALID"
    QUOTE_CHANGED = "QUOTE_CHANGED"
    CONFIRM_TOO_LATE = "CONFIRM_TOO_LATE"
    TENDER_MISMATCH = "TENDER_MISMATCH"
    REVERSE_TOO_LATE = "REVERSE_TOO_LATE"
    LATER_SALE_EXISTS = "LATER_SALE_EXISTS"
    SERVICE_DATE_INVALID = "SERVICE_DATE_INVALID"
    # The person, the place, the goods.
    CREDENTIAL_INVALID = "CREDENTIAL_INVALID"
    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    CREDENTIAL_USED = "CREDENTIAL_USED"
    MEMBER_UNKNOWN = "MEMBER_UNKNOWN"
    INSTITUTION_UNKNOWN = "INSTITUTION_UNKNOWN"
    INSTITUTION_SUSPENDED = "INSTITUTION_SUSPENDED"
    ITEM_UNKNOWN = "ITEM_UNKNOWN"
    ITEM_NOT_VALID = "ITEM_NOT_VALID"
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
    ACCOUNT_FROZEN = "ACCOUNT_FROZEN"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    # The policy pack: the codes that case files use, in their order of checks.
    POLICY_FLOOR = "POLICY_FLOOR"
    POLICY_CEILING = "POLICY_CEILING"
    PACK_NOT_IN_FORCE = "PACK_NOT_IN_FORCE"
    NOT_COVERED = "NOT_COVERED"
    NOT_DESIGNATED = "NOT_DESIGNATED"
    BENEFIT_UNKNOWN = "BENEFIT_UNKNOWN"
    NOT_FOR_SCHEME = "NOT_FOR_SCHEME"
    NOT_FOR_STANDING = "NOT_FOR_STANDING"
    NOT_FOR_ENROLMENT = "NOT_FOR_ENROLMENT"
    NOT_FOR_AID = "NOT_FOR_AID"
    NOT_FOR_CONDITION = "NOT_FOR_CONDITION"
    NOT_FILED = "NOT_FILED"
    NOT_AT_KIND = "NOT_AT_KIND"
    NOT_AT_LEVEL = "NOT_AT_LEVEL"
    NOT_AT_SPECIALTY = "NOT_AT_SPECIALTY"
    NOT_A_STAY = "NOT_A_STAY"
    PRESCRIPTION_KIND = "PRESCRIPTION_KIND"
    NOT_CIRCULATED = "NOT_CIRCULATED"
    SWITCH_OFF = "SWITCH_OFF"
    LINE_AMOUNT_MISMATCH = "LINE_AMOUNT_MISMATCH"
    CONDITION_NOT_FILED = "CONDITION_NOT_FILED"
    DRUG_NOT_APPROVED = "DRUG_NOT_APPROVED"
    DRUG_OVER_CEILING = "DRUG_OVER_CEILING"
    DRUG_KINDS_EXCEEDED = "DRUG_KINDS_EXCEEDED"
    OVER_CEILING = "OVER_CEILING"
    OVER_SESSION_LIMIT = "OVER_SESSION_LIMIT"
    NO_RULE = "NO_RULE"


@dataclass(frozen=True, slots=True)
class ReasonText:
    """What a reason means and what to do about it.

    ``recorded`` says when this reason is written under the request id: ``True``, it is the
    sale's recorded answer and so a proof that nothing was charged; ``False``, it is never
    recorded and the sale keeps the state that it had.
    """

    code: Code
    retry: Retry
    actor: Actor
    recorded: bool
    zh: str
    en: str
    next_zh: str
    next_en: str


def _front(code: Code, retry: Retry, actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(code, retry, actor, False, zh, en, next_zh, next_en)


def _recorded(actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, actor, True, zh, en, next_zh, next_en)


_POLICY_NEXT: Final = (
    "可改为其他待遇或自费结算。",
    "Use another benefit, or settle without one.",
)

REASONS: Final[dict[Reason, ReasonText]] = {
    Reason.SIGNATURE_MISSING: _front(
        Code.UNAUTHENTICATED, Retry.NO, Actor.VENDOR,
        "请求缺少签名信息。", "The request carries no complete signature.",
        "请用SDK发送,或按协议补齐五个签名字段。",
        "Send through the SDK, or add the five metadata fields of the contract.",
    ),
    Reason.SIGNATURE_INVALID: _front(
        Code.UNAUTHENTICATED, Retry.NO, Actor.VENDOR,
        "请求签名不正确。", "The signature of the request is wrong.",
        "请核对终端密钥和网关编号,必要时重新注册终端。",
        "Check the terminal's key and the gateway's id; enrol the terminal again if needed.",
    ),
    Reason.CLOCK_SKEW: _front(
        Code.UNAUTHENTICATED, Retry.AFTER, Actor.STORE,
        "收银机时钟与网关相差过大。", "The till's clock is too far from the gateway's.",
        "请校准收银机时间后重试;SDK会自动校正一次。",
        "Set the till's clock and try again; the SDK corrects itself once.",
    ),
    Reason.NONCE_REPLAYED: _front(
        Code.UNAUTHENTICATED, Retry.NO, Actor.VENDOR,
        "这个请求已经用过一次。", "This signed request was used before.",
        "请重新签名后再发送。", "Sign a new request and send that.",
    ),
    Reason.TERMINAL_UNKNOWN: _front(
        Code.UNAUTHENTICATED, Retry.NO, Actor.STORE,
        "网关不认识这台收银机。", "The gateway does not know this terminal.",
        "请向经办机构申请注册码并执行 medsettle enrol。",
        "Ask the operator for an enrolment code and run medsettle enrol.",
    ),
    Reason.TERMINAL_SUSPENDED: _front(
        Code.PERMISSION_DENIED, Retry.NO, Actor.STORE,
        "这台收银机已停用。", "This terminal is suspended.",
        "请联系网关运营方。", "Contact the gateway's operator.",
    ),
    Reason.KEY_UNKNOWN: _front(
        Code.UNAUTHENTICATED, Retry.NO, Actor.STORE,
        "网关没有登记这把终端密钥。", "The gateway does not know this terminal key.",
        "请重新注册终端。", "Enrol the terminal again.",
    ),
    Reason.KEY_NOT_ACTIVE: _front(
        Code.UNAUTHENTICATED, Retry.NO, Actor.STORE,
        "终端密钥已失效或被吊销。", "The terminal key has ended or was revoked.",
        "请重新注册终端。", "Enrol the terminal again.",
    ),
    Reason.KEY_INVALID: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "公钥或密钥持有证明不正确。", "The public key or its proof of possession is wrong.",
        "请用 ed25519 或 p256 生成密钥,并按协议签出证明。",
        "Make an ed25519 or p256 key and sign the proof as the contract says.",
    ),
    Reason.ENROL_CODE_INVALID: _front(
        Code.PERMISSION_DENIED, Retry.NO, Actor.STORE,
        "注册码不正确或已用过。", "The enrolment code is wrong or was used.",
        "请向网关运营方索取新的注册码。", "Ask the gateway's operator for a new code.",
    ),
    Reason.ENROL_CODE_EXPIRED: _front(
        Code.PERMISSION_DENIED, Retry.NO, Actor.STORE,
        "注册码已过期。", "The enrolment code has expired.",
        "请向网关运营方索取新的注册码。", "Ask the gateway's operator for a new code.",
    ),
    Reason.REQUEST_MALFORMED: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "请求内容无法解析。", "The request could not be read.",
        "请按 medsettle.wire.v1 编码请求。", "Encode the request as medsettle.wire.v1 says.",
    ),
    Reason.REQUEST_TOO_LARGE: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "请求超过大小上限。", "The request is larger than the limit.",
        "请减少明细行,或分成两张小票。", "Send fewer lines, or make two tickets.",
    ),
    Reason.BASKET_TOO_LARGE: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.CASHIER,
        "明细行数超过上限。", "The basket has more lines than the limit.",
        "请分成两张小票。", "Make two tickets.",
    ),
    Reason.FIELD_REQUIRED: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "缺少必填字段。", "A required field is missing.",
        "请补齐所指字段。", "Fill in the field that is named.",
    ),
    Reason.FIELD_INVALID: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "字段的值不合规。", "A field has a value that is not allowed.",
        "请按协议中该字段的说明改正。", "Correct it as the contract says of that field.",
    ),
    Reason.AMOUNT_OUT_OF_RANGE: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.CASHIER,
        "金额、单价或数量超出允许范围。", "An amount, price or quantity is out of range.",
        "请核对录入的数字。", "Check the number that was entered.",
    ),
    Reason.REQUEST_ID_INVALID: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "流水号格式不正确。", "The request id is not well formed.",
        "格式为 机构-收银机-日期-票号-次数。",
        "Its form is institution-till-yyyymmdd-number-attempt.",
    ),
    Reason.NOT_YOURS: _front(
        Code.PERMISSION_DENIED, Retry.NO, Actor.VENDOR,
        "这笔业务不属于本终端或本机构。", "This sale belongs to another terminal or institution.",
        "请在原机构办理;新结算须由票号所属的收银机发出。",
        "Act at the institution of the sale; only its own terminal may settle it.",
    ),
    Reason.PAGE_TOKEN_INVALID: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "翻页标记无效。", "The page token is not valid.",
        "请从第一页重新查询,且不要改变查询条件。",
        "Start again at the first page, and keep the filter unchanged.",
    ),
    Reason.DEADLINE_PASSED: _front(
        Code.DEADLINE_EXCEEDED, Retry.YES, Actor.CASHIER,
        "请求在排队时已超时,没有执行。", "The deadline passed in the queue; nothing was done.",
        "请重试同一流水号。", "Try again under the same request id.",
    ),
    Reason.OVERLOADED: _front(
        Code.RESOURCE_EXHAUSTED, Retry.AFTER, Actor.OPERATOR,
        "网关繁忙。", "The gateway is busy.",
        "SDK会稍后自动重试。", "The SDK tries again after the given delay.",
    ),
    Reason.SHUTTING_DOWN: _front(
        Code.UNAVAILABLE, Retry.YES, Actor.OPERATOR,
        "网关正在停机。", "The gateway is shutting down.",
        "请稍后重试同一流水号。", "Try again shortly under the same request id.",
    ),
    Reason.STORE_UNAVAILABLE: _front(
        Code.UNAVAILABLE, Retry.YES, Actor.OPERATOR,
        "网关暂时无法写入数据库。", "The gateway cannot write to its database now.",
        "请稍后重试同一流水号。", "Try again shortly under the same request id.",
    ),
    Reason.NOT_SUPPORTED: _front(
        Code.UNIMPLEMENTED, Retry.NO, Actor.VENDOR,
        "本网关尚不支持该功能。", "This gateway does not offer this yet.",
        "请去掉该字段或调用。", "Leave out the field or the call that is named.",
    ),
    Reason.INTERNAL_ERROR: _front(
        Code.INTERNAL, Retry.NO, Actor.OPERATOR,
        "网关内部错误。", "The gateway failed.",
        "请勿重复收费,用原流水号查询结果,并把流水号告知运营方。",
        "Do not charge again: look the sale up by its id, and give that id to the operator.",
    ),
    Reason.SALE_NOT_FOUND: _front(
        Code.NOT_FOUND, Retry.NO, Actor.CASHIER,
        "没有这笔业务的记录;不等于失败。", "No sale is recorded under this id; that does not mean it failed.",
        "请先封存该流水号再下结论。", "Seal the id before you conclude anything.",
    ),
    Reason.REQUEST_ID_REUSED: _front(
        Code.ALREADY_EXISTS, Retry.NO, Actor.VENDOR,
        "同一流水号已用于另一笔内容不同的业务。", "This request id stands for a sale with other content.",
        "请为新业务使用新的票号或次数。", "Use a new ticket number or attempt for a new sale.",
    ),
    Reason.SEALED: _recorded(
        Actor.CASHIER,
        "该流水号已封存,未收取任何费用。", "This id was sealed; nothing was charged.",
        "如仍需结算,请用下一次数重新发起。", "To sell after all, start the next attempt.",
    ),
    Reason.EARLIER_ATTEMPT_OPEN: _recorded(
        Actor.CASHIER,
        "同一小票的前一次结算仍然有效或未了结。", "An earlier attempt of this ticket is alive.",
        "请先查询并了结前一次,再决定是否重做。", "Look that attempt up and finish it first.",
    ),
    Reason.POSSIBLE_DUPLICATE: _recorded(
        Actor.CASHIER,
        "十分钟内同一人在本机构买过同样的东西。", "The same person bought the same goods here within ten minutes.",
        "确认不是重复后,在下一次数中确认此提示。",
        "If it is no duplicate, acknowledge this reason in the next attempt.",
    ),
    Reason.QUOTE_INVALID: _recorded(
        Actor.CASHIER,
        "报价凭据无效,或不属于这位患者。", "The quote token is not valid, or is another patient's.",
        "请重新预结算。", "Quote again.",
    ),
    Reason.QUOTE_CHANGED: _recorded(
        Actor.CASHIER,
        "金额与给患者看过的不同,未收取任何费用。", "The amounts differ from those shown; nothing was charged.",
        "请把新金额告知患者,再用下一次数结算。", "Show the patient the new amounts, then settle the next attempt.",
    ),
    Reason.CONFIRM_TOO_LATE: _recorded(
        Actor.CASHIER,
        "确认过迟,金额已变,未动用基金和账户。", "The confirmation came too late and the split has changed; nothing was charged.",
        "请退还已收现金,或用下一次数重新结算。", "Give back the cash, or settle again with the next attempt.",
    ),
    Reason.TENDER_MISMATCH: _front(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.CASHIER,
        "收款合计与现金部分不符。", "The tenders do not add up to the cash part.",
        "请核对收款方式和金额后再确认。", "Correct the tenders, then confirm again.",
    ),
    Reason.REVERSE_TOO_LATE: _front(
        Code.FAILED_PRECONDITION, Retry.NO, Actor.OPERATOR,
        "已过收银机可撤销的期限。", "The time in which a till may reverse is over.",
        "请联系经办机构,由两人复核后撤销。", "Ask the operator: two people can reverse it.",
    ),
    Reason.LATER_SALE_EXISTS: _front(
        Code.FAILED_PRECONDITION, Retry.AFTER, Actor.CASHIER,
        "本地区要求先撤销较晚的结算。", "This region reverses the latest sale first.",
        "请先撤销所列的较晚结算。", "Reverse the later sale that is named first.",
    ),
    Reason.SERVICE_DATE_INVALID: _recorded(
        Actor.CASHIER,
        "服务日期不可用于本次结算。", "This service date cannot be settled now.",
        "请使用当天日期;补结算须注明原因。", "Use today's date; a late claim needs a reason.",
    ),
    Reason.CREDENTIAL_INVALID: _recorded(
        Actor.PATIENT,
        "医保凭证无法识别。", "The credential cannot be recognised.",
        "请患者重新出示医保电子凭证。", "Ask the patient to show the credential again.",
    ),
    Reason.CREDENTIAL_EXPIRED: _recorded(
        Actor.PATIENT,
        "医保凭证已过期。", "The credential has expired.",
        "请患者刷新后重新出示。", "Ask the patient to refresh it and show it again.",
    ),
    Reason.CREDENTIAL_USED: _recorded(
        Actor.PATIENT,
        "医保凭证已经用过一次。", "The credential was used before.",
        "请患者刷新后重新出示。", "Ask the patient to refresh it and show it again.",
    ),
    Reason.MEMBER_UNKNOWN: _recorded(
        Actor.PATIENT,
        "没有查到参保信息。", "No insured person is known for this credential.",
        "请患者向参保地经办机构查询,或自费结算。", "Ask the insurer, or sell without insurance.",
    ),
    Reason.INSTITUTION_UNKNOWN: _recorded(
        Actor.OPERATOR,
        "没有登记本机构。", "This institution is not registered.",
        "请联系网关运营方。", "Contact the gateway's operator.",
    ),
    Reason.INSTITUTION_SUSPENDED: _recorded(
        Actor.STORE,
        "本机构的医保结算已暂停。", "Settlement is suspended for this institution.",
        "请联系经办机构。", "Contact the insurance agency.",
    ),
    Reason.ITEM_UNKNOWN: _recorded(
        Actor.STORE,
        "目录中没有这个编码。", "The catalogue has no such item code.",
        "请核对医保编码,或把该行自费结算。", "Check the national code, or sell that line without insurance.",
    ),
    Reason.ITEM_NOT_VALID: _recorded(
        Actor.STORE,
        "该编码在服务日期无效。", "The item code is not valid on the service date.",
        "请改用有效的医保编码。", "Use a code that is valid on that day.",
    ),
    Reason.ACCOUNT_UNKNOWN: _recorded(
        Actor.CASHIER,
        "所选账户不属于患者或其家庭共济成员。", "The account is neither the patient's nor bound by the family.",
        "请从资格查询列出的账户中选择。", "Choose one that the eligibility check lists.",
    ),
    Reason.ACCOUNT_FROZEN: _recorded(
        Actor.PATIENT,
        "所选账户已冻结。", "The account is frozen.",
        "请换用其他账户或现金。", "Use another account, or cash.",
    ),
    Reason.CONSENT_REQUIRED: _recorded(
        Actor.PATIENT,
        "动用家人账户须有其本人同意。", "A relative's account needs that person's consent.",
        "请取得同意后在付款人中注明。", "Get the consent and state it with the payer.",
    ),
    Reason.POLICY_FLOOR: _recorded(
        Actor.OPERATOR,
        "本地政策参数低于文件规定的下限。", "A local figure is below the floor of the document.",
        "请运营方改正政策参数。", "The operator must correct the figure.",
    ),
    Reason.POLICY_CEILING: _recorded(
        Actor.OPERATOR,
        "本地政策参数高于文件规定的上限。", "A local figure is above the ceiling of the document.",
        "请运营方改正政策参数。", "The operator must correct the figure.",
    ),
    Reason.PACK_NOT_IN_FORCE: _recorded(
        Actor.OPERATOR,
        "服务日期没有生效的政策。", "No policy pack is in force on the service date.",
        "请核对服务日期;无误则联系运营方。", "Check the service date; if it is right, contact the operator.",
    ),
    Reason.NOT_COVERED: _recorded(
        Actor.PATIENT,
        "患者在服务日期不享受医保待遇。", "The patient has no cover on the service date.",
        "请患者向参保地经办机构查询,或自费结算。", "Ask the insurer, or sell without insurance.",
    ),
    Reason.NOT_DESIGNATED: _recorded(
        Actor.STORE,
        "本机构没有这项待遇的定点资格。", "This institution is not designated for this benefit.",
        *_POLICY_NEXT,
    ),
    Reason.BENEFIT_UNKNOWN: _recorded(
        Actor.VENDOR,
        "本地政策中没有这项待遇。", "The policy pack has no such benefit.",
        "请从资格查询列出的待遇中选择。", "Choose one that the eligibility check lists.",
    ),
    Reason.NOT_FOR_SCHEME: _recorded(
        Actor.PATIENT,
        "该待遇不适用于患者的险种。", "The benefit is not for the patient's scheme.", *_POLICY_NEXT,
    ),
    Reason.NOT_FOR_STANDING: _recorded(
        Actor.PATIENT,
        "该待遇不适用于患者的人员类别。", "The benefit is not for the patient's standing.", *_POLICY_NEXT,
    ),
    Reason.NOT_FOR_ENROLMENT: _recorded(
        Actor.PATIENT,
        "该待遇不适用于患者的参保方式。", "The benefit is not for the patient's enrolment.", *_POLICY_NEXT,
    ),
    Reason.NOT_FOR_AID: _recorded(
        Actor.PATIENT,
        "该待遇不适用于患者的救助身份。", "The benefit is not for the patient's aid identity.", *_POLICY_NEXT,
    ),
    Reason.NOT_FOR_CONDITION: _recorded(
        Actor.PATIENT,
        "该待遇不适用于患者已备案的病种。", "The benefit is not for the patient's filed conditions.", *_POLICY_NEXT,
    ),
    Reason.NOT_FILED: _recorded(
        Actor.PATIENT,
        "患者没有备案该待遇所需的病种。", "No condition is filed for this benefit.",
        "请先办理门诊慢特病备案,或改为其他待遇。", "File the condition first, or use another benefit.",
    ),
    Reason.NOT_AT_KIND: _recorded(
        Actor.STORE,
        "该待遇不在这类机构支付。", "The benefit is not paid at this kind of institution.", *_POLICY_NEXT,
    ),
    Reason.NOT_AT_LEVEL: _recorded(
        Actor.STORE,
        "该待遇不在这个级别的机构支付。", "The benefit is not paid at this level.", *_POLICY_NEXT,
    ),
    Reason.NOT_AT_SPECIALTY: _recorded(
        Actor.STORE,
        "该待遇不在这类专科机构支付。", "The benefit is not paid at this specialty.", *_POLICY_NEXT,
    ),
    Reason.NOT_A_STAY: _recorded(
        Actor.CASHIER,
        "该待遇与本次就诊方式(住院或门诊)不符。", "The benefit does not fit this encounter (stay or visit).",
        *_POLICY_NEXT,
    ),
    Reason.PRESCRIPTION_KIND: _recorded(
        Actor.CASHIER,
        "处方类型不符合该待遇的要求。", "The prescription is not of the kind that the benefit needs.",
        "请核对处方,或改为其他待遇。", "Check the prescription, or use another benefit.",
    ),
    Reason.NOT_CIRCULATED: _recorded(
        Actor.CASHIER,
        "处方没有经过处方流转平台。", "The prescription did not come through prescription circulation.",
        *_POLICY_NEXT,
    ),
    Reason.SWITCH_OFF: _recorded(
        Actor.OPERATOR,
        "本地区尚未开通该项支付。", "The region has not switched this on.", *_POLICY_NEXT,
    ),
    Reason.LINE_AMOUNT_MISMATCH: _recorded(
        Actor.VENDOR,
        "明细金额不等于单价乘数量。", "A line's amount is not price times quantity.",
        "请按四舍五入到分重新计算该行金额。", "Compute that line again, rounded half-up to the fen.",
    ),
    Reason.CONDITION_NOT_FILED: _recorded(
        Actor.PATIENT,
        "该行的病种没有备案。", "The condition of a line is not filed.",
        "请去掉该行,或先备案。", "Remove the line, or file the condition first.",
    ),
    Reason.DRUG_NOT_APPROVED: _recorded(
        Actor.CASHIER,
        "该药不在患者核准的范围内。", "The drug is not on the patient's approved list.",
        "请去掉该行,或另行自费。", "Remove the line, or sell it separately.",
    ),
    Reason.DRUG_OVER_CEILING: _recorded(
        Actor.STORE,
        "该药价格超过限价。", "The drug's price is over its ceiling.",
        "请按限价调整,或另行自费。", "Keep to the ceiling, or sell it separately.",
    ),
    Reason.DRUG_KINDS_EXCEEDED: _recorded(
        Actor.CASHIER,
        "药品种数超过规定。", "There are more kinds of drugs than allowed.",
        "请减少品种,或另行自费。", "Remove kinds, or sell them separately.",
    ),
    Reason.OVER_CEILING: _recorded(
        Actor.STORE,
        "该行价格超过支付标准,不允许结算。", "A line is over its payment standard and may not be settled.",
        "请按支付标准调整价格。", "Keep to the payment standard.",
    ),
    Reason.OVER_SESSION_LIMIT: _recorded(
        Actor.STORE,
        "每次费用超过限额,不允许结算。", "The charge per session is over its limit and may not be settled.",
        "请核对费用和次数。", "Check the charge and the number of sessions.",
    ),
    Reason.NO_RULE: _recorded(
        Actor.OPERATOR,
        "本地政策缺少所需的参数。", "The policy pack has no figure for this case.",
        "请运营方补充本地参数。", "The operator must supply the local figure.",
    ),
}

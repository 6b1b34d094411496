"""Reasons that are never recorded: the sale keeps the state that it had."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry


def _unrecorded(code: Code, retry: Retry, actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(code, retry, actor, False, zh, en, next_zh, next_en)


UNRECORDED: Final[dict[Reason, ReasonText]] = {
    Reason.SIGNATURE_MISSING: _unrecorded(
        Code.UNAUTHENTICATED, Retry.NO, Actor.VENDOR,
        "请求缺少签名信息。",
        "The request carries no complete signature.",
        "请用SDK发送,或按协议补齐五个签名字段。",
        "Send through the SDK, or add the five metadata fields of the contract.",
    ),
    Reason.SIGNATURE_INVALID: _unrecorded(
        Code.UNAUTHENTICATED, Retry.NO, Actor.VENDOR,
        "请求签名不正确。",
        "The signature of the request is wrong.",
        "请核对终端密钥和网关编号,必要时重新注册终端。",
        "Check the terminal's key and the gateway's id; enrol the terminal again if needed.",
    ),
    Reason.CLOCK_SKEW: _unrecorded(
        Code.UNAUTHENTICATED, Retry.AFTER, Actor.STORE,
        "收银机时钟与网关相差过大。",
        "The till's clock is too far from the gateway's.",
        "SDK会自动校正一次;相差超过三天时,请先校准收银机的日期和时间。",
        "The SDK corrects itself once; if it is off by over three days, set the till's date and time.",
    ),
    Reason.NONCE_REPLAYED: _unrecorded(
        Code.UNAUTHENTICATED, Retry.NO, Actor.VENDOR,
        "这个请求已经用过一次。",
        "This signed request was used before.",
        "请重新签名后再发送。",
        "Sign a new request and send that.",
    ),
    Reason.TERMINAL_UNKNOWN: _unrecorded(
        Code.UNAUTHENTICATED, Retry.NO, Actor.STORE,
        "网关不认识这台收银机。",
        "The gateway does not know this terminal.",
        "请向网关运营方索取注册码并执行 medsettle enrol。",
        "Ask the operator for an enrolment code and run medsettle enrol.",
    ),
    Reason.TERMINAL_SUSPENDED: _unrecorded(
        Code.PERMISSION_DENIED, Retry.NO, Actor.STORE,
        "这台收银机已停用。",
        "This terminal is suspended.",
        "请联系网关运营方。",
        "Contact the gateway's operator.",
    ),
    Reason.KEY_UNKNOWN: _unrecorded(
        Code.UNAUTHENTICATED, Retry.NO, Actor.STORE,
        "网关没有登记这把终端密钥。",
        "The gateway does not know this terminal key.",
        "请重新注册终端。",
        "Enrol the terminal again.",
    ),
    Reason.KEY_NOT_ACTIVE: _unrecorded(
        Code.UNAUTHENTICATED, Retry.NO, Actor.STORE,
        "终端密钥已失效或被吊销。",
        "The terminal key has ended or was revoked.",
        "请重新注册终端。",
        "Enrol the terminal again.",
    ),
    Reason.KEY_INVALID: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "公钥或密钥持有证明不正确。",
        "The public key or its proof of possession is wrong.",
        "请用 ed25519 或 p256 生成密钥,并按协议签出证明。",
        "Make an ed25519 or p256 key and sign the proof as the contract says.",
    ),
    Reason.ENROL_CODE_INVALID: _unrecorded(
        Code.PERMISSION_DENIED, Retry.NO, Actor.STORE,
        "注册码不正确或已用过。",
        "The enrolment code is wrong or was used.",
        "请核对注册码和终端号;都没有错的,请向网关运营方索取新的注册码。",
        "Look at the code and the terminal; if both are right, ask the gateway's operator for a new code.",
    ),
    Reason.ENROL_CODE_EXPIRED: _unrecorded(
        Code.PERMISSION_DENIED, Retry.NO, Actor.STORE,
        "注册码已过期。",
        "The enrolment code has expired.",
        "请向网关运营方索取新的注册码。",
        "Ask the gateway's operator for a new code.",
    ),
    Reason.REQUEST_MALFORMED: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "请求内容无法解析。",
        "The request could not be read.",
        "请按 medsettle.wire.v1 编码请求。",
        "Encode the request as medsettle.wire.v1 says.",
    ),
    Reason.REQUEST_TOO_LARGE: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "请求超过大小上限。",
        "The request is larger than the limit.",
        "请减少明细行,或分成两张小票。",
        "Send fewer lines, or make two tickets.",
    ),
    Reason.BASKET_TOO_LARGE: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.CASHIER,
        "明细行数超过上限。",
        "The basket has more lines than the limit.",
        "请分成两张小票。",
        "Make two tickets.",
    ),
    Reason.FIELD_REQUIRED: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "缺少必填字段。",
        "A required field is missing.",
        "请补齐所指字段。",
        "Fill in the field that is named.",
    ),
    Reason.FIELD_INVALID: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "字段的值不合规。",
        "A field has a value that is not allowed.",
        "请按协议中该字段的说明改正。",
        "Correct it as the contract says of that field.",
    ),
    Reason.AMOUNT_OUT_OF_RANGE: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.CASHIER,
        "金额、单价或数量超出允许范围。",
        "An amount, price or quantity is out of range.",
        "请核对录入的数字。",
        "Check the number that was entered.",
    ),
    Reason.REQUEST_ID_INVALID: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "流水号格式不正确,或日期晚于明天。",
        "The request id is not well formed, or of a day later than tomorrow.",
        "格式为 机构-收银机-日期-票号-尝试序号;请核对收银机的日期。",
        "Its form is institution-till-yyyymmdd-number-attempt; check the till's date.",
    ),
    Reason.NOT_YOURS: _unrecorded(
        Code.PERMISSION_DENIED, Retry.NO, Actor.VENDOR,
        "这笔业务不属于本终端或本机构。",
        "This sale belongs to another terminal or institution.",
        "请在原机构办理;新结算须由票号所属的收银机发出。",
        "Act at the institution of the sale; only its own terminal may settle it.",
    ),
    Reason.PAGE_TOKEN_INVALID: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "翻页标记无效。",
        "The page token is not valid.",
        "请从第一页重新查询,且不要改变查询条件。",
        "Start again at the first page, and keep the filter unchanged.",
    ),
    Reason.DEADLINE_PASSED: _unrecorded(
        Code.DEADLINE_EXCEEDED, Retry.YES, Actor.CASHIER,
        "请求在排队时已超时,没有执行。",
        "The deadline passed in the queue; nothing was done.",
        "请重试同一流水号。",
        "Try again under the same request id.",
    ),
    Reason.OVERLOADED: _unrecorded(
        Code.RESOURCE_EXHAUSTED, Retry.AFTER, Actor.OPERATOR,
        "网关繁忙。",
        "The gateway is busy.",
        "SDK会稍后自动重试。",
        "The SDK tries again after the given delay.",
    ),
    Reason.RATE_LIMITED: _unrecorded(
        Code.RESOURCE_EXHAUSTED, Retry.AFTER, Actor.VENDOR,
        "短时间内请求过于频繁。",
        "Too many requests in a short time.",
        "SDK会按给定的时间稍后自动重试;经常出现时,请让软件商检查收银程序是否在重复查询。",
        "The SDK tries again after the given delay; if it happens often, have the till's program checked.",
    ),
    Reason.AUTHORITY_UNAVAILABLE: _unrecorded(
        Code.UNAVAILABLE, Retry.YES, Actor.OPERATOR,
        "医保中心暂时联系不上,没有扣款。",
        "The authority cannot be reached now; nothing was charged.",
        "请稍后重试;持续出现时请联系网关运营方。",
        "Try again shortly; if it goes on, tell the gateway's operator.",
    ),
    Reason.CREDENTIAL_SERVICE_UNAVAILABLE: _unrecorded(
        Code.UNAVAILABLE, Retry.AFTER, Actor.OPERATOR,
        "医保电子凭证服务暂时没有应答,无法确认患者身份;没有扣款。",
        "The credential service does not answer, so it cannot be said who the patient is; "
        "nothing was charged.",
        "请稍后重试;持续出现时,可改用其他凭证,并联系网关运营方。",
        "Try again shortly; if it goes on, use another credential and tell the gateway's operator.",
    ),
    Reason.SHUTTING_DOWN: _unrecorded(
        Code.UNAVAILABLE, Retry.YES, Actor.OPERATOR,
        "网关正在停机。",
        "The gateway is shutting down.",
        "请稍后重试同一流水号。",
        "Try again shortly under the same request id.",
    ),
    Reason.STORE_UNAVAILABLE: _unrecorded(
        Code.UNAVAILABLE, Retry.YES, Actor.OPERATOR,
        "网关暂时无法写入数据库。",
        "The gateway cannot write to its database now.",
        "请稍后重试同一流水号。",
        "Try again shortly under the same request id.",
    ),
    Reason.NOT_SUPPORTED: _unrecorded(
        Code.UNIMPLEMENTED, Retry.NO, Actor.VENDOR,
        "本网关尚不支持该功能。",
        "This gateway does not offer this yet.",
        "请去掉该字段或调用。",
        "Leave out the field or the call that is named.",
    ),
    Reason.INTERNAL_ERROR: _unrecorded(
        Code.INTERNAL, Retry.NO, Actor.OPERATOR,
        "网关内部错误。",
        "The gateway failed.",
        "请勿重复收费,用原流水号查询结果,并把流水号告知运营方。",
        "Do not charge again: look the sale up by its id, and give that id to the operator.",
    ),
    Reason.SALE_NOT_FOUND: _unrecorded(
        Code.NOT_FOUND, Retry.NO, Actor.CASHIER,
        "没有这笔业务的记录;不等于失败。",
        "No sale is recorded under this id; that does not mean it failed.",
        "请核对流水号;无误的,先封存再下结论。",
        "Check the id; if it is right, seal it before you conclude anything.",
    ),
    Reason.RECOVERING: _unrecorded(
        Code.UNAVAILABLE, Retry.AFTER, Actor.STORE,
        "网关刚从备份恢复,正在与收银机核对;核对完成前,这笔业务不能下结论,也不能撤销或退货。",
        "The gateway was restored from a backup and compares with the tills; until then it neither says how "
        "this sale stands nor undoes it.",
        "请勿重复收费、退款,也不要当作失败;请在该票号所属的收银机和所列(awaited)的收银机上执行 "
        "medsettle recover,然后再试;仍未解决时联系运营方。",
        "Neither charge nor pay back again, nor call it failed: run medsettle recover at the ticket's own "
        "till and at those that are named (awaited), then try again; if it stays so, call the operator.",
    ),
    Reason.EVIDENCE_INVALID: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.VENDOR,
        "出示的应答不是本网关签发的。",
        "The answer that was shown is not one that this gateway signed.",
        "请按收到时的原样出示,并核对网关编号。",
        "Show it exactly as it came, and check the gateway's id.",
    ),
    Reason.REQUEST_ID_REUSED: _unrecorded(
        Code.ALREADY_EXISTS, Retry.NO, Actor.VENDOR,
        "同一流水号已用于另一笔内容不同的业务。",
        "This request id stands for a sale with other content.",
        "请为新业务使用新的票号。",
        "Use a new ticket number for a new sale.",
    ),
    Reason.TENDER_MISMATCH: _unrecorded(
        Code.INVALID_ARGUMENT, Retry.NO, Actor.CASHIER,
        "收款合计与现金部分不符。",
        "The tenders do not add up to the cash part.",
        "请核对收款方式和金额后再确认。",
        "Correct the tenders, then confirm again.",
    ),
    Reason.REVERSE_TOO_LATE: _unrecorded(
        Code.FAILED_PRECONDITION, Retry.NO, Actor.OPERATOR,
        "已过收银机可撤销的期限。",
        "The time in which a till may reverse is over.",
        "请联系网关运营方,由两人办理。",
        "Ask the operator: two people can reverse it.",
    ),
    Reason.LATER_SALE_EXISTS: _unrecorded(
        Code.FAILED_PRECONDITION, Retry.AFTER, Actor.CASHIER,
        "本地区要求先撤销较晚的结算。",
        "This region reverses the latest sale first.",
        "请先撤销所列的较晚结算。",
        "Reverse the later sale that is named first.",
    ),
}

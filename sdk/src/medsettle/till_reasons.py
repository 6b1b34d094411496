"""Reasons of the till's own, beside those of the contract: what went wrong before or after the wire.

Same form as ``wire.reasons``: a sentence for the screen and the next step, in Chinese and English.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class TillReason(StrEnum):
    """Why the till itself stops or does not know. Never sent."""

    GATEWAY_AWAY = "GATEWAY_AWAY"
    ANSWER_UNVERIFIED = "ANSWER_UNVERIFIED"
    ANSWER_UNREADABLE = "ANSWER_UNREADABLE"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    JOURNAL_FULL = "JOURNAL_FULL"
    JOURNAL_DAMAGED = "JOURNAL_DAMAGED"
    JOURNAL_LOCKED = "JOURNAL_LOCKED"
    JOURNAL_UNAVAILABLE = "JOURNAL_UNAVAILABLE"
    JOURNAL_TOO_NEW = "JOURNAL_TOO_NEW"
    TOO_MANY_OPEN = "TOO_MANY_OPEN"
    NUMBERS_UNKNOWN = "NUMBERS_UNKNOWN"
    CONFIG_MISSING = "CONFIG_MISSING"
    CONFIG_INVALID = "CONFIG_INVALID"
    KEY_UNREADABLE = "KEY_UNREADABLE"
    ROOT_MISMATCH = "ROOT_MISMATCH"
    USED_AFTER_FORK = "USED_AFTER_FORK"
    TILL_CLOSED = "TILL_CLOSED"
    TICKET_BUSY = "TICKET_BUSY"
    TICKET_REUSED = "TICKET_REUSED"
    REFUND_FIRST = "REFUND_FIRST"
    TICKET_INVALID = "TICKET_INVALID"
    TEXT_NOT_UTF8 = "TEXT_NOT_UTF8"
    ATTEMPTS_USED_UP = "ATTEMPTS_USED_UP"
    SALE_UNKNOWN = "SALE_UNKNOWN"
    PAID_SALE_LOST = "PAID_SALE_LOST"
    STEP_NOT_ALLOWED = "STEP_NOT_ALLOWED"
    NOTHING_DUE = "NOTHING_DUE"
    SPLIT_NOT_AS_SHOWN = "SPLIT_NOT_AS_SHOWN"
    PATIENT_DECLINED = "PATIENT_DECLINED"
    WARNING_NOT_ACCEPTED = "WARNING_NOT_ACCEPTED"
    CASH_NOT_COLLECTED = "CASH_NOT_COLLECTED"
    CASH_NOT_KNOWN = "CASH_NOT_KNOWN"
    TILL_FAILED = "TILL_FAILED"


@dataclass(frozen=True, slots=True)
class TillText:
    """What a reason of the till means, and what to do next."""

    zh: str
    en: str
    next_zh: str
    next_en: str


_ENROL_AGAIN: Final = (
    "请向运营方索取注册码并重新注册终端。",
    "Ask the operator for a code and enrol the terminal again.",
)

TILL_REASONS: Final[dict[TillReason, TillText]] = {
    TillReason.GATEWAY_AWAY: TillText(
        "连不上结算网关。", "The gateway cannot be reached.",
        "请检查网络和网关地址后再试;未了结的业务会保留。",
        "Check the network and the gateway's address, then try again; open sales are kept.",
    ),
    TillReason.ANSWER_UNVERIFIED: TillText(
        "网关的回答没有通过签名验证,不予采信。",
        "The gateway's answer did not pass its signature check and counts as none.",
        "请勿重复收费;核对网关地址和运营方根公钥,再查询结果。",
        "Do not charge again: check the gateway's address and the operator's root key, then recover.",
    ),
    TillReason.ANSWER_UNREADABLE: TillText(
        "网关的回答无法解析,不予采信。", "The gateway's answer could not be read and counts as none.",
        "请勿重复收费;升级SDK后再查询结果。", "Do not charge again: update the SDK, then recover.",
    ),
    TillReason.OUTCOME_UNKNOWN: TillText(
        "这笔业务的结果还不知道。", "The outcome of this sale is not known yet.",
        "请勿重复收费,也不要当作失败;稍后执行 medsettle recover。",
        "Neither charge again nor call it failed: run medsettle recover shortly.",
    ),
    TillReason.JOURNAL_FULL: TillText(
        "磁盘已满,写不进收银日志,没有发出任何请求。",
        "The disk is full and the journal cannot be written; nothing was sent.",
        "请清理磁盘空间后再结算。", "Free some disk space, then settle again.",
    ),
    TillReason.JOURNAL_DAMAGED: TillText(
        "收银日志已损坏,停止结算。", "The till's journal is damaged; no money moves.",
        "请保留该文件并联系供应商;恢复前用医保以外的方式收款。",
        "Keep the file and call your vendor; until then sell without insurance.",
    ),
    TillReason.JOURNAL_LOCKED: TillText(
        "收银日志正被另一个程序使用。", "Another process is using this till's journal.",
        "请关闭另一个收银程序后再试。", "Close the other till program, then try again.",
    ),
    TillReason.JOURNAL_UNAVAILABLE: TillText(
        "收银日志无法读写。", "The till's journal cannot be read or written.",
        "请检查文件路径、权限和磁盘。", "Check the file's path, its permissions and the disk.",
    ),
    TillReason.JOURNAL_TOO_NEW: TillText(
        "收银日志由更新版本的SDK写成。", "The journal was written by a newer SDK.",
        "请升级SDK,不要降级使用。", "Update the SDK; do not go back to an older one.",
    ),
    TillReason.TOO_MANY_OPEN: TillText(
        "未了结的业务太多,暂停新的结算。", "Too many sales are open; no new one is started.",
        "请先执行 medsettle recover。", "Run medsettle recover first.",
    ),
    TillReason.NUMBERS_UNKNOWN: TillText(
        "收银日志是新的,本机今天用过哪些票号须问网关,但现在问不到。",
        "The journal is new, and the gateway, which knows this till's ticket numbers, cannot be asked.",
        "请恢复网络后再试,或自行给出今天没有用过的票号。",
        "Try again once the line is back, or give a ticket number yourself that was not used today.",
    ),
    TillReason.CONFIG_MISSING: TillText(
        "没有收银配置文件。", "There is no configuration of a till.",
        "请先注册本机(medsettle enrol);已注册的,请到该文件所在的目录执行,或用 --config 指明。",
        "Enrol this till first (medsettle enrol); if it is enrolled, go to the folder of that file, or name "
        "it with --config.",
    ),
    TillReason.CONFIG_INVALID: TillText(
        "收银配置不正确。", "The till's configuration is not valid.",
        "请按所指的项改正。", "Correct the key that is named.",
    ),
    TillReason.KEY_UNREADABLE: TillText(
        "终端密钥文件无法使用。", "The terminal's key file cannot be used.", *_ENROL_AGAIN,
    ),
    TillReason.ROOT_MISMATCH: TillText(
        "对方不是发出注册码的网关。", "This is not the gateway that the enrolment code is of.",
        "请停止注册,并与运营方核对网关地址和注册码。",
        "Stop, and check the gateway's address and the code with the operator.",
    ),
    TillReason.USED_AFTER_FORK: TillText(
        "收银对象不能在派生的子进程中使用。", "A till cannot be used in a forked process.",
        "请在子进程中重新打开。", "Open a till of its own in the new process, with a journal of its own.",
    ),
    TillReason.TILL_CLOSED: TillText(
        "收银对象已关闭。", "The till is closed.", "请重新打开。", "Open it again.",
    ),
    TillReason.TICKET_BUSY: TillText(
        "这张小票正在结算。", "This ticket is being settled right now.",
        "请等待第一次操作结束。", "Wait until the first click has ended.",
    ),
    TillReason.TICKET_REUSED: TillText(
        "这个票号已用于另一笔业务:患者、凭证、商品或金额不同。",
        "This ticket number stands for another sale: another patient, credential, goods or amounts.",
        "另一笔业务请换一个新的票号。", "Use a new ticket number for another sale.",
    ),
    TillReason.REFUND_FIRST: TillText(
        "这张小票前一次的现金还没有退清。",
        "Cash of an earlier attempt of this ticket is not given back yet.",
        "请先退清并登记(medsettle refunded),再重新结算;不要再收款。",
        "Give it back and write it down (medsettle refunded); collect nothing before that.",
    ),
    TillReason.TICKET_INVALID: TillText(
        "票号或流水号格式不正确。", "The ticket number or request id is not well formed.",
        "票号为1至9位数字,不能全为0;流水号为 机构-收银机-日期-票号-尝试序号。",
        "A number is 1 to 9 digits, not all 0; an id is institution-till-yyyymmdd-number-attempt.",
    ),
    TillReason.TEXT_NOT_UTF8: TillText(
        "内容不是有效的UTF-8文本。", "A text is not valid UTF-8.",
        "请把扫码枪、键盘或上级程序设为UTF-8后重试。",
        "Set the scanner, or the program that passes the text, to UTF-8 and try again.",
    ),
    TillReason.ATTEMPTS_USED_UP: TillText(
        "这张小票的尝试次数已用完。", "All attempts of this ticket are used up.",
        "请换一个新的票号。", "Use a new ticket number.",
    ),
    TillReason.SALE_UNKNOWN: TillText(
        "本机日志中没有这笔业务。", "This till's journal does not hold this sale.",
        "请核对流水号,或用 medsettle status 查询;退还现金只能在收款的收银机上登记。",
        "Check the id, or look it up with medsettle status; cash that goes back is written down at the till "
        "that took it.",
    ),
    TillReason.PAID_SALE_LOST: TillText(
        "网关曾签名确认这笔业务已支付,现在账上却没有。",
        "The gateway once signed this sale as paid; its books do not have it now.",
        "请保留小票和收银日志,不要重新结算,并联系网关运营方;现在是否退还患者现金,由店长决定并记录。",
        "Keep the receipt and the till's journal, do not sell it again, and call the gateway's operator. "
        "Whether the patient gets cash back now is the manager's to decide and to write down.",
    ),
    TillReason.STEP_NOT_ALLOWED: TillText(
        "这笔业务现在不能这样操作。", "The sale does not allow this step now.",
        "请先查询这笔业务的状态。", "Look at the sale's state first.",
    ),
    TillReason.NOTHING_DUE: TillText(
        "这笔业务没有应退给患者的现金。", "No cash of this sale is due to the patient.",
        "不用登记。退货退的现金登记在退货前的流水号下;已支付的业务要退款,请先撤销(medsettle reverse)"
        "或部分退货(medsettle return)。",
        "There is nothing to write down. Cash of a return is written down under the id of the sale before "
        "it; to pay back a sale that is paid, first reverse it (medsettle reverse) or take goods back "
        "(medsettle return).",
    ),
    TillReason.SPLIT_NOT_AS_SHOWN: TillText(
        "网关按与给患者看过的不同的金额结算,已要求撤销。",
        "The gateway charged another split than was shown; it is being undone.",
        "请退还已收现金,并把流水号告知网关运营方。",
        "Give back any cash, and give the request id to the gateway's operator.",
    ),
    TillReason.PATIENT_DECLINED: TillText(
        "患者没有同意这个金额。", "The amounts were declined.",
        "没有收取任何费用;可更改后重新结算。", "Nothing was charged; change the basket and start again.",
    ),
    TillReason.WARNING_NOT_ACCEPTED: TillText(
        "有预警没有确认,没有结算。", "A warning was not accepted, so nothing was settled.",
        "请更改商品,或核对后写明理由确认预警,再重新结算。",
        "Change the goods, or accept the warning with a reason once it is looked into, and start again.",
    ),
    TillReason.CASH_NOT_COLLECTED: TillText(
        "自付部分没有收到。", "The cash part was not collected.",
        "请换一种付款方式,并换下一个尝试序号重新结算。",
        "Choose another way to pay and settle the next attempt.",
    ),
    TillReason.CASH_NOT_KNOWN: TillText(
        "现金部分是否收到还不知道。", "Whether the cash part was collected is not known.",
        "请核对现金或支付记录,不要再次收取。",
        "Look into the drawer or the provider's record; do not collect again.",
    ),
    TillReason.TILL_FAILED: TillText(
        "收银程序内部出错。", "The till's program failed.",
        "请勿重复收费;把流水号告知供应商,稍后执行 medsettle recover。",
        "Do not charge again: give the id to your vendor, and run medsettle recover shortly.",
    ),
}

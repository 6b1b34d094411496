"""A day at a pharmacy: what the cashier asks, what the screen says, who pays.

A real gateway serves an invented town with rules of its own (``town/``); every call goes over the wire,
signed. It ends with 0 only if each scene came out as the town's rules say.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial

from medsettle.errors import MedsettleError
from medsettle.models import (
    AcceptedWarning,
    Advisory,
    Basket,
    Consent,
    Credential,
    CredentialKind,
    Eligibility,
    Line,
    Payer,
    PrescribedDrug,
    Prescription,
    PrescriptionKind,
    PrescriptionOrder,
    Proxy,
    RegisteredPrescription,
    Relation,
    SaleCard,
    Split,
)
from medsettle.receipt import yuan
from town.opened import CENTRE, OTHER_PHARMACY, PHARMACY, SHARES, Town, shares, town
from town.page import Page, ended, refused

WANG, LI, ZHAO, SUN, QIAN, WU, ZHENG = (f"21990000{number:02}" for number in (1, 2, 3, 4, 6, 8, 9))
SUSPENDED_PHYSICIAN, PHARMACIST = "D219901002", "Y219901001"
REMEDY = Line("ZA01BAG0045010100141", "1", "36.80")
METER = Line("C14010200252000000012", "1", "128.00")
POWDER = Line("Y900000000000000000001", "1", "198.00")
PAINKILLER = Line("XM01AEB181E006010100116", "1", "22.00")
ANTIBIOTIC = Line("XJ01CAA040E001010100128", "2", "14.00", days_supply=7)
AMLODIPINE = Line("XC08CAA129A001010100041", "1", "52.60", condition="hypertension", days_supply=28)
SON = Proxy(Relation.CHILD, "周小福", "21990119700302007X", "13900000000")
OLD_DRUG = Line("XJ01GBQ032B002010100230", "1", "10.00")
NO_DRUG = Line("X000000000000000000009", "1", "10.00")
ACCOUNTS_ONLY = "personal_account_only"


def over_the_counter(day: Town) -> SaleCard:
    """What a patient buys from her own account, and what no account may pay."""
    day.page.scene(
        "自费购药", "Over the counter",
        "王女士买感冒药、血压计和蛋白质粉。个人账户可付药品和器械,不付保健品。",
        "Ms Wang buys a cold remedy, a blood pressure meter and protein powder. Her account may",
        "pay for drugs and devices, never for wellness goods.",
    )
    till, who = day.till(PHARMACY), day.shows(WANG)
    day.page.sees(till.check_eligibility(who))
    card = day.sells(till, who, Basket((REMEDY, METER, POWDER), ACCOUNTS_ONLY))
    day.page.expect(SHARES, shares(card), "0.00 + 164.80 + 198.00")
    return card


def one_box_back(day: Town, sold: SaleCard) -> SaleCard:
    """Part of the goods comes back: what accounts paid goes back to them, and never as cash."""
    day.page.scene(
        "退回一盒", "One box comes back",
        "王女士退回蛋白质粉:退现金。血压计留下,账户不多付也不多退。",
        "Ms Wang brings the protein powder back, and gets its cash. What stays is settled anew, in one step.",
    )
    till, request_id = day.till(PHARMACY), sold.request_id or ""
    stay = [replace(REMEDY, line_id="1"), replace(METER, line_id="2")]
    quote = till.quote_return(request_id, stay)
    day.page.sees(quote)
    card = till.return_goods(till.next_number(), request_id, stay, expected=quote.split)
    day.page.sees(card)
    day.page.money("退还现金 cash given back", card.refund_due_fen, 198_00)
    till.cash_returned(request_id)
    return card


def line_by_line(day: Town) -> MedsettleError:
    """Codes that the catalogue does not have, or has no more, are named one by one."""
    day.page.scene(
        "编码逐行拒绝", "Refused line by line",
        "一单三行,两行的编码不能用:逐行说明,改好再结算,没有收费。",
        "Two of three lines have a code that cannot be sold. Each is named; nothing is charged.",
    )
    till, who = day.till(PHARMACY), day.shows(WANG)
    basket = Basket((REMEDY, NO_DRUG, OLD_DRUG), ACCOUNTS_ONLY)
    error = refused(lambda: till.quote(who, basket))
    day.page.sees(error)
    reasons = {each.line_id: each.reason for each in error.refusal.lines}
    day.page.expect("被拒的行 refused lines", reasons, {"2": "ITEM_UNKNOWN", "3": "ITEM_NOT_VALID"})
    return error


def family_account(day: Town) -> SaleCard:
    """A father's account pays for his daughter, as he agreed beforehand, up to his limit."""
    day.page.scene(
        "家庭共济", "A family account",
        "孙小姐没有个人账户。父亲事先授权她每年使用50元,其余付现金。",
        "Miss Sun has no account. Her father agreed beforehand to 50.00 a year for her; the rest is cash.",
    )
    till, who = day.till(PHARMACY), day.shows(SUN)
    found = till.check_eligibility(who)
    day.page.sees(found)
    own, fathers = found.accounts
    day.page.expect("她本人的账户 her own account", str(own.state), "NONE")
    day.page.money("父亲给她的额度 what is left of his limit", fathers.limit_left_fen or 0, 50_00)
    basket = Basket((REMEDY, PAINKILLER), ACCOUNTS_ONLY, payers=(Payer(fathers.account, Consent.STANDING),))
    card = day.sells(till, who, basket)
    day.page.expect(SHARES, shares(card), "0.00 + 50.00 + 8.80")
    return card


def chronic_refill(day: Town) -> tuple[Eligibility, SaleCard]:
    """A filed condition: where it holds, which drug is approved, what is left, and the refill."""
    day.page.scene(
        "慢病续方", "A chronic refill",
        "李女士备案了高血压,定点在卫生院和本店,核准氨氯地平。基金付70%,账户付其余。",
        "Ms Li's hypertension is filed, bound to the health centre and this pharmacy, for one approved drug.",
        "The fund pays 70 %, her account the rest.",
    )
    till, who = day.till(PHARMACY), day.shows(LI)
    found = till.check_eligibility(who, item_codes=(AMLODIPINE.item_code,))
    day.page.sees(found)
    (filing,) = found.filings
    day.page.expect("高血压备案 the filing holds", str(filing.answer), "YES")
    card = day.sells(till, who, Basket((AMLODIPINE,), "chronic_outpatient"))
    day.page.expect(SHARES, shares(card), "36.82 + 15.78 + 0.00")
    return found, card


def external_prescription(day: Town) -> tuple[SaleCard, SaleCard]:
    """Registered by the clinic, fetched here, reviewed by the pharmacist, dispensed in two parts."""
    day.page.scene(
        "外配处方", "An external prescription",
        "卫生院给赵先生开了4盒阿莫西林,三天内有效。本店调阅处方,药师审方后先配2盒;再要3盒超过剩余;",
        "最后配完余下的2盒。",
        "The health centre prescribed 4 boxes, valid for three days. This pharmacy fetches it; after the",
        "pharmacist's review 2 boxes are dispensed; 3 more are too many; then the 2 that are left.",
    )
    till, clinic = day.till(PHARMACY), day.till(CENTRE)
    drugs = (PrescribedDrug(ANTIBIOTIC.item_code, "4", days_supply=7),)
    order = PrescriptionOrder("RX-1001", "D219901001", day.today, day.today + timedelta(2), drugs)
    clinic.register_prescription(day.shows(ZHAO), order)
    (found,) = till.fetch_prescriptions(day.shows(ZHAO))
    day.page.prescription(found)
    boxes = partial(_of_prescription, found)
    error = refused(lambda: till.quote(day.shows(ZHAO), boxes("2")))
    day.page.sees(error)
    day.page.expect("审方之前 before the review", error.refusal.lines[0].reason, "PRESCRIPTION_NOT_REVIEWED")
    till.review_prescription(
        found.number, found.institution, pharmacist=PHARMACIST, approved=True, review_token=found.review_token
    )
    first = day.sells(till, day.shows(ZHAO), boxes("2"))
    error = refused(lambda: till.quote(day.shows(ZHAO), boxes("3")))
    day.page.sees(error)
    day.page.expect("再配3盒 3 boxes more", error.refusal.lines[0].reason, "PRESCRIPTION_QUANTITY_EXCEEDED")
    second = day.sells(till, day.shows(ZHAO), boxes("2"), acknowledgements=("POSSIBLE_DUPLICATE",))
    left = till.fetch_prescriptions(day.shows(ZHAO), number=found.number)
    day.page.expect("还可调配的处方 left to dispense", len(left), 0)
    return first, second


def too_early(day: Town) -> tuple[Eligibility, SaleCard, SaleCard]:
    """The same drug again while there is enough at home: a warning, accepted only with a reason."""
    day.page.scene(
        "提前续方", "A refill too early",
        "李女士刚买过28天的药,当天又来买:查询显示哪天可以再买,结算时预警。没有理由就不结算;",
        "核对后写明理由(出国三个月),可以结算,理由留底。",
        "Ms Li bought 28 days' supply and is back the same day. The check says from when she may buy again;",
        "without a reason the sale is not made; with one it is, and the reason is kept.",
    )
    till, who = day.till(PHARMACY), day.shows(LI)
    found = till.check_eligibility(who, item_codes=(AMLODIPINE.item_code,))
    day.page.sees(found)
    next_on = found.items[0].next_on
    day.page.expect("可再次购买 again from", str(next_on), str(day.today + timedelta(21)))
    again = Basket((AMLODIPINE,), "chronic_outpatient")
    overrule = {"acknowledgements": ("POSSIBLE_DUPLICATE",)}
    stopped = day.sells(till, who, again, accept=lambda _: (), **overrule)
    reason = stopped.refusal.reason if stopped.refusal else ""
    day.page.expect("没有理由 without a reason", reason, "WARNING_NOT_ACCEPTED")

    def accept(warnings: tuple[Advisory, ...]) -> tuple[AcceptedWarning, ...]:
        return tuple(AcceptedWarning(each.code, "出国三个月,提前取药") for each in warnings)

    card = day.sells(till, who, again, accept=accept, **overrule)
    day.page.expect("写明理由 with a reason", str(card.outcome), "PAID")
    return found, stopped, card


def sold_twice(day: Town) -> MedsettleError:
    """A pack has one traceability code, and is sold once: who has it next is told where and when it was."""
    day.page.scene(
        "追溯码已售出", "A pack that was sold already",
        "吴女士买的感冒药扫了追溯码。河西药房当天扫到同一个码:不能结算,并说明在哪里、何时售出。",
        "Ms Wu's remedy is sold with the code on its pack. The other pharmacy scans the same code: it is",
        "refused, and told where and when it was sold.",
    )
    pack = replace(REMEDY, traceability_codes=("83650210000012345678",))
    day.sells(day.till(PHARMACY), day.shows(WU), Basket((pack,), ACCOUNTS_ONLY))
    other = day.till(OTHER_PHARMACY)
    error = refused(lambda: other.quote(day.shows(WANG), Basket((pack,), ACCOUNTS_ONLY)))
    day.page.sees(error)
    (line,) = error.refusal.lines
    day.page.expect("原因 reason", (line.reason, line.details["institution"]), ("TRACE_CODE_SOLD", PHARMACY))
    return error


def _of_prescription(found: RegisteredPrescription, quantity: str) -> Basket:
    line = replace(ANTIBIOTIC, quantity=quantity, prescription_id="rx1")
    return Basket((line,), "general_outpatient", prescriptions=(found.named("rx1"),))


def suspended_prescriber(day: Town) -> MedsettleError:
    """What somebody prescribes who is suspended is not accepted."""
    day.page.scene(
        "被暂停的医师", "A suspended prescriber",
        "钱先生拿来一张外配处方。开方医师三天前被扣4分,暂停一个月:处方不予结算。",
        "Mr Qian brings a prescription. Its prescriber lost 4 points three days ago and is suspended for a",
        "month: it is not accepted.",
    )
    day.operator(
        "staff", "points", SUSPENDED_PHYSICIAN, "--deduct", "4", "--number", "KF-0001",
        "--on", str(day.today - timedelta(3)), "--reason", "超量开药", "--by", "演示镇医保中心",
    )
    paper = Prescription(
        "rx1", PrescriptionKind.EXTERNAL, "RX-PAPER-7", SUSPENDED_PHYSICIAN, CENTRE, day.today, PHARMACIST
    )
    basket = Basket((replace(ANTIBIOTIC, prescription_id="rx1"),), prescriptions=(paper,))
    error = refused(lambda: day.till(PHARMACY).quote(day.shows(QIAN), basket))
    day.page.sees(error)
    day.page.expect("原因 reason", error.reason, "PRESCRIBER_SUSPENDED")
    return error


def card_and_proxy(day: Town) -> SaleCard:
    """A son fetches the drugs of his old father, with the social card; who came is kept sealed."""
    day.page.scene(
        "社保卡与代办", "A social card, and a proxy",
        "周老伯不用手机,儿子带着他的社保卡来。登记代办人;患者仍是老伯,用老伯的账户。",
        "Old Mr Zhou has no telephone; his son brings his social card. Who came is kept, sealed. The patient",
        "and the account are still the father's.",
    )
    card_shown = Credential("YSB199400007", CredentialKind.SOCIAL_CARD)
    card = day.sells(day.till(PHARMACY), card_shown, Basket((PAINKILLER,), ACCOUNTS_ONLY), proxy=SON)
    day.page.expect(SHARES, shares(card), "0.00 + 22.00 + 0.00")
    day.page.expect("小票上的患者 the patient", card.sale.masked_name if card.sale else "", "周**")
    return card


def arrears(day: Town) -> Eligibility:
    """An employer that has not paid: benefits stop from the first month; the account is the patient's own."""
    day.page.scene(
        "单位欠费", "Arrears",
        "郑先生的单位从上月起欠费:待遇从欠费之月停止,三个月内补齐就恢复。",
        "Mr Zheng's employer is in arrears since last month: benefits stop from that month, and come back",
        "if all of it is paid within three months.",
    )
    found = day.till(PHARMACY).check_eligibility(day.shows(ZHENG))
    day.page.sees(found)
    reason = found.refusal.reason if found.refusal else ""
    day.page.expect("参保 covered", (str(found.covered), reason), ("NO", "COVER_IN_ARREARS"))
    return found


def end_of_day(day: Town) -> Split:
    """What the tills have settled adds up to what the books say of funds, accounts and cash."""
    day.page.scene(
        "日终核对", "End of the day",
        "两家药房清单上已结算的业务,按基金、账户、现金加总,与网关账簿逐项一致;没有未了结的业务。",
        "What both pharmacies settled adds up to the books, for funds, accounts and cash; nothing is open.",
    )
    funds_fen = accounts_fen = cash_fen = 0
    for till in (day.till(PHARMACY), day.till(OTHER_PHARMACY)):
        for sale in till.list_sales(states=("SETTLED",)):
            split = sale.split()
            funds_fen += sum(split.funds.values())
            accounts_fen += sum(split.accounts.values())
            cash_fen += split.cash_fen
            day.page.says(f"{sale.request_id}  {sale.masked_name:<4}{yuan(split.total_fen):>10}")
        day.page.expect(f"{till.config.institution_name} 未了结 still open", len(till.open_sales()), 0)
    books = day.gateway.books()
    day.page.money("基金 funds", funds_fen, sum(each["amount_fen"] for each in books["funds"]))
    day.page.money("账户 accounts", accounts_fen, day.opening_fen - books["accounts"]["balance_fen"])
    day.page.money("现金 cash", cash_fen, books["cash_fen"])
    day.page.expect("账簿平衡 the books balance", books["balanced"], expected=True)
    return Split(cash_fen, {"all": funds_fen}, {"all": accounts_fen})


def play(page: Page) -> None:
    """Plays the day."""
    with town(page) as day:
        sold = over_the_counter(day)
        one_box_back(day, sold)
        line_by_line(day)
        family_account(day)
        chronic_refill(day)
        too_early(day)
        external_prescription(day)
        suspended_prescriber(day)
        card_and_proxy(day)
        sold_twice(day)
        arrears(day)
        end_of_day(day)


if __name__ == "__main__":
    sys.exit(ended(Page(), play))

"""A day at a clinic: who may have which benefit here and today, and what the cashier says when not.

A real gateway serves an invented town with rules of its own (``town/``); every call goes over the wire,
signed. It ends with 0 only if each scene came out as the town's rules say.
"""

import sys
from dataclasses import replace
from datetime import timedelta

from medsettle.errors import MedsettleError
from medsettle.models import (
    Basket,
    Collect,
    Credential,
    Eligibility,
    Encounter,
    Line,
    PrescribedDrug,
    Prescription,
    PrescriptionKind,
    PrescriptionOrder,
    RegisteredPrescription,
    SaleCard,
    Tendered,
)
from town.opened import CENTRE, EAST_CLINIC, FIRST_AID, PHARMACY, SHARES, Town, shares, town
from town.page import Page, ended, refused

FENG, CHEN, CHU, WEI, JIANG, SHEN, HAN, YANG, ZHU, QIN = (f"21990000{number}" for number in range(10, 20))
SCAN = Line("002203020010000-220302001", "1", "180.00")
METFORMIN = Line("XA10BAE047A020010100105", "2", "29.00", condition="diabetes", days_supply=28)
ANTIBIOTIC = Line("XJ01CAA040E001010100128", "2", "14.00", days_supply=7)


def prescribed(prescriber: str, *lines: Line) -> Basket:
    """Returns what a physician of the clinic ordered, as general outpatient care."""
    own = Prescription("rx1", PrescriptionKind.OWN, "RX-0001", prescriber)
    ordered = tuple(replace(line, prescription_id="rx1") for line in lines)
    return Basket(ordered, "general_outpatient", prescriptions=(own,))


def ordered(day: Town, number: str, boxes: str) -> PrescriptionOrder:
    """Returns an external prescription of so many boxes, good for three days."""
    drugs = (PrescribedDrug(ANTIBIOTIC.item_code, boxes, days_supply=7, dosage="每日三次,每次两粒"),)
    return PrescriptionOrder(number, "D219901001", day.today, day.today + timedelta(2), drugs)


def own_prescription(day: Town) -> SaleCard:
    """What the clinic prescribes itself: the deductible first, then the fund's share."""
    day.page.scene(
        "本院处方", "The clinic's own prescription",
        "冯先生本年度第一次看病:208元符合政策,先自付起付标准100元,其余基金付60%。",
        "Mr Feng's first visit of the year: of 208.00 he bears 100.00 first; the fund pays 60 % of the rest.",
    )
    card = day.sells(day.till(CENTRE), day.shows(FENG), prescribed("D219901001", SCAN, ANTIBIOTIC))
    day.page.expect(SHARES, shares(card), "64.80 + 90.00 + 53.20")
    return card


def three_accounts(day: Town) -> dict[str, Eligibility]:
    """No account, an empty one and a frozen one are three answers."""
    day.page.scene(
        "没有账户、余额为零、已冻结", "No account, an empty one, a frozen one",
        "三位患者都不能用账户付款,但原因各不相同,屏幕分别说明。",
        "None of the three can pay by account, each for a reason of its own; the screen tells them apart.",
    )
    till, found = day.till(CENTRE), {}
    for name, member, state, balance_fen in (
        ("蒋", JIANG, "NONE", None), ("沈", SHEN, "ACTIVE", 0), ("卫", WEI, "FROZEN", 800_00),
    ):
        found[name] = till.check_eligibility(day.shows(member))
        (own,) = found[name].accounts
        day.page.expect(f"{name}:账户 account", (str(own.state), own.balance_fen), (state, balance_fen))
    return found


def registers(day: Town) -> tuple[RegisteredPrescription, MedsettleError]:
    """An external prescription is registered once under its number; a repeat gets the first answer."""
    day.page.scene(
        "登记外配处方", "Registering a prescription",
        "冯先生的药院内没有:医师开外配处方,登记到处方流转,签名留证。重复登记得到第一次的结果,",
        "同号不同内容不予登记。",
        "Mr Feng's drug is not kept here: the physician's prescription is registered, signed. A repeat gets",
        "the first answer; other content under the same number is refused.",
    )
    till, order = day.till(CENTRE), ordered(day, "RX-2001", "2")
    found = till.register_prescription(day.shows(FENG), order)
    day.page.prescription(found)
    again = till.register_prescription(day.shows(FENG), order)
    day.page.expect("重复登记,同一结果 a repeat is the same", again == found, expected=True)
    more = ordered(day, "RX-2001", "20")
    error = refused(lambda: till.register_prescription(day.shows(FENG), more))
    day.page.sees(error)
    day.page.expect("同号不同内容 other content", error.reason, "PRESCRIPTION_NUMBER_USED")
    return found, error


def given_back(day: Town) -> tuple[SaleCard, SaleCard, RegisteredPrescription]:
    """What a sale dispensed is given back to the prescription when the sale is reversed."""
    day.page.scene(
        "撤销退回处方", "A reversal gives the prescription back",
        "药房误把冯先生的处方整张配给了别的规格,当场撤销:处方恢复为可调配,各方的钱原路退回。",
        "The pharmacy dispensed it all, by mistake of the wrong pack. It reverses the sale at once: what was",
        "dispensed may be dispensed again, and each payer has its money back.",
    )
    pharmacy, order = day.till(PHARMACY), ordered(day, "RX-2002", "2")
    registered = day.till(CENTRE).register_prescription(day.shows(FENG), order)
    (shown,) = pharmacy.fetch_prescriptions(day.shows(FENG), number=registered.number)
    pharmacy.review_prescription(
        registered.number, registered.institution, pharmacist="Y219901001", approved=True,
        review_token=shown.review_token,
    )
    line = replace(ANTIBIOTIC, prescription_id="rx1")
    basket = Basket((line,), "general_outpatient", prescriptions=(registered.named("rx1"),))
    sold = day.sells(pharmacy, day.shows(FENG), basket)
    gone = pharmacy.fetch_prescriptions(day.shows(FENG), number="RX-2002")
    day.page.expect("配完后可调配 left after the sale", len(gone), 0)
    undone = pharmacy.reverse(sold.request_id or "", reason="拿错规格")
    day.page.sees(undone)
    (back,) = pharmacy.fetch_prescriptions(day.shows(FENG), number="RX-2002")
    day.page.prescription(back)
    day.page.expect("撤销后可调配 left after the reversal", back.drugs[0].left_quantity, "2")
    return sold, undone, back


def not_filed(day: Town) -> MedsettleError:
    """A chronic benefit needs its condition filed first."""
    day.page.scene(
        "病种未备案", "The condition is not filed",
        "陈女士要按慢特病开二甲双胍,但没有备案糖尿病:先备案,或按普通门诊。",
        "Ms Chen asks for metformin as chronic care, and her diabetes is not filed.",
    )
    basket = replace(prescribed("D219901001", METFORMIN), benefit="chronic_outpatient")
    error = refused(lambda: day.till(CENTRE).quote(day.shows(CHEN), basket))
    day.page.sees(error)
    day.page.expect("原因 reason", error.reason, "NOT_FILED")
    return error


def review_overdue(day: Town) -> Eligibility:
    """What was filed long ago is reviewed once a year; who missed it has the benefit no more."""
    day.page.scene(
        "年审逾期", "The yearly review is overdue",
        "褚女士的糖尿病备案已近三年,一直没有年审(每年6月至8月):待遇暂停,补办年审后恢复。",
        "Ms Chu's diabetes was filed almost three years ago and never reviewed: the benefit rests.",
    )
    found = day.till(CENTRE).check_eligibility(day.shows(CHU), benefit="chronic_outpatient")
    day.page.sees(found)
    (filing,) = found.filings
    reason = filing.refusal.reason if filing.refusal else ""
    day.page.expect("备案 filing", (str(filing.answer), reason), ("NO", "FILING_REVIEW_OVERDUE"))
    return found


def not_at_this_place(day: Town) -> Eligibility:
    """A place that is designated, but not for this benefit."""
    day.page.scene(
        "这里没有这项待遇", "Not at this place",
        "东街诊所是定点机构,但没有门诊统筹资格:请患者到有资格的机构,或用账户和现金。",
        "The clinic in East Street is designated, but not for outpatient pooling.",
    )
    found = day.till(EAST_CLINIC).check_eligibility(day.shows(YANG), benefit="general_outpatient")
    day.page.sees(found)
    (general,) = found.benefits
    day.page.expect("普通门诊统筹 general outpatient", str(general.answer), "NO")
    return found


def emergency(day: Town) -> SaleCard:
    """Rescue could not choose its place."""
    day.page.scene(
        "急救", "An emergency",
        "急救站不是定点机构,平时不能结算;急救抢救除外。",
        "The first-aid station is not designated and settles nothing, but for rescue.",
    )
    till, who = day.till(FIRST_AID), day.shows(YANG)
    error = refused(lambda: till.quote(who, prescribed("D219901003", SCAN)))
    day.page.sees(error)
    day.page.expect("平时 on an ordinary day", error.reason, "NOT_DESIGNATED")
    rescue = replace(prescribed("D219901003", SCAN), encounter=Encounter(emergency=True))
    card = day.sells(till, who, rescue)
    day.page.expect(SHARES, shares(card), "48.00 + 120.00 + 12.00")
    return card


def aid(day: Town) -> SaleCard:
    """Medical aid pays behind the pooled fund, for somebody with a certificate of this district."""
    day.page.scene(
        "医疗救助", "Medical aid",
        "韩女士是本区低保对象:基金之后,救助再付个人负担的80%。",
        "Ms Han has a certificate of this district: behind the fund, aid pays 80 % of what is left.",
    )
    card = day.sells(day.till(CENTRE), day.shows(HAN), prescribed("D219901001", SCAN))
    day.page.expect(SHARES, shares(card), "153.60 + 0.00 + 26.40")
    return card


def service_away(day: Town) -> tuple[Eligibility, Eligibility]:
    """Who somebody is cannot be said while the code service is away: that is no refusal."""
    day.page.scene(
        "凭证服务没有应答", "The code service is away",
        "杨先生出示本镇的城市码,码服务没有应答:显示“无法确定”,不是“不可以”。服务恢复后再查就有结果。",
        "Mr Yang shows the town's own code, whose service does not answer: it could not be determined,",
        "which is not a no. Once the service is back, the check answers.",
    )
    till, code = day.till(CENTRE), Credential("TOWN:7301", code_type="town")
    day.codes.fails("away")
    unknown = till.check_eligibility(code)
    day.page.sees(unknown)
    day.page.expect("参保 covered", str(unknown.covered), "COULD_NOT_BE_DETERMINED")
    day.codes.fails("none")
    known = till.check_eligibility(code)
    day.page.expect("服务恢复后 when it is back", (known.masked_name, str(known.covered)), ("杨*", "YES"))
    return unknown, known


def said_binds(day: Town) -> tuple[Eligibility, SaleCard, MedsettleError]:
    """What a check has said of a filing binds for the day: a change meanwhile is not the patient's."""
    day.page.scene(
        "说过的算数", "What was said binds",
        "查询时秦先生的糖尿病备案有效。还没结算,经办机构登记备案已于昨日终止:本次仍按查询时说的结算,",
        "差额不由患者承担;换一次查询,就不再有。",
        "The check says that Mr Qin's diabetes is filed. Before the sale the agency enters that the filing",
        "ended yesterday: the sale is still made as was said; the next check says no.",
    )
    till, who = day.till(CENTRE), day.shows(QIN)
    found = till.check_eligibility(who, benefit="chronic_outpatient")
    day.page.sees(found)
    day.page.expect("备案 the filing holds", str(found.filings[0].answer), "YES")
    ended = (
        "member_no,condition,from,to,institutions,drugs,filed_by\n"
        f"{QIN},diabetes,{day.today - timedelta(60)},{day.today - timedelta(1)},,,{CENTRE}\n"
    )
    day.enters("member filings chronic", ended)
    basket = replace(prescribed("D219901001", METFORMIN), benefit="chronic_outpatient")
    card = day.sells(till, who, basket)
    day.page.expect(SHARES, shares(card), "40.60 + 17.40 + 0.00")
    error = refused(lambda: till.quote(day.shows(QIN), basket))
    day.page.sees(error)
    day.page.expect("没有查询过的 without a check before", error.reason, "FILING_NOT_IN_FORCE")
    return found, card, error


def hold_and_confirm(day: Town) -> SaleCard:
    """The sale is held while the patient pays by telephone, then confirmed with what was paid."""
    day.page.scene(
        "预占与确认", "Held, paid, confirmed",
        "先预占,患者用手机付现金部分,再确认;确认前医保一分未动。",
        "Held first; the patient pays the cash part by telephone; then confirmed.",
    )
    till, who = day.till(CENTRE), day.shows(ZHU)
    basket = prescribed("D219901001", SCAN)
    quote = till.quote(who, basket)
    day.page.sees(quote)
    held = till.settle(
        till.next_number(), who, basket, expected=quote.split, collect=Collect.LATER,
        quote_token=quote.quote_token,
    )
    day.page.expect("预占 held", held.state, "HELD")
    card = till.confirm(held.request_id or "", (Tendered("wechat", quote.split.cash_fen, "4200002026"),))
    day.page.sees(card)
    day.page.expect(SHARES, shares(card), "48.00 + 50.00 + 82.00")
    return card


def play(page: Page) -> None:
    """Plays the day."""
    with town(page) as day:
        own_prescription(day)
        registers(day)
        given_back(day)
        not_filed(day)
        review_overdue(day)
        three_accounts(day)
        not_at_this_place(day)
        emergency(day)
        aid(day)
        service_away(day)
        said_binds(day)
        hold_and_confirm(day)


if __name__ == "__main__":
    sys.exit(ended(Page(), play))

"""The demo: a gateway with a small city, two tills, a day of sales, a crash, and the books.

Everything is real: processes, sockets, signed requests, a database file. Every amount is compared with
what the rules of Anshan (鞍政办发〔2022〕17号) say; the demo ends with 0 only if all of them held.
"""

import os
import sys
import textwrap
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import TextIOWrapper

from medsettle import (
    Basket,
    CashTender,
    Collect,
    Consent,
    Line,
    MedsettleError,
    Outcome,
    Payer,
    Quote,
    SaleCard,
    Till,
    TillConfig,
)
from medsettle.config import read_config
from medsettle.models import Eligibility, LegKind, Sale
from medsettle.receipt import render, verify_token, yuan
from medsettle.testing import Gateway, GatewayFailedError

CLINIC, PHARMACY = "H21030200001", "P21030200101"
ZHANG, ZHAO, LIU, HE, GAO, SUN = (f"21030000{number:02}" for number in (1, 4, 6, 9, 10, 12))
WIDTH = 76
FIRST_VISIT = Basket((
    Line("XR06AXL193A001010100011", "2", "34.00"),     # 氯雷他定片
    Line("XA02BCA205E002010100023", "1", "120.00"),    # 奥美拉唑肠溶胶囊
    Line("002501010150000-250101015", "1", "32.00"),   # 血常规
    Line("002203020010000-220302001", "1", "180.00"),  # 腹部彩色超声
    Line("002506010070000-250601007", "1", "100.00"),  # 幽门螺杆菌碳13呼气试验
))
PHARMACY_GOODS = (
    Line("ZA01BAG0045010100141", "1", "36.80"),    # 感冒灵颗粒
    Line("C14010100241000000011", "1", "128.00"),  # 血糖仪
    Line("C14020100263000000013", "5", "2.50"),    # 医用纱布块
    Line("Y900000000000000000001", "1", "198.00"),  # 蛋白质粉
    Line("Y900000000000000000002", "1", "59.00"),  # 运动健身手环
)
NEAR_THE_CAP = Basket((
    Line("XA10BAE047A020010100105", "2", "29.00"),    # 盐酸二甲双胍缓释片
    Line("002503010280000-250301028", "1", "42.00"),  # 糖化血红蛋白测定
))
COLD_REMEDY = Basket(PHARMACY_GOODS[:1], "personal_account_only")
EXAMINATION = Basket((Line("003109050010000-310905001", "1", "350.00"),))  # 胃镜检查


class WrongError(Exception):
    """Something is not as the rules say."""


@dataclass
class Page:
    """What is printed: titles, explanations, and figures that were checked."""

    coloured: bool
    step: str = "start"
    number: int = 0
    checked_count: int = 0

    def title(self, english: str, chinese: str, *sentences: str) -> None:
        """Begins a step."""
        self.number += 1
        self.step = f"{self.number}. {english}"
        head = f" {self.number}  {english}  {chinese} "
        print("\n" + self.paint(head + "─" * (WIDTH - columns_of(head)), "1;36"))
        for sentence in sentences:
            print(self.paint(f"    {sentence}", "2"))

    def expect(self, label: str, got: object, expected: object) -> None:
        """Prints a figure that is as expected. Raises WrongError for any other."""
        if got != expected:
            raise WrongError(f"{label}: {got}, but it should be {expected}")
        self.checked_count += 1
        shown = str(got)
        gap = " " * (WIDTH - 8 - columns_of(label) - columns_of(shown))
        print(f"    {label}{gap}{shown}  {self.paint('✓', '32')}")

    def money(self, label: str, got_fen: int, expected_fen: int) -> None:
        """Prints an amount that is as expected, in yuan. Raises WrongError for any other."""
        self.expect(label, yuan(got_fen), yuan(expected_fen))

    def split(self, sale: Sale, *, pooled_fen: int, account_fen: int, cash_fen: int) -> None:
        """Prints who pays what. Raises WrongError if that is not as expected."""
        self.money("pooled fund 统筹基金支付", sale.amount_of(LegKind.FUND), pooled_fen)
        self.money("personal or family account 个人账户支付", sale.amount_of(LegKind.ACCOUNT), account_fen)
        self.money("cash 现金支付", sale.amount_of(LegKind.CASH), cash_fen)

    def paper(self, text: str) -> None:
        """Prints a receipt."""
        print()
        for line in text.splitlines():
            print("      │ " + line + " " * (32 - columns_of(line)) + " │")

    def paint(self, text: str, colour: str) -> str:
        """Returns the text in a colour, where colours are wanted."""
        return f"\033[{colour}m{text}\033[0m" if self.coloured else text


@dataclass
class Day:
    """The gateway, the tills, and what was booked so far."""

    gateway: Gateway
    page: Page
    clinic: Till
    pharmacy: Till
    desk: TillConfig
    opening_fen: int
    first_visit: str = ""

    def shows(self, member: str) -> str:
        """Returns what a member's telephone shows: good for one sale."""
        return self.gateway.issue_credential(member)

    def sells(self, till: Till, member: str, basket: Basket, *, cash_fen: int) -> SaleCard:
        """Does a whole sale in which the cashier collects exactly so much cash."""

        def take(amount_fen: int) -> bool:
            self.page.money("cash handed over at the till 收现金", amount_fen, cash_fen)
            return True

        tender = CashTender(take, give_back=lambda _: False)
        return till.checkout(till.next_number(), self.shows(member), basket, show=bool, tender=tender)

    def quotes(self, till: Till, member: str, basket: Basket) -> tuple[str, Quote]:
        """Returns a credential and what the sale would cost."""
        credential = self.shows(member)
        return credential, till.quote(credential, basket)


def eligibility(day: Day) -> None:
    """A check before the first visit."""
    page = day.page
    page.title(
        "Eligibility check", "资格查询",
        "Mr Zhang shows his electronic credential (医保电子凭证) at a clinic. The till asks",
        "what he may have here, today; nothing is reserved, and the credential is not used up.",
    )
    found = day.clinic.check_eligibility(day.shows(ZHANG))
    page.expect("covered 参保", str(found.covered), "YES")
    page.expect("benefit 待遇: general outpatient pooling 普通门诊统筹", str(found.benefits[0].answer), "YES")
    page.money("deductible left this year 起付标准剩余", left_of(found, "deductible"), 300_00)
    page.money("annual cap left 年度限额剩余", left_of(found, "paid"), 3000_00)
    page.money("personal account 个人账户", balance_of(found, "self"), 1000_00)


def first_visit(day: Day) -> None:
    """The first visit of the year."""
    page = day.page
    page.title(
        "First visit of the year", "首次门诊",
        "500.00 yuan within policy (符合政策范围). He bears the deductible (起付标准) of 300.00 first;",
        "of the other 200.00 the pooled fund (统筹基金) pays 50 %. His account covers the rest.",
    )
    sale = paid(day.sells(day.clinic, ZHANG, FIRST_VISIT, cash_fen=0))
    day.first_visit = sale.request_id
    page.split(sale, pooled_fen=100_00, account_fen=400_00, cash_fen=0)
    page.paper(render(sale, institution_name=day.clinic.config.institution_name))
    facts = verify_token(sale.receipt_token, day.clinic.config.root_public_key)
    page.expect("signed token, checked offline 离线验签", facts.request_id, sale.request_id)


def family_account(day: Day) -> None:
    """A pharmacy basket with a relative's account, and goods that no account may pay."""
    page = day.page
    page.title(
        "A family account at a pharmacy", "家庭共济",
        "Miss Liu has no account of her own; her father's may pay for her drugs and devices, as he",
        "agreed beforehand. Protein powder and a fitness band no account may pay. The till holds",
        "(预占) first, collects the cash part, then confirms.",
    )
    found = day.pharmacy.check_eligibility(day.shows(LIU))
    own = next(account.state for account in found.accounts if account.owner == "self")
    page.expect("her own account 本人账户", str(own), "NONE")
    page.money("her father's account 父母账户", balance_of(found, "parent"), 150_00)
    fathers = next(account.account for account in found.accounts if account.owner == "parent")
    basket = Basket(PHARMACY_GOODS, "personal_account_only", payers=(Payer(fathers, Consent.STANDING),))
    sale = paid(day.sells(day.pharmacy, LIU, basket, cash_fen=284_30))
    breakdown = sale.settlements[0].breakdown
    page.money("accounts may pay for 账户可支付范围", breakdown.in_scope_fen, 177_30)
    page.money("no account may pay for 不可支付", breakdown.fully_self_paid_fen, 257_00)
    page.split(sale, pooled_fen=0, account_fen=150_00, cash_fen=284_30)


def annual_cap(day: Day) -> None:
    """The last room below the annual cap."""
    page = day.page
    page.title(
        "The last room below the annual cap", "年度最高支付限额",
        "The pooled fund has paid 2980.00 of 3000.00 for Mrs Zhao this year. Of 100.00 it would pay",
        "50.00; only 20.00 are left, and no other fund steps in. Her account is empty.",
    )
    sale = paid(day.sells(day.clinic, ZHAO, NEAR_THE_CAP, cash_fen=80_00))
    page.split(sale, pooled_fen=20_00, account_fen=0, cash_fen=80_00)
    found = day.clinic.check_eligibility(day.shows(ZHAO))
    page.money("annual cap left 年度限额剩余", left_of(found, "paid"), 0)


def double_click(day: Day) -> None:
    """Two clicks on the same ticket."""
    page = day.page
    page.title(
        "A double click", "重复点击",
        "The cashier presses 'settle' twice, at the same moment. One ticket (小票) is one sale.",
    )
    credential, quote = day.quotes(day.pharmacy, HE, COLD_REMEDY)
    number = day.pharmacy.next_number()

    def click(_: int) -> SaleCard:
        return day.pharmacy.settle(number, credential, COLD_REMEDY, expected=quote.split)

    with ThreadPoolExecutor(max_workers=2) as fingers:
        first, second = fingers.map(click, range(2))
    page.expect("both clicks say 两次都显示", f"{first.outcome}, {second.outcome}", "PAID, PAID")
    page.expect("of the same sale 同一笔业务", second.request_id, first.request_id)
    found = day.pharmacy.check_eligibility(day.shows(HE))
    page.money("her account was 100.00, and is now 账户余额", balance_of(found, "self"), 63_20)


def sealed_ticket(day: Day) -> None:
    """A Settle that arrives after its ticket was sealed."""
    page = day.page
    page.title(
        "A sealed ticket", "封存",
        "The line hangs: a sale is asked for, and nobody knows whether it arrived. The other desk",
        "seals (封存) the ticket: from now on it cannot become a sale. Then the line comes back.",
    )
    credential, quote = day.quotes(day.clinic, SUN, EXAMINATION)
    number = day.clinic.next_number()
    held = day.gateway.proxy.hold_requests()
    with ThreadPoolExecutor(max_workers=1) as till:
        late = till.submit(
            day.clinic.settle, number, credential, EXAMINATION, expected=quote.split, collect=Collect.LATER
        )
        held.wait()
        request_id = day.clinic.open_sales()[0].request_id or ""
        # The other desk has a line of its own to the gateway.
        with Till.open(replace(day.desk, address=day.gateway.direct_address)) as desk:
            page.expect("the desk seals it 封存", desk.seal(request_id).state, "SEALED")
        held.release()
        refused = refusal_of(late.result)
    page.expect("the late request is refused with 迟到的请求", refused.reason, "SEALED")
    page.expect("recorded, so a proof that nothing was charged 有记录", refused.recorded, expected=True)
    day.gateway.proxy.pass_through()


def lost_answer(day: Day) -> None:
    """The gateway dies between the request and the answer."""
    page = day.page
    page.title(
        "The lost answer", "应答丢失",
        "The gateway books the sale, and is killed (SIGKILL) before the answer reaches the till.",
        "The cash is in the drawer. Charge again? Give it back? The till says neither: OPEN.",
    )
    with Till.open(replace(day.desk, deadlines_ms={"Settle": 3_000, "Seal": 500})) as till:  # it is a demo
        credential, quote = day.quotes(till, GAO, EXAMINATION)
        page.money("cash in the drawer 已收现金", quote.split.cash_fen, 175_00)
        withheld = day.gateway.proxy.swallow_answer(then=day.gateway.kill)
        lost = refusal_of(lambda: till.settle("1", credential, EXAMINATION, expected=quote.split)).card
        withheld.wait()
    page.expect("the till says 收银机显示", str(lost.outcome) if lost else "", "OPEN")
    print("    to the cashier:", *textwrap.wrap(lost.next_en if lost else "", WIDTH - 6), sep="\n      ")
    day.gateway.restart()
    print("    Both are started again, on the same files. The till recovers (恢复), and it is PAID:")
    with Till.open(day.desk) as till:
        (card,) = till.recover()
        page.split(paid(card), pooled_fen=25_00, account_fen=150_00, cash_fen=175_00)
        page.expect("still open at the till 未了结", len(till.open_sales()), 0)


def reversal(day: Day) -> None:
    """Mr Zhang's first visit is undone."""
    page = day.page
    page.title(
        "A reversal", "撤销",
        "Mr Zhang's visit was entered for the wrong patient. Every part goes back where it came",
        "from, and his year is as it was: the deductible is due again.",
    )
    card = day.clinic.reverse(day.first_visit, reason="entered for the wrong patient")
    page.expect("the sale 业务状态", card.state, "REVERSED")
    found = day.clinic.check_eligibility(day.shows(ZHANG))
    page.money("personal account 个人账户", balance_of(found, "self"), 1000_00)
    page.money("deductible left this year 起付标准剩余", left_of(found, "deductible"), 300_00)
    page.money("annual cap left 年度限额剩余", left_of(found, "paid"), 3000_00)


def books(day: Day) -> None:
    """Every entry, every book."""
    page = day.page
    page.title(
        "The books", "账簿",
        "The ledger (复式记账) is added up from its first entry: in every entry the postings of each",
        "book sum to zero, and the balances are what the postings say.",
    )
    found = day.gateway.books()
    page.expect("every entry is balanced 每笔分录平衡", found["balanced"], expected=True)
    funds = ", ".join(f"{each['book']} {yuan(each['amount_fen'])}" for each in found["funds"])
    page.expect("funds 基金: 20.00 + 25.00", funds, "210300/employee/pooled 45.00")
    paid_fen = day.opening_fen - found["accounts"]["balance_fen"]
    page.money("accounts 个人账户: 150.00 + 36.80 + 150.00", paid_fen, 336_80)
    page.money("cash 现金: 284.30 + 80.00 + 175.00", found["cash_fen"], 539_30)
    page.money("reserved by holds 预占", found["accounts"]["held_fen"], 0)
    page.expect("open sales 未了结", len(found["open_sales"]), 0)


STEPS = (
    eligibility, first_visit, family_account, annual_cap, double_click, sealed_ticket, lost_answer,
    reversal, books,
)


def paid(card: SaleCard) -> Sale:
    """Returns the gateway's signed answer about a paid sale. Raises WrongError for any other."""
    if card.outcome is not Outcome.PAID or card.sale is None:
        raise WrongError(f"the sale is {card.outcome}, but it should be PAID ({card.refusal})")
    return card.sale


def refusal_of(call: Callable[[], SaleCard]) -> MedsettleError:
    """Returns the error of a call that cannot end well. Raises WrongError if it does."""
    try:
        card = call()
    except MedsettleError as error:
        return error
    raise WrongError(f"the sale is {card.outcome}, which nobody can know")


def left_of(found: Eligibility, measure: str) -> int:
    """Returns what is left of the year's deductible or cap, in fen."""
    remainders = found.benefits[0].remainders
    return next(each.left_fen or 0 for each in remainders if each.measure == measure)


def balance_of(found: Eligibility, owner: str) -> int:
    """Returns the balance of an owner's account, in fen."""
    return next(each.balance_fen or 0 for each in found.accounts if each.owner == owner)


def columns_of(text: str) -> int:
    """Returns how many columns a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def enrolled(gateway: Gateway, institution: str, till: str) -> TillConfig:
    """Returns the configuration of a till that has made a key and enrolled with a one-time code."""
    config = replace(read_config(gateway.enrol_till(institution, till)), operator="demo")
    print(f"    enrolled {config.terminal}  {config.institution_name}")
    return config


def run(page: Page) -> None:
    """Plays the day. Raises WrongError at the first thing that is not as it should be."""
    page.title(
        "A gateway, a city, two tills", "启动",
        "A gateway process with a SQLite database, and an invented city: members of each kind,",
        "two clinics, two pharmacies, a hospital. Two tills enrol, and a second desk at the clinic.",
    )
    with Gateway() as gateway:
        print(f"    gateway at {gateway.address}, data in {gateway.directory}")
        clinic, pharmacy, desk = (
            enrolled(gateway, *place) for place in ((CLINIC, "01"), (PHARMACY, "01"), (CLINIC, "02"))
        )
        with Till.open(clinic) as one, Till.open(pharmacy) as two:
            day = Day(gateway, page, one, two, desk, gateway.books()["accounts"]["balance_fen"])
            for step in STEPS:
                step(day)


def main() -> int:
    """Returns 0 if everything held, else 1."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    page = Page(coloured=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    began = time.monotonic()
    try:
        run(page)
    except (WrongError, MedsettleError, GatewayFailedError, TimeoutError) as error:
        print(page.paint(f"\nFAILED at step {page.step}: {error}", "1;31"))
        return 1
    spent = f"in {time.monotonic() - began:.1f} s"
    print(page.paint(f"\nAll {page.checked_count} checks held, {spent}. 全部符合预期。", "1;32"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A city with a county beside it, whose rules credit a fixed subsidy each year."""

from typing import Any

from medsettle.wire.states import SaleState
from medsettle_gateway.cli.frame import now
from medsettle_gateway.domain.calendar import business_on, day_of
from medsettle_gateway.domain.entry import Entry
from medsettle_gateway.ledger.postings import with_region
from medsettle_gateway.ledger.transition import moves_of_entry
from medsettle_gateway.storage.facts import write
from tests.gateway.cli.city import City

REGION = "990300"
PACK = """\
pack: subsidised
region: "990300"
title: {zh: 补助, en: subsidised}
authority: 试行
source: none
effective: {from: 2020-01-01, to: null}
status: illustrative
rounding: half_up
lines: {self_pay_first: [], ceilings: [], over_ceiling: difference, excluded: []}
benefits:
  outpatient:
    title: {zh: 门诊, en: outpatient}
    fund: pooled
    who: [{scheme: resident, clause: 一}]
    deductible: {period: none}
    ratio: {rows: [{ratio: "0.50", clause: 一}]}
    cap: {none: true, clause: 一}
    layers: {none: true, clause: 一}
layers: []
accounts:
  clause: 二
  enrolments: [pooled_and_account]
  pays: personal
  never: []
  owners: [self]
  subsidy:
    title: {zh: 门诊定额补助, en: fixed subsidy}
    credit: {period: year, rows: [CREDIT]}
    CARRIES
    closes:
      - {cause: moved_away, pays: self, documents: [身份证件, 户籍迁出证明], clause: 二十六}
      - {cause: deceased, pays: [heir, relative], documents: [死亡证明], by_agent: [授权书], clause: 二十七}
eligibility:
  institution: {designation: basic, clause: 三}
"""
BOTH = '{amount: "40.00", clause: 二}, {when: {standing: minor}, amount: "60.00", clause: 二}'
CARRIES = "carries_over: {clause: 二十五}"
YEAR = day_of(now()).year
MEMBERS = (
    "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
    "account_yuan,account_state"
)


def subsidised(city: City, credit: str = BOTH, carries: str = CARRIES) -> City:
    """The city with a subsidised county beside it: two who have the subsidy, and three who have none."""
    folder = city.folder / "packs"
    folder.mkdir(exist_ok=True)
    text = PACK.replace("CREDIT", credit).replace("CARRIES", carries)
    (folder / "subsidised.yaml").write_text(text, "utf-8")
    with city.config.open("a", encoding="utf-8") as file:
        file.write('\n[policy]\ndirectory = "packs"\n')
    rows = (
        person("S1", account="5.00,active"),
        person("S2", standing="minor"),
        person("S3", enrolment="pool_only"),
        person("S4", covered_to=f"{YEAR - 1}-12-31"),
        person("S5", scheme="employee", standing="active"),
    )
    city.run("member", "import", city.write("s.csv", MEMBERS, *rows))
    return city


def person(
    number: str, account: str = ",", scheme: str = "resident", standing: str = "adult",
    enrolment: str = "pooled_and_account", covered_to: str = "",
) -> str:
    return (
        f"{number},钱进,E1234567{number},{REGION},{scheme},{standing},{enrolment},none,,2010-01-01,{covered_to},{account}"
    )


def credited(city: City, year: int = YEAR, *more: str) -> Any:
    more = more or ("--yes",)
    return city.ask("account", "credit-subsidy", "--region", REGION, "--year", str(year), *more)


def stopped(city: City, year: int = YEAR, *more: str, region: str = REGION, exit_code: int = 1) -> str:
    """What is said where nothing is entered."""
    arguments = ("account", "credit-subsidy", "--region", region, "--year", str(year), *more)
    with city.untouched():
        return city.run(*arguments, exit_code=exit_code).stderr


def booked(city: City, number: str, took_fen: int, sale: str = "H-1-20260101-1-1", **changes: Any) -> None:
    """A sale takes money of a member's account, or what is negative comes back of it."""
    with city.gateway.writing() as connection:
        people = city.gateway.people(connection, "")
        ((account,),) = connection.execute(
            "SELECT account FROM accounts WHERE member = ?", (people.member_of(number),)
        )
        posted = with_region(account, REGION, "resident", "payable/H", -took_fen)
        kind = SaleState.SETTLED if took_fen > 0 else SaleState.REVERSED
        entry = Entry(kind.value, sale, people.now, business_on(people.now), "H-1", "li", "", posted, ())
        write(connection, city.gateway.sealer, moves_of_entry(entry))


def balances(city: City) -> list[int]:
    """In fen, of the county's accounts that are open, by amount."""
    query = "SELECT region, balance_fen FROM accounts JOIN members USING (member) WHERE state <> 'closed'"
    return sorted(fen for region, fen in city.rows(query) if region == REGION)

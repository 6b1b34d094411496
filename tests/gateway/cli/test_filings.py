"""Filings at the command line: chronic conditions, reviews, care elsewhere, special cases."""

import pytest

from medsettle_gateway.domain.keys import RecordsKey
from medsettle_gateway.domain.records import DatedRecord, Subject, known
from medsettle_gateway.eligibility.filings import filed_of
from medsettle_gateway.storage.facts import load
from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

CHRONIC = "member_no,condition,from,to,institutions,drugs,filed_by"
REVIEW = "member_no,condition,reviewed_on,result,institution"
AWAY = "member_no,kind,from,to,regions,institutions,issued_by"
LATE = "member_no,from,to,cause,author"
WANG = "2103000003"


def of(city: City, number: str) -> tuple[DatedRecord, ...]:
    gateway = city.gateway
    with gateway.reading() as connection:
        member = gateway.people(connection, "a test").member_of(number)
        key = RecordsKey(Subject.MEMBER.named(str(member)))
        return load(connection, gateway.sealer, [key]).of(key)


def test_what_is_filed_is_kept_as_the_file_says_it(city: City) -> None:
    for kind, header, row in (
        ("chronic", CHRONIC, f"{WANG},hypertension,2026-01-01,,H1;H2,XC08CAA129A001010100041,H3"),
        ("review", REVIEW, f"{WANG},hypertension,2026-06-10,passed,H1"),
        ("away", AWAY, f"{WANG},referral,2026-01-01,2026-12-31,210100;210200,,H1"),
        ("late-claim", LATE, f"{WANG},2026-01-01,2026-01-31,长期住院,王某"),
    ):
        path = city.write(f"{kind}.csv", header, row)
        assert city.ask("member", "filings", kind, path)[kind]["new_count"] == 1
    filed = filed_of(known(of(city, WANG)))
    (chronic,), (review,), (away,), (late,) = filed.chronic, filed.reviews, filed.away, filed.late_claims
    assert (chronic.fact.institutions, chronic.fact.drugs, chronic.fact.filed_by) == (
        ("H1", "H2"), ("XC08CAA129A001010100041",), "H3",
    )
    assert (review.fact.passed, str(review.first_on)) == (True, "2026-06-10")
    assert (away.fact.regions, away.fact.issued_by) == (("210100", "210200"), "H1")
    assert late.fact.cause == "长期住院"


def test_a_filing_is_corrected_by_a_row_of_the_same_first_day_and_both_stay_readable(city: City) -> None:
    row = f"{WANG},hypertension,2026-01-01,,H1,,"
    city.run("member", "filings", "chronic", city.write("c.csv", CHRONIC, row))
    changed = city.ask("member", "filings", "chronic", city.write("c.csv", CHRONIC, row.replace("H1", "H2")))
    assert changed["chronic"]["changed_count"] == 1
    records = [each for each in of(city, WANG) if each.kind == "chronic_filing"]
    assert len(records) == 2
    assert [each.fact.institutions for each in filed_of(known(records)).chronic] == [("H2",)]


def test_a_filing_that_never_held_is_withdrawn(city: City) -> None:
    row = f"{WANG},hypertension,2026-01-01,,,,"
    for withdrawn in ("no", "yes"):
        path = city.write("c.csv", f"{CHRONIC},withdrawn", f"{row},{withdrawn}")
        city.run("member", "filings", "chronic", path)
    assert filed_of(known(of(city, WANG))).chronic == ()


@pytest.mark.parametrize(
    ("kind", "header", "row", "en"),
    [
        ("chronic", CHRONIC, "9,hypertension,2026-01-01,,,,", "member_no: no member has this number"),
        ("chronic", CHRONIC, f"{WANG},asthma,2026-01-01,,H1;H2;H3,,", "institutions names 2 places at most"),
        ("chronic", CHRONIC, f"{WANG},Hypertension,2026-01-01,,,,", "condition must be a lower-case id"),
        ("review", REVIEW, f"{WANG},hypertension,2026-06-10,maybe,", "result must be one of passed, failed"),
        ("away", AWAY, f"{WANG},temporary,2026-01-01,,,,", "names neither regions nor institutions"),
        ("away", AWAY, f"{WANG},referral,2026-01-01,,210100,,", "issued_by of a referral names the hospital"),
        ("away", AWAY, f"{WANG},holiday,2026-01-01,,210100,,", "kind must be one of referral, long_term"),
        ("late-claim", LATE, f"{WANG},2026-02-01,2026-01-01,a,b", "to is before from"),
    ],
)
def test_a_row_that_does_not_fit_is_a_fault(city: City, kind: str, header: str, row: str, en: str) -> None:
    path = city.write("f.csv", header, row)
    with city.untouched():
        (fault,) = city.ask("member", "filings", kind, path, exit_code=1)["faults"]
    assert fault["en"].startswith(en)


def test_a_check_enters_nothing(city: City) -> None:
    path = city.write("c.csv", CHRONIC, f"{WANG},hypertension,2026-01-01,,,,")
    with city.untouched():
        assert city.ask("member", "filings", "chronic", path, "--check")["entered"] is False


def test_the_page_of_a_member_shows_what_is_filed_and_whether_it_is_in_force(city: City) -> None:
    row = f"{WANG},hypertension,2026-01-01,2026-06-30,H1;H2,,"
    city.run("member", "filings", "chronic", city.write("c.csv", CHRONIC, row))
    city.run("member", "filings", "away", city.write("a.csv", AWAY, f"{WANG},temporary,2026-01-01,,210100,,"))
    shown = city.ask("member", "show", WANG, "--on", "2026-07-01")["filings"]
    assert [(each["kind"], each["condition"], each["refusal"]) for each in shown] == [
        ("chronic", "hypertension", "FILING_NOT_IN_FORCE"), ("temporary", "", None),
    ]
    page = city.run("member", "show", WANG, "--on", "2026-06-30").stdout
    assert "2026-01-01 – 2026-06-30  H1, H2  有效 / in force" in page


def test_what_was_filed_later_is_not_shown_of_an_earlier_instant(city: City) -> None:
    row = f"{WANG},hypertension,2026-01-01,,,,"
    city.run("member", "filings", "chronic", city.write("c.csv", CHRONIC, row))
    before = city.ask("member", "show", WANG, "--known-at", "2020-01-01T00:00:00+08:00")
    assert before["filings"] == []


def test_a_condition_and_an_institution_that_nobody_knows_are_named_and_entered(city: City) -> None:
    rows = (f"{WANG},hypertensio,2026-01-01,,H404;H21030200001,,", f"{WANG},hypertension,2026-01-01,,,,")
    said = city.run("member", "filings", "chronic", city.write("c.csv", CHRONIC, *rows))
    assert "没有登记这些病种,请核对代码:hypertensio\n" in said.stderr
    assert "these institutions are not known here, look at the codes: H404\n" in said.stderr
    assert len(filed_of(known(of(city, WANG))).chronic) == 2


def test_what_is_known_is_entered_without_a_word(city: City) -> None:
    row = f"{WANG},hypertension,2026-06-10,passed,H21030200001"
    assert city.run("member", "filings", "review", city.write("r.csv", REVIEW, row)).stderr == ""


def test_care_elsewhere_is_shown_by_its_name(city: City) -> None:
    city.run("member", "filings", "away", city.write("a.csv", AWAY, f"{WANG},long_term,2026-01-01,,210100,,"))
    assert "异地长期居住 / long_term" in city.run("member", "show", WANG, "--on", "2026-06-10").stdout

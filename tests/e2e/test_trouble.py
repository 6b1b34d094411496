"""Bad input and trouble, as a till meets it: a reason, a sentence in both languages, the next step."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from medsettle.enrolment import Channel, enrol
from medsettle.errors import (
    ConfigError,
    GatewayAwayError,
    JournalDamagedError,
    MedsettleError,
    RefusedError,
    RequestError,
    TerminalNotReadyError,
)
from medsettle.models import Answer, Basket, Outcome, Payer
from medsettle.receipt import render_card
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.till_reasons import TillReason
from medsettle.wire.reasons import Reason
from medsettle.wire.signing import KeySigner
from medsettle_gateway.files.keys import load_keys
from medsettle_gateway.resolvers.demo import DemoIssuer
from tests.e2e.counter import (
    BASIC_CLINIC,
    CHEN,
    CLINIC,
    LIN,
    PHARMACY,
    RETIRED_DRUG,
    SCAN,
    WU,
    ZHANG,
    ZHENG,
    Drawer,
    SkewedClock,
    agree,
    enrolled,
    goods,
    sell,
    texts_of,
    visit,
)

pytestmark = pytest.mark.e2e

LINES_MAX = 3
REQUEST_BYTES = 4_096


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    settings = {"limits.basket_lines": str(LINES_MAX), "limits.request_bytes": str(REQUEST_BYTES)}
    with Gateway(settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def basic_clinic(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, BASIC_CLINIC)) as till:
        yield till


@pytest.fixture(scope="module")
def shown(gateway: Gateway) -> str:
    """A credential that quotes don't use up."""
    return gateway.issue_credential(ZHANG)


def assert_said(error: MedsettleError, reason: Reason | TillReason) -> None:
    """The reason is the expected one, and its texts came through unchanged, next step included."""
    assert error.reason == reason
    assert (error.zh, error.en, error.next_zh, error.next_en) == texts_of(reason)
    assert all(texts_of(reason))
    assert all(text in str(error) for text in texts_of(reason))


def expired(gateway: Gateway, member: str) -> str:
    """Returns what the gateway's own issuer made for a member an hour ago."""
    payload = gateway.issue_credential(member).split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    signer = load_keys(gateway.directory / "keys").issuer
    assert signer is not None
    issued_at = datetime.now(UTC) - timedelta(hours=1)
    return DemoIssuer(signer).issue("1", said["sub"], said["region"], issued_at, timedelta(minutes=5))


def test_a_credential_that_nobody_issued_is_not_recognised(clinic: Till) -> None:
    with pytest.raises(RefusedError) as caught:
        clinic.check_eligibility("MSD1.bm9ib2R5.c2lnbmVk")
    assert_said(caught.value, Reason.CREDENTIAL_INVALID)


def test_an_expired_credential_is_to_be_shown_again(gateway: Gateway, clinic: Till) -> None:
    with pytest.raises(RefusedError) as caught:
        clinic.quote(expired(gateway, ZHANG), visit("100.00"))
    assert_said(caught.value, Reason.CREDENTIAL_EXPIRED)


def test_a_refused_settle_is_recorded_and_leaves_the_cash_to_be_given_back(
    gateway: Gateway, clinic: Till, shown: str
) -> None:
    quote = clinic.quote(shown, visit("100.00"))
    old = expired(gateway, ZHANG)
    with pytest.raises(RefusedError) as caught:
        clinic.settle(clinic.next_number(), old, visit("100.00"), expected=quote.split)
    assert_said(caught.value, Reason.CREDENTIAL_EXPIRED)
    assert caught.value.recorded
    card = caught.value.card
    assert card is not None
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "REFUSED")
    assert texts_of(Reason.CREDENTIAL_EXPIRED)[0] in render_card(card, columns=48)


@pytest.mark.parametrize(("member", "reason"), [
    (WU, Reason.NOT_COVERED), (CHEN, Reason.NOT_FOR_SCHEME), (LIN, Reason.NOT_FOR_ENROLMENT),
])
def test_a_person_without_a_claim_is_told_which_fact_failed(
    gateway: Gateway, clinic: Till, member: str, reason: Reason
) -> None:
    basket = replace(visit("100.00"), benefit="general_outpatient")
    with pytest.raises(RefusedError) as caught:
        clinic.quote(gateway.issue_credential(member), basket)
    assert_said(caught.value, reason)


def test_eligibility_gives_the_reason_with_the_no(gateway: Gateway, clinic: Till) -> None:
    found = clinic.check_eligibility(gateway.issue_credential(LIN))
    answers = {benefit.benefit: benefit for benefit in found.benefits}
    refused = answers["general_outpatient"]
    assert (found.covered, refused.answer) == (Answer.YES, Answer.NO)
    assert refused.refusal is not None
    assert refused.refusal.reason == Reason.NOT_FOR_ENROLMENT


def test_a_frozen_account_does_not_pay(gateway: Gateway, clinic: Till) -> None:
    credential = gateway.issue_credential(ZHENG)
    account = clinic.check_eligibility(credential).accounts[0]
    with pytest.raises(RefusedError) as caught:
        clinic.quote(credential, replace(visit("100.00"), payers=(Payer(account.account),)))
    assert_said(caught.value, Reason.ACCOUNT_FROZEN)


def test_an_institution_without_the_designation_is_refused(basic_clinic: Till, shown: str) -> None:
    with pytest.raises(RefusedError) as caught:
        basic_clinic.quote(shown, replace(visit("100.00"), benefit="general_outpatient"))
    assert_said(caught.value, Reason.NOT_DESIGNATED)


def test_a_date_without_a_pack_is_refused(clinic: Till, shown: str) -> None:
    basket = replace(visit("100.00"), service_on=date(2022, 6, 1), late_reason="found in the drawer")
    with pytest.raises(RefusedError) as caught:
        clinic.quote(shown, basket)
    assert_said(caught.value, Reason.PACK_NOT_IN_FORCE)


def test_an_old_date_without_a_reason_is_refused(clinic: Till, shown: str) -> None:
    with pytest.raises(RefusedError) as caught:
        clinic.quote(shown, replace(visit("100.00"), service_on=date(2026, 1, 5)))
    assert_said(caught.value, Reason.SERVICE_DATE_INVALID)


@pytest.mark.parametrize(("basket", "reason"), [
    (Basket((replace(SCAN, item_code="XZ99XXX000000000000"),)), Reason.ITEM_UNKNOWN),
    (Basket((RETIRED_DRUG,)), Reason.ITEM_NOT_VALID),
    (replace(visit("100.00"), benefit="no_such_benefit"), Reason.BENEFIT_UNKNOWN),
    (replace(visit("100.00"), payers=(Payer("somebody-elses"),)), Reason.ACCOUNT_UNKNOWN),
])
def test_what_the_gateway_does_not_know_is_named(
    clinic: Till, shown: str, basket: Basket, reason: Reason
) -> None:
    with pytest.raises(RefusedError) as caught:
        clinic.quote(shown, basket)
    assert_said(caught.value, reason)


@pytest.mark.parametrize(("basket", "reason"), [
    (Basket((SCAN,) * 201), Reason.BASKET_TOO_LARGE),
    (Basket(()), Reason.FIELD_REQUIRED),
    (Basket((replace(SCAN, quantity="3", unit_price="33.335", amount_fen=10_000),)),
     Reason.LINE_AMOUNT_MISMATCH),
    (visit("-1.00"), Reason.FIELD_INVALID),
    (visit("1e5"), Reason.FIELD_INVALID),
    (visit("NaN"), Reason.FIELD_INVALID),
    (visit("1.0000001"), Reason.FIELD_INVALID),
    (visit("999999999"), Reason.AMOUNT_OUT_OF_RANGE),
    (Basket((replace(SCAN, quantity="0"),)), Reason.AMOUNT_OUT_OF_RANGE),
    (Basket((replace(SCAN, quantity="999999", unit_price="99999999"),)), Reason.AMOUNT_OUT_OF_RANGE),
])
def test_a_basket_that_cannot_be_right_stops_at_the_till(
    gateway: Gateway, clinic: Till, shown: str, basket: Basket, reason: Reason
) -> None:
    before = gateway.log
    with pytest.raises(RequestError) as caught:
        clinic.quote(shown, basket)
    assert_said(caught.value, reason)
    assert gateway.log == before


def test_a_basket_over_the_gateways_own_limit_is_refused_there(clinic: Till, shown: str) -> None:
    with pytest.raises(RequestError) as caught:
        clinic.quote(shown, Basket((SCAN,) * (LINES_MAX + 1)))
    assert_said(caught.value, Reason.BASKET_TOO_LARGE)


def test_a_request_over_the_gateways_own_limit_is_refused_there(clinic: Till, shown: str) -> None:
    long_codes = tuple(f"{number:064d}" for number in range(100))
    with pytest.raises(RequestError) as caught:
        clinic.quote(shown, Basket((replace(SCAN, traceability_codes=long_codes),)))
    assert_said(caught.value, Reason.REQUEST_TOO_LARGE)


def test_a_till_that_is_not_registered_is_told_to_enrol(
    gateway: Gateway, clinic: Till, shown: str, tmp_path: Path
) -> None:
    stranger = replace(clinic.config, terminal=f"{CLINIC}-99", journal=tmp_path / "stranger.journal")
    with Till.open(stranger) as till, pytest.raises(TerminalNotReadyError) as caught:
        till.check_eligibility(shown)
    assert_said(caught.value, Reason.TERMINAL_UNKNOWN)


def test_a_key_that_is_not_registered_is_told_to_enrol(clinic: Till, shown: str, tmp_path: Path) -> None:
    config = replace(clinic.config, journal=tmp_path / "other.journal")
    new = KeySigner.generate()
    with Till.open(config, signer=new) as till, pytest.raises(TerminalNotReadyError) as caught:
        till.check_eligibility(shown)
    assert_said(caught.value, Reason.KEY_UNKNOWN)


class Forger:
    """Claims a registered key and signs with another."""

    def __init__(self, claimed: KeySigner) -> None:
        self.key, self.suite, self.public_key = claimed.key, claimed.suite, claimed.public_key
        self._own = KeySigner.generate(claimed.suite)

    def sign(self, statement: bytes) -> bytes:
        return self._own.sign(statement)


def test_a_wrong_signature_is_refused(clinic: Till, shown: str, tmp_path: Path) -> None:
    claimed = KeySigner.from_pem(clinic.config.key_file.read_bytes())
    config = replace(clinic.config, journal=tmp_path / "forged.journal")
    with Till.open(config, signer=Forger(claimed)) as till, pytest.raises(TerminalNotReadyError) as caught:
        till.check_eligibility(shown)
    assert_said(caught.value, Reason.SIGNATURE_INVALID)


def test_a_code_is_good_for_one_enrolment(gateway: Gateway, tmp_path: Path) -> None:
    code = gateway.enrolment_code(PHARMACY, "08")
    channel = Channel(gateway.address, insecure=True)
    enrol(channel, code, f"{PHARMACY}-08", tmp_path / "first")
    with pytest.raises(TerminalNotReadyError) as caught:
        enrol(channel, code, f"{PHARMACY}-08", tmp_path / "second")
    assert_said(caught.value, Reason.ENROL_CODE_INVALID)
    assert not (tmp_path / "second" / "till.key").exists()


def test_a_gateway_that_is_not_the_codes_is_not_trusted(gateway: Gateway, tmp_path: Path) -> None:
    code, _, _ = gateway.enrolment_code(PHARMACY, "09").partition(".")
    channel = Channel(gateway.address, insecure=True)
    with pytest.raises(TerminalNotReadyError) as caught:
        enrol(channel, f"{code}.0123456789abcdef", f"{PHARMACY}-09", tmp_path)
    assert_said(caught.value, TillReason.ROOT_MISMATCH)


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_a_clock_off_by_an_hour_is_corrected_once_and_the_sale_goes_through(
    gateway: Gateway, pharmacy: Till, tmp_path: Path, off: timedelta
) -> None:
    config = replace(pharmacy.config, journal=tmp_path / "skewed.journal")
    with Till.open(config, clock=SkewedClock(off)) as till:
        number = "711" if off > timedelta() else "712"
        card = till.checkout(
            number, gateway.issue_credential(ZHANG), goods(replace(SCAN, unit_price=f"{number}.00")),
            show=agree, tender=Drawer().tender,
        )
        assert card.outcome is Outcome.PAID
        assert abs(till.clock_offset_ms + off // timedelta(milliseconds=1)) < 60_000


@pytest.mark.parametrize("fault", ["refuse", "black_hole"])
def test_a_gateway_that_is_away_is_said_to_be_and_nothing_is_open(
    gateway: Gateway, clinic: Till, shown: str, tmp_path: Path, fault: str
) -> None:
    config = replace(clinic.config, journal=tmp_path / "away.journal", deadlines_ms={"Quote": 400})
    play: Callable[[], None] = getattr(gateway.proxy, fault)
    play()
    try:
        with Till.open(config) as till:
            with pytest.raises(GatewayAwayError) as caught:
                till.quote(shown, visit("100.00"))
            assert_said(caught.value, TillReason.GATEWAY_AWAY)
            card = till.checkout("1", shown, visit("100.00"), show=agree, tender=Drawer().tender)
            assert (card.outcome, card.request_id) == (Outcome.NOT_PAID, None)
            assert till.open_sales() == ()
    finally:
        gateway.proxy.pass_through()


def test_a_damaged_journal_stops_the_till_before_money_moves(
    gateway: Gateway, tmp_path: Path
) -> None:
    config = enrolled(gateway, CLINIC, "31")
    with Till.open(config) as till:
        assert sell(gateway, till, ZHANG, visit("31.00")).outcome is Outcome.PAID
    held = bytearray(config.journal.read_bytes())
    held[4096:8192] = bytes(4096)
    config.journal.write_bytes(bytes(held))
    before = gateway.log
    with pytest.raises(JournalDamagedError) as caught:
        Till.open(config)
    assert_said(caught.value, TillReason.JOURNAL_DAMAGED)
    assert gateway.log == before


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of file sizes")
def test_a_journal_that_cannot_grow_stops_the_till_before_money_moves(gateway: Gateway) -> None:
    config = gateway.enrol_till(CLINIC, "32")
    with Till.open(config) as till:
        size = till.config.journal.stat().st_size
    code = """if True:
        import resource, sys
        from medsettle.cli.run import run
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
        sys.exit(run(sys.argv[2:]))
    """
    words = ["sell", f"{SCAN.item_code}@32.00", "--operator", "7", "--yes", "--config", str(config)]
    before = gateway.books()["sales"]
    ended = subprocess.run(
        [sys.executable, "-c", code, str(size), *words], input=gateway.issue_credential(ZHANG),
        capture_output=True, text=True, check=False, timeout=300, encoding="utf-8",
    )
    assert ended.returncode == 4
    assert any(reason in ended.stdout for reason in ("JOURNAL_FULL", "JOURNAL_UNAVAILABLE"))
    assert gateway.books()["sales"] == before


def test_a_missing_configuration_names_the_file_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Till.open(tmp_path / "till.toml")
    assert_said(caught.value, TillReason.CONFIG_MISSING)
    assert caught.value.details["file"] == str(tmp_path / "till.toml")
    assert "medsettle enrol" in str(caught.value)


def test_nothing_secret_is_in_the_gateways_log(gateway: Gateway, shown: str) -> None:
    assert shown not in gateway.log
    assert "210399198504120019" not in gateway.log
    assert "张伟" not in gateway.log

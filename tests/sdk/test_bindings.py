"""What a check has said goes along with the quote and the sale of the same credential, while it binds."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from medsettle._desk.bindings import BINDINGS_MAX, Bindings
from medsettle.errors import RequestError
from medsettle.models import Answer, Basket, Credential, CredentialKind, Eligibility, Split
from medsettle.till import Till
from medsettle.wire.v1 import settlement_pb2
from tests.sdk.counter import Drawer
from tests.sdk.counterpart import NOON, Counterpart, FakeClock

SHOWN = Split(4000, {"pooled": 8000})
OPERATOR = "7"


@pytest.fixture(autouse=True)
def binding(counterpart: Counterpart) -> None:
    counterpart.binds_s = 600


def quoted_with(counterpart: Counterpart) -> str | None:
    """The token of the last quote; None: it had none."""
    asked = settlement_pb2.QuoteRequest.FromString(counterpart.bodies[-1])
    return asked.eligibility_token if asked.HasField("eligibility_token") else None


def settled_with(counterpart: Counterpart) -> str | None:
    asked = settlement_pb2.SettleRequest.FromString(counterpart.bodies[counterpart.seen.index("Settle")])
    return asked.eligibility_token if asked.HasField("eligibility_token") else None


def test_a_quote_and_a_sale_of_the_credential_that_was_checked_bring_the_token(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    assert till.check_eligibility("scanned").eligibility_token == "said-1"
    till.quote("scanned", basket)
    assert quoted_with(counterpart) == "said-1"
    till.settle("1", "scanned", basket, expected=SHOWN, operator=OPERATOR)
    assert settled_with(counterpart) == "said-1"


def test_a_checkout_brings_it_by_itself(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    till.check_eligibility("scanned")
    till.checkout("1", "scanned", basket, show=bool, tender=Drawer().tender, operator=OPERATOR)
    assert settled_with(counterpart) == "said-1"


@pytest.mark.parametrize("other", [
    "another", Credential("scanned", CredentialKind.SOCIAL_CARD),
], ids=["another token", "a card with the same number"])
def test_what_was_said_of_one_credential_binds_no_other(
    till: Till, counterpart: Counterpart, basket: Basket, other: str | Credential
) -> None:
    till.check_eligibility("scanned")
    till.quote(other, basket)
    assert quoted_with(counterpart) is None


def test_it_ends_by_itself(till: Till, counterpart: Counterpart, clock: FakeClock, basket: Basket) -> None:
    till.check_eligibility("scanned")
    clock.move(599)
    till.quote("scanned", basket)
    assert quoted_with(counterpart) == "said-1"
    clock.move(2)
    till.quote("scanned", basket)
    assert quoted_with(counterpart) is None


def test_the_latest_check_counts(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    till.check_eligibility("scanned")
    till.check_eligibility("scanned")
    till.quote("scanned", basket)
    assert quoted_with(counterpart) == "said-2"


def test_a_check_that_could_say_nothing_ends_what_was_said_before(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    till.check_eligibility("scanned")
    counterpart.binds_s = 0
    till.check_eligibility("scanned")
    till.quote("scanned", basket)
    assert quoted_with(counterpart) is None


def test_what_was_said_of_another_day_is_not_sent_by_itself(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    found = till.check_eligibility("scanned", as_of=date(2026, 1, 1))
    till.quote("scanned", basket)
    assert quoted_with(counterpart) is None
    till.quote("scanned", basket, eligibility_token=found.eligibility_token)
    assert quoted_with(counterpart) == "said-1"


def test_a_token_that_is_given_goes_before_the_one_that_is_kept(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    till.check_eligibility("scanned")
    till.settle("1", "scanned", basket, expected=SHOWN, operator=OPERATOR, eligibility_token="given")
    assert settled_with(counterpart) == "given"


def test_a_token_of_a_wrong_kind_is_named_before_anything_is_written(till: Till, basket: Basket) -> None:
    with pytest.raises(RequestError, match="eligibility_token"):
        till.settle("1", "scanned", basket, expected=SHOWN, operator=OPERATOR, eligibility_token=7)  # type: ignore[arg-type]
    assert till.open_sales() == ()


def test_a_till_that_was_started_anew_remembers_nothing(
    open_till: Callable[[], Till], counterpart: Counterpart, basket: Basket
) -> None:
    open_till().check_eligibility("scanned")
    open_till().quote("scanned", basket)
    assert quoted_with(counterpart) is None


def test_no_file_of_the_till_has_it_and_no_repr_shows_it(
    till: Till, basket: Basket, tmp_path: Path
) -> None:
    found = till.check_eligibility("scanned-token")
    till.settle("1", "scanned-token", basket, expected=SHOWN, operator=OPERATOR)
    till.close()
    assert found.eligibility_token not in repr(found)
    for file in tmp_path.iterdir():
        assert b"said-1" not in file.read_bytes()
        assert b"scanned-token" not in file.read_bytes()


def test_more_patients_than_wait_at_a_till_are_forgotten_oldest_first() -> None:
    kept = Bindings(lambda credential: credential.token.encode())
    said = Eligibility(
        covered=Answer.YES, refusal=None, member="m", masked_name="张*", region="210300", scheme="employee",
        standing="active", enrolment="pool_only", benefits=(), accounts=(), advisories=(),
        binding_until=NOON, as_of=None, pack="p", eligibility_token="t",
    )
    for number in range(BINDINGS_MAX + 1):
        kept.keep(Credential(str(number)), said)
    before = NOON.replace(hour=0)
    assert kept.of(Credential("0"), before) is None
    assert kept.of(Credential("1"), before) == "t"

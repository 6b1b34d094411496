"""A rotation whose answer was lost locks no till out: the key that the gateway knows signs in the end."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medsettle._desk.keys import pending_file
from medsettle.cli.doctor import _key
from medsettle.credentials import read_key, write_key
from medsettle.errors import GatewayAwayError, TerminalNotReadyError
from medsettle.models import Basket, Outcome, Split
from medsettle.till import Till
from medsettle.wire import calls
from medsettle.wire.reasons import Reason
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart
from tests.sdk.faults import lost_after, lost_before, refused, unsigned
from tests.sdk.wires import DirectTransport, config_in

SHOWN = Split(4000, {"pooled": 8000})


@pytest.fixture
def opened(tmp_path: Path, counterpart: Counterpart) -> Callable[[], Till]:
    write_key(tmp_path / "till.key", TERMINAL_KEY)
    return lambda: Till.open(
        config_in(tmp_path), clock=counterpart.clock, transport=DirectTransport(counterpart)
    )


def rotation_without_answer(till: Till, counterpart: Counterpart) -> str:
    """Returns the key that the gateway knows and the till does not know to be known."""
    counterpart.fault("RotateKey", lost_after)
    with pytest.raises(GatewayAwayError):
        till.rotate_key()
    (new,) = counterpart.terminal_keys.keys() - {TERMINAL_KEY.key}
    return new


@pytest.mark.parametrize("restarted", [False, True])
def test_the_pending_key_takes_over_when_the_old_one_ends(
    opened: Callable[[], Till], counterpart: Counterpart, basket: Basket, restarted: bool
) -> None:
    with opened() as till:
        new = rotation_without_answer(till, counterpart)
        if not restarted:
            del counterpart.terminal_keys[TERMINAL_KEY.key]
            assert till.settle("1", "scanned", basket, expected=SHOWN).outcome is Outcome.PAID
    if restarted:
        del counterpart.terminal_keys[TERMINAL_KEY.key]
        with opened() as till:
            assert till.settle("1", "scanned", basket, expected=SHOWN).outcome is Outcome.PAID
    assert counterpart.seen[1:] == ["Settle", "Settle"]
    assert read_key(till.config.key_file).key == new
    assert not pending_file(till.config.key_file).exists()
    with opened() as till:
        assert till.probe().terminal_key == new


def test_a_key_is_kept_only_by_a_signed_answer(
    opened: Callable[[], Till], counterpart: Counterpart, basket: Basket
) -> None:
    with opened() as till:
        rotation_without_answer(till, counterpart)
        del counterpart.terminal_keys[TERMINAL_KEY.key]
        counterpart.fault("Quote", refused(Reason.KEY_UNKNOWN), unsigned)
        till.quote("scanned", basket)
        assert read_key(till.config.key_file).key == TERMINAL_KEY.key
        till.probe()
        assert read_key(till.config.key_file).key != TERMINAL_KEY.key


def test_a_pending_key_that_never_arrived_leaves_the_old_one_in_use(
    opened: Callable[[], Till], counterpart: Counterpart, basket: Basket
) -> None:
    with opened() as till:
        counterpart.fault("RotateKey", lost_before)
        with pytest.raises(GatewayAwayError):
            till.rotate_key()
        counterpart.fault("Quote", refused(Reason.KEY_NOT_ACTIVE))
        with pytest.raises(TerminalNotReadyError, match="KEY_UNKNOWN"):
            till.quote("scanned", basket)
        assert till.quote("scanned", basket).split == SHOWN
        assert till.probe().terminal_key == TERMINAL_KEY.key
        assert read_key(till.config.key_file).key == TERMINAL_KEY.key


@pytest.mark.parametrize("fault", [lost_before, lost_after])
def test_a_rotation_again_registers_the_same_key(
    opened: Callable[[], Till], counterpart: Counterpart, fault: Callable[..., object]
) -> None:
    with opened() as till:
        counterpart.fault("RotateKey", fault)  # type: ignore[arg-type]
        with pytest.raises(GatewayAwayError):
            till.rotate_key()
        waiting = read_key(pending_file(till.config.key_file)).key
        assert till.rotate_key().key == waiting
        assert read_key(till.config.key_file).key == waiting
        assert not pending_file(till.config.key_file).exists()


def test_a_till_without_a_pending_key_says_that_its_key_has_ended(
    opened: Callable[[], Till], counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.terminal_keys.clear()
    with opened() as till, pytest.raises(TerminalNotReadyError, match="KEY_UNKNOWN"):
        till.quote("scanned", basket)
    assert counterpart.seen == [calls.QUOTE.method]


def test_the_doctor_tells_of_a_rotation_without_an_answer(
    opened: Callable[[], Till], counterpart: Counterpart
) -> None:
    with opened() as till:
        rotation_without_answer(till, counterpart)
        assert "rotate_key()" in [check.next for check in _key(till.config)][-1]

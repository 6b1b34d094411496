"""What holds of every basket: a part of it is no worse than all of it, and no order of lines matters."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from medsettle_gateway.domain.basket import NO_CARE, LineKind
from medsettle_gateway.supervision.seen import Seen, SeenAccount, SeenLine
from medsettle_gateway.supervision.watch import found
from tests.gateway.supervision.counter import (
    DISTRICTS,
    EVERY,
    TODAY,
    before,
    emptied,
    line,
    not_medical,
    own_account,
    paid,
    sale,
)

NAMES = ("甲", "乙", "丙", "丁", "戊", "己")
CONDITIONS = ("hypertension", "diabetes")
supplies = st.one_of(st.none(), st.integers(1, 120))
prices = st.one_of(st.none(), st.integers(1, 50_000_000))
lines = st.builds(
    lambda name, **facts: line(0, name, **facts),
    st.sampled_from(NAMES),
    kind=st.sampled_from((LineKind.DRUG, LineKind.DRUG, LineKind.DEVICE, LineKind.DAILY_GOODS)),
    amount_fen=st.integers(0, 100_000),
    unit_price_micro=st.integers(0, 50_000_000),
    days_supply=supplies,
    condition=st.one_of(st.none(), st.sampled_from(CONDITIONS)),
    prescription=st.one_of(st.none(), st.sampled_from(("rx1", "rx2"))),
    guidance_micro=prices,
    standard_micro=prices,
)
earlier = st.builds(
    before,
    st.integers(0, 200), st.sampled_from(NAMES), supplies, st.integers(0, 90),
    institution=st.sampled_from((*DISTRICTS, "UNKNOWN")),
    visited=st.booleans(),
    accounts=st.lists(st.tuples(st.just("own"), st.integers(0, 50_000)), max_size=1).map(tuple),
)


@st.composite
def baskets(draw: st.DrawFn) -> Seen:
    """A basket of which the account pays what care costs, and what is no care where it pays for all."""
    bought = draw(st.lists(lines, max_size=8))
    numbered = tuple(each._replace(line_id=str(number)) for number, each in enumerate(bought, 1))
    facts: dict[str, Any] = {
        "history": tuple(draw(st.lists(earlier, max_size=6))),
        "conditions": draw(st.sampled_from(((), CONDITIONS[:1], CONDITIONS))),
        "proxied": draw(st.booleans()),
    }
    return paying(sale(*numbered, **facts), draw(st.integers(0, 300_000)))


def paying(seen: Seen, balance_fen: int) -> Seen:
    """The account pays for care as far as it goes, as every pack has it."""
    care_fen = sum(each.amount_fen for each in seen.lines if each.kind not in NO_CARE)
    paid_fen = min(balance_fen, care_fen)
    accounts = (SeenAccount("own", paid_fen, balance_fen),)
    return structs.replace(seen, accounts=accounts, covered_fen=paid_fen)


def part_of(seen: Seen, stays: set[int]) -> Seen:
    kept = tuple(each for index, each in enumerate(seen.lines) if index in stays)
    (account,) = seen.accounts
    return paying(structs.replace(seen, lines=kept), account.balance_fen)


@given(baskets(), st.sets(st.integers(0, 7)))
def test_a_rule_that_finds_nothing_in_a_basket_finds_nothing_in_a_part_of_it(
    seen: Seen, stays: set[int]
) -> None:
    whole = {each.code for each in found(seen, EVERY)}
    part = {each.code for each in found(part_of(seen, stays), EVERY)}
    assert part <= whole


@given(baskets(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(seen: Seen, chance: Any) -> None:
    shuffled = list(seen.lines)
    chance.shuffle(shuffled)
    other = structs.replace(seen, lines=tuple(shuffled))

    def told(of: Seen) -> list[tuple[str, frozenset[str]]]:
        return [(each.code, frozenset(each.line_ids)) for each in found(of, EVERY)]

    assert told(other) == told(seen)


@given(baskets())
def test_findings_name_lines_of_the_basket_once_each_and_read_in_both_languages(seen: Seen) -> None:
    known = {each.line_id for each in seen.lines}
    for finding in found(seen, EVERY):
        assert set(finding.line_ids) <= known
        assert len(set(finding.line_ids)) == len(finding.line_ids)
        assert finding.zh.startswith(f"{finding.code.lower()}规则:")
        assert finding.en.startswith(f"rule {finding.code.lower()}: ")
        assert len(finding.zh) + len(finding.en) < 400


@given(baskets())
def test_what_packs_let_accounts_pay_is_never_called_goods_that_are_no_care(seen: Seen) -> None:
    assert found(seen, (not_medical(),)) == ()


@given(st.integers(0, 100_000), st.integers(0, 100_000), st.integers(0, 100_000))
def test_an_account_that_keeps_half_is_not_emptied(first: int, second: int, third: int) -> None:
    taken = first + second + third
    seen = sale(
        line(), history=(paid(2, first), paid(1, second)), **own_account(third, taken + third)
    )
    assert found(seen, (emptied(),)) == ()


@given(st.lists(lines, max_size=6))
def test_without_days_conditions_and_prices_nothing_is_guessed(bought: list[SeenLine]) -> None:
    bare = tuple(
        each._replace(
            line_id=str(number), days_supply=None, condition=None, prescription=None, guidance_micro=None,
            standard_micro=None, on=TODAY + timedelta(days=0),
        )
        for number, each in enumerate(bought, 1)
    )
    assert found(sale(*bare), EVERY) == ()

"""Token buckets: never more than the burst at once, never more than the rate in the long run, and no name
is forgotten while it owes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medsettle_gateway.rpc.buckets import Buckets

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
rates = st.integers(1, 1_000_000)
bursts = st.integers(1, 50)
pauses_us = st.lists(st.one_of(st.just(0), st.integers(0, 3_000_000)), max_size=60)
MICROSECOND = timedelta(microseconds=1)


def instants(pauses: list[int]) -> list[datetime]:
    at, found = BEGIN, []
    for pause_us in pauses:
        at += timedelta(microseconds=pause_us)
        found.append(at)
    return found


def test_a_burst_is_let_through_and_the_next_one_waits_for_one_token() -> None:
    buckets = Buckets(per_s=4, burst=3, most_count=10)
    assert [buckets.spend("a", BEGIN) for _ in range(5)] == [0, 0, 0, 250, 250]
    later = BEGIN + timedelta(milliseconds=249)
    assert buckets.spend("a", later) == 1
    assert buckets.spend("a", later + timedelta(milliseconds=1)) == 0


def test_names_do_not_share_a_bucket() -> None:
    buckets = Buckets(per_s=1, burst=1, most_count=10)
    assert [buckets.spend(name, BEGIN) for name in "aab"] == [0, 1_000, 0]


def test_without_a_rate_everything_passes_and_nothing_is_remembered() -> None:
    buckets = Buckets(per_s=0, burst=1, most_count=10)
    assert {buckets.spend("a", BEGIN) for _ in range(100)} == {0}
    assert len(buckets) == 0


@given(rates, bursts, pauses_us)
def test_no_stretch_of_time_has_more_than_the_burst_and_the_rate(
    per_s: int, burst: int, pauses: list[int]
) -> None:
    buckets = Buckets(per_s, burst, most_count=10)
    passed = [at for at in instants(pauses) if not buckets.spend("a", at)]
    for first, begin in enumerate(passed):
        for last, end in enumerate(passed[first:], first):
            stretch_us = (end - begin) // MICROSECOND
            assert (last - first + 1 - burst) * 1_000_000 <= stretch_us * per_s


@given(rates, bursts, pauses_us)
def test_what_is_told_to_wait_passes_when_it_comes_back_and_not_a_millisecond_before(
    per_s: int, burst: int, pauses: list[int]
) -> None:
    buckets = Buckets(per_s, burst, most_count=10)
    for at in instants(pauses):
        wait_ms = buckets.spend("a", at)
        assert buckets.wait_ms("a", at) >= wait_ms
        if wait_ms:
            assert buckets.wait_ms("a", at + timedelta(milliseconds=wait_ms - 1)) == 1
            assert buckets.wait_ms("a", at + timedelta(milliseconds=wait_ms)) == 0
            return


@given(rates, bursts, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 300_000)), max_size=80))
def test_a_table_with_room_decides_like_one_bucket_a_name(
    per_s: int, burst: int, calls: list[tuple[int, int]]
) -> None:
    together = Buckets(per_s, burst, most_count=10)
    alone = {name: Buckets(per_s, burst, most_count=1) for name in range(10)}
    at = BEGIN
    for name, pause_us in calls:
        at += timedelta(microseconds=pause_us)
        assert together.spend(str(name), at) == alone[name].spend("it", at)


@given(st.integers(1, 5), st.lists(st.integers(0, 40), max_size=120))
def test_the_table_never_grows_beyond_its_bound(most: int, names: list[int]) -> None:
    buckets = Buckets(per_s=1, burst=2, most_count=most)
    for name in names:
        buckets.spend(str(name), BEGIN)
        assert len(buckets) <= most


def test_names_that_owe_nothing_are_forgotten_as_others_come() -> None:
    buckets = Buckets(per_s=10, burst=5, most_count=1_000)
    for number in range(500):
        buckets.spend(str(number), BEGIN + number * timedelta(seconds=1))
    assert len(buckets) <= 2


@given(st.lists(st.integers(-(10**9), 10**6), max_size=40))
def test_a_clock_that_jumps_back_keeps_nobody_waiting_longer_than_its_debt(jumps_us: list[int]) -> None:
    buckets = Buckets(per_s=10, burst=1, most_count=10)
    at = BEGIN
    for jump_us in jumps_us:
        at += timedelta(microseconds=jump_us)
        wait_ms = buckets.spend("a", at)
        assert wait_ms <= 100
        at += timedelta(milliseconds=wait_ms)
        assert buckets.wait_ms("a", at) <= 100

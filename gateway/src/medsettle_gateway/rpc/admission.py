"""Who may call how often: a terminal by its own bucket, a stranger by the address that it calls from.

Only what was verified spends a terminal's tokens, so nobody can use up another's. Only calls that fail to
say who they are spend an address's tokens, so a store's tills and a proxy's all share one without loss.
Questions and what is asked about sales have a bucket each: a program that polls without pause does not
keep its own till from ending a sale.
"""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from medsettle.wire.calls import (
    CHECK_ELIGIBILITY,
    FETCH_PRESCRIPTIONS,
    LIST_SALES,
    QUOTE,
    REGISTER_PRESCRIPTION,
    REVIEW_PRESCRIPTION,
    WITHDRAW_PRESCRIPTION,
    Call,
)
from medsettle.wire.reasons import Reason
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.rpc.buckets import Buckets

Peer = Callable[[], str]
"""Returns whom a call comes from, as gRPC writes it, such as ``ipv4:192.0.2.7:51312``; empty: not known."""

_REMEMBERED_COUNT: Final = 65_536
_QUESTIONS: Final = frozenset({
    CHECK_ELIGIBILITY, QUOTE, LIST_SALES, REGISTER_PRESCRIPTION, FETCH_PRESCRIPTIONS, REVIEW_PRESCRIPTION,
    WITHDRAW_PRESCRIPTION,
})
"""What concerns no sale that is under way."""
_STRANGERS: Final = frozenset({
    Reason.SIGNATURE_MISSING, Reason.SIGNATURE_INVALID, Reason.CLOCK_SKEW, Reason.TERMINAL_UNKNOWN,
    Reason.TERMINAL_SUSPENDED, Reason.KEY_UNKNOWN, Reason.KEY_NOT_ACTIVE, Reason.KEY_INVALID,
    Reason.ENROL_CODE_INVALID, Reason.ENROL_CODE_EXPIRED,
})
"""Refusals of who asks, not of what is asked."""
_SUBNET_BITS: Final = 64
"""One customer's share of IPv6: who has one has all addresses in it."""


class TooOftenError(Exception):
    """The call comes too soon after others. ``after_ms``: when it may come again."""

    def __init__(self, after_ms: int) -> None:
        super().__init__(f"too often: again in {after_ms} ms")
        self.after_ms = after_ms


def nowhere() -> str:
    """Returns that it is not known where a call comes from: no address is held to a limit."""
    return ""


class Admission:
    """The buckets of one process. ``now`` is the gateway's time as it is when it is asked: see Buckets."""

    def __init__(self, limits: LimitsSection) -> None:
        per_s, burst = limits.terminal_calls_per_s, limits.terminal_burst_calls
        self._questions = Buckets(per_s, burst, _REMEMBERED_COUNT)
        self._sales = Buckets(per_s, burst, _REMEMBERED_COUNT)
        self._failures = Buckets(
            limits.address_failures_per_s, limits.address_burst_failures, _REMEMBERED_COUNT
        )
        self._proven: dict[str, None] = {}

    def check(self, call: Call, terminal: str, key: str, peer: Peer, now: datetime) -> None:
        """Looks before anything is verified. Raises TooOftenError; spends nothing."""
        wait_ms = self._bucket(call).wait_ms(terminal, now)
        if not wait_ms and len(self._failures):
            wait_ms = self._failures.wait_ms(self._stranger(key, peer), now)
        if wait_ms:
            raise TooOftenError(wait_ms)

    def spend(self, call: Call, terminal: str, key: str, now: datetime) -> None:
        """Counts a call of a terminal that has proven to hold the key. Raises TooOftenError."""
        if key not in self._proven:
            self._proven[key] = None
            if len(self._proven) > _REMEMBERED_COUNT:
                del self._proven[next(iter(self._proven))]
        wait_ms = self._bucket(call).spend(terminal, now)
        if wait_ms:
            raise TooOftenError(wait_ms)

    def failed(self, reason: Reason, key: str, peer: Peer, now: datetime) -> None:
        """Counts a call that was refused, if it was for who asked."""
        if reason in _STRANGERS:
            name = self._stranger(key, peer)
            if name:
                self._failures.spend(name, now)

    def _bucket(self, call: Call) -> Buckets:
        return self._questions if call in _QUESTIONS else self._sales

    def _stranger(self, key: str, peer: Peer) -> str:
        """The bucket of a call's failures.

        A key that was proven has its own at each address: a stranger beside a till does not lock it out.
        """
        network = network_of(peer())
        return f"{network} {key}" if network and key in self._proven else network


def network_of(peer: str) -> str:
    """Returns the network of a gRPC peer: an IPv4 address, a /64 of IPv6; empty if it has none."""
    family, _, place = peer.partition(":")
    if family not in {"ipv4", "ipv6"}:
        return ""
    host = unquote(place.rpartition(":")[0]).strip("[]")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _SUBNET_BITS), strict=False))

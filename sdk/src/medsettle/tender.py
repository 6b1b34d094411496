"""Collecting the cash part: by hand, or through a payment provider.

A tender is asked once a sale. ``request_id`` is its idempotency key: asked again under the same id,
it must neither collect nor pay back twice.
"""

import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias
from urllib.parse import urlsplit

from medsettle.models import CashState, Tendered

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Collected:
    """How collecting ended.

    COLLECTED: ``tenders`` add up to the amount. NOT_COLLECTED: nothing was taken, for certain. ASKED:
    it is not known; the sale is undone, and the tender is asked to pay back whatever it took.
    """

    state: CashState
    tenders: tuple[Tendered, ...] = ()
    zh: str = ""
    en: str = ""


class Tender(Protocol):
    """Takes the cash part and gives it back. Both may be coroutines under AsyncTill.

    A tender that has ``refunds_once = True`` promises that a refund asked for again under the same id
    pays nothing more: it is then asked again after a crash. Without it the card says that a person
    must find out. One that has ``refunds_own_only = True`` pays back what it took itself, and knows of no
    other cash: what was collected without a tender is left to a person. One that has ``blocks = True`` waits
    for its provider itself: AsyncTill asks it in a thread of its own.
    """

    def collect(self, amount_fen: int, request_id: str) -> "Collected | Awaitable[Collected]":
        """Collects the amount, in fen, once for the request id."""

    def refund(
        self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]
    ) -> "bool | Awaitable[bool]":
        """Pays back what was taken under the id. Returns True only if that is final: the patient has it, or
        nothing was taken and nothing can be taken under this id any more. A refund therefore seals the
        key: a payment under it that is still on its way must fail. False: it was not paid back. If it
        raises, it may have been.
        """


Asking: TypeAlias = Callable[[int], bool | Awaitable[bool]]


class CashTender:
    """Cash over the counter: the cashier says whether it was taken, and whether it was given back.

    ``take(amount_fen)`` and ``give_back(amount_fen)`` ask the cashier and return the answer; under AsyncTill
    both may be coroutines.
    """

    def __init__(self, take: Asking, give_back: Asking) -> None:
        self._take = take
        self._give_back = give_back

    def collect(self, amount_fen: int, request_id: str) -> Collected | Awaitable[Collected]:  # noqa: ARG002
        """Returns COLLECTED if the cashier says that the amount, in fen, is in the till."""
        said = self._take(amount_fen)
        # An answer that is still to come would count as a yes.
        return _once_said(said, amount_fen) if isawaitable(said) else _as_said(said, amount_fen)

    def refund(
        self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]  # noqa: ARG002
    ) -> bool | Awaitable[bool]:
        """Returns whether the cashier says that the amount, in fen, was given back."""
        return self._give_back(amount_fen)


async def _once_said(said: Awaitable[bool], amount_fen: int) -> Collected:
    return _as_said(await said, amount_fen)


def _as_said(said: object, amount_fen: int) -> Collected:
    if said:
        return Collected(CashState.COLLECTED, (Tendered("cash", amount_fen),))
    return Collected(CashState.NOT_COLLECTED)


_TIMEOUT_MS: Final = 15_000
_ANSWER_BYTES_MAX: Final = 65_536
_PAID, _NOT_PAID = "paid", "not_paid"
_REFUNDED, _CANCELLED = "refunded", "cancelled"


class HttpTender:
    """A payment provider over HTTP: ``POST {url}/payments`` and ``POST {url}/refunds``.

    Both carry ``Idempotency-Key: <request id>`` and ``{"request_id", "amount_fen"}``. A payment answers
    200 with ``{"status": "paid" | "not_paid", "kind", "reference"}``, where ``not_paid`` means that this key
    will not be paid any more. A refund answers 200 with ``{"status": "refunded"}``, or ``"cancelled"``:
    nothing was paid, and no payment under this key can go through any more; that is no answer where the
    till has been paid for certain. A provider that cannot be
    reached has taken nothing. Anything else, and silence, is not known: the sale is then undone, and the
    refund asked for until one of its two answers comes. Repeating is safe: the key is the sale's.
    """

    refunds_once: Final = True
    refunds_own_only: Final = True
    blocks: Final = True

    def __init__(
        self, url: str, *, token: str = "", timeout_ms: int = _TIMEOUT_MS,
        allow_plaintext_beyond_loopback: bool = False,
    ) -> None:
        """Keeps where the provider is. ``timeout_ms``: for a whole call, its answer read.

        Whoever is on a plain line can say "paid" or "refunded" in the provider's place. So http goes to this
        machine only; ``allow_plaintext_beyond_loopback``: further too, without a token. Raises ConfigError.
        """
        _check_url(url, token, allow_plaintext_beyond_loopback)
        self._url = url.rstrip("/")
        self._token = token
        self._timeout_ms = timeout_ms

    def collect(self, amount_fen: int, request_id: str) -> Collected:
        """Asks the provider for the amount, in fen."""
        answer = self._post("payments", request_id, amount_fen)
        status, kind = answer.get("status"), answer.get("kind")
        if status == _NOT_PAID:
            return Collected(CashState.NOT_COLLECTED)
        if status != _PAID or not isinstance(kind, str):
            return Collected(CashState.ASKED)
        tendered = Tendered(kind[:16], amount_fen, str(answer.get("reference", ""))[:64])
        return Collected(CashState.COLLECTED, (tendered,))

    def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        """Asks the provider to pay back; true once it says that this key is paid back, or cancelled where it
        is not known that it was paid.
        """
        status = self._post("refunds", request_id, amount_fen).get("status")
        return status == _REFUNDED or (status == _CANCELLED and not tenders)

    def _post(self, what: str, request_id: str, amount_fen: int) -> dict[str, Any]:
        """Asks within the timeout, whatever the provider does: httpx has one for each read, not for all."""
        answers: list[dict[str, Any]] = []
        asking = threading.Thread(
            target=lambda: answers.append(self._answer(what, request_id, amount_fen)), daemon=True
        )
        asking.start()
        asking.join(self._timeout_ms / 1000)
        return answers[0] if answers else {}

    def _answer(self, what: str, request_id: str, amount_fen: int) -> dict[str, Any]:
        import httpx  # noqa: PLC0415 - a till that takes cash only does not load it

        headers = {"Idempotency-Key": request_id}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = {"request_id": request_id, "amount_fen": amount_fen}
        try:
            with httpx.stream(
                "POST", f"{self._url}/{what}", json=body, headers=headers, timeout=self._timeout_ms / 1000
            ) as answer:
                return _object(answer)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return {"status": _NOT_PAID}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
            return {}


def _object(answer: "httpx.Response") -> dict[str, Any]:
    if answer.status_code != 200:  # noqa: PLR2004 - the one good answer
        return {}
    text = b""
    for chunk in answer.iter_bytes():
        text += chunk
        if len(text) > _ANSWER_BYTES_MAX:
            return {}
    read = json.loads(text)
    return read if isinstance(read, dict) else {}


def _check_url(url: str, token: str, plaintext_beyond_loopback: object) -> None:
    from medsettle.config import wrong  # noqa: PLC0415 - a till that takes cash only does not load them
    from medsettle.transport import is_loopback  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong("url", "支付服务的地址应为 https://主机", "a payment provider is at https://host")
    if parts.scheme == "https" or is_loopback(f"{parts.hostname}:80"):
        return
    if token:
        raise wrong(
            "url", "令牌只能经 https 发送,本机除外", "a token goes over https only, except to this machine"
        )
    if plaintext_beyond_loopback is not True:
        raise wrong(
            "url", f"发往 {parts.hostname} 的明文会离开本机,线路上的任何人都能冒充支付服务答复;请改用 https,"
            "确属可信内网时传入 allow_plaintext_beyond_loopback=True",
            f"plaintext to {parts.hostname} would leave this machine, and anyone on the line could answer in "
            "the provider's place; use https, or, in a network of your own, pass "
            "allow_plaintext_beyond_loopback=True",
        )

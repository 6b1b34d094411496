"""How a request reaches a credential service, and its answer comes back: bounded in time and in bytes.

``Transport`` is a seam: a province that wraps the call in an encrypted, signed envelope of its own gets an
``Envelope``, and all else stays. No error repeats what was sent or answered: a patient may be known by it.

    TransportError          nobody knows what the service would have said
     ├ AwayError            it was not reached, or too slow, or out of order; asking again may help
     └ StrangeError         it answered what no service of this kind does; asking again does not help
"""

import asyncio
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Final, Protocol

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from medsettle_gateway.service.ports import Clock

LONGEST_ANSWER_BYTES: Final = 65_536

_PAUSE_S: Final = 0.05
_TOO_MANY: Final = 429
_SERVER_FAULT: Final = 500
_OK: Final = 200


class TransportError(Exception):
    """Nobody knows what the service would have said."""


class AwayError(TransportError):
    """It could not be reached, or was too slow, or is out of order; asking again may help."""


class StrangeError(TransportError):
    """It answered what no service of this kind answers; asking again does not help."""


class Transport(Protocol):
    """Brings a request to a service."""

    async def send(self, request: bytes) -> bytes:
        """Returns the answer's bytes. Raises AwayError, StrangeError."""

    async def close(self) -> None:
        """Gives back what it holds."""


class Envelope(Protocol):
    """What a request is wrapped in on its way, such as an encryption and a signature of the province's."""

    def seal(self, request: bytes) -> bytes:
        """Returns the bytes to send."""

    def open(self, answer: bytes) -> bytes:
        """Returns what the answer holds. Raises ValueError for one that the service did not make."""


class HttpTransport:
    """Sends by HTTP POST. Follows no redirect, keeps no cookie and takes no proxy from the environment."""

    def __init__(
        self, url: str, *, timeout_s: float, connections: int, headers: Mapping[str, str] | None = None,
        verify: object = True,
    ) -> None:
        """``verify`` is what httpx takes: an SSL context, or True for the authorities that it ships."""
        self._url, self._timeout_s = url, timeout_s
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_s),
            limits=httpx.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30
            ),
            headers={
                "Content-Type": "application/json", "Accept": "application/json",
                "Accept-Encoding": "identity", **(headers or {}),
            },
            verify=verify,  # type: ignore[arg-type]  # httpx names its kinds in a private type
            follow_redirects=False,
            trust_env=False,
        )
        # A session of the service's may stand for the patient before.
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))

    async def send(self, request: bytes) -> bytes:
        """Returns the answer's bytes. Raises AwayError, StrangeError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(request)
        except TimeoutError:
            raise AwayError(f"no answer within {self._timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise AwayError(type(error).__name__) from None  # the error itself carries the request

    async def _send(self, request: bytes) -> bytes:
        async with self._client.stream("POST", self._url, content=request) as response:
            status = response.status_code
            if status >= _SERVER_FAULT or status == _TOO_MANY:
                raise AwayError(f"status {status}")
            if status != _OK:
                raise StrangeError(f"status {status}")
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise StrangeError("its answer is packed")  # a few bytes of it may be far too many
            answer = bytearray()
            async for part in response.aiter_raw():
                answer += part
                if len(answer) > LONGEST_ANSWER_BYTES:
                    raise StrangeError(f"its answer is longer than {LONGEST_ANSWER_BYTES} bytes")
            return bytes(answer)

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()


class Enveloped:
    """A transport whose requests go in an envelope."""

    def __init__(self, transport: Transport, envelope: Envelope) -> None:
        self._transport, self._envelope = transport, envelope

    async def send(self, request: bytes) -> bytes:
        """Returns what the answer's envelope holds. Raises AwayError, StrangeError."""
        answer = await self._transport.send(self._envelope.seal(request))
        try:
            return self._envelope.open(answer)
        except ValueError:
            raise StrangeError("its envelope is not the service's") from None

    async def close(self) -> None:
        """Gives back what the transport holds."""
        await self._transport.close()


class Repeating:
    """A transport that asks again where the service was away: only for questions that change nothing."""

    def __init__(self, transport: Transport, attempts: int, clock: Clock) -> None:
        self._transport, self._attempts, self._clock = transport, attempts, clock

    async def send(self, request: bytes) -> bytes:
        """Returns the answer's bytes. Raises AwayError, StrangeError."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(AwayError), stop=self._is_enough, wait=_pause_s,
            sleep=self._clock.sleep, reraise=True,
        )
        answer: bytes = await retrying(self._transport.send, request)
        return answer

    def _is_enough(self, state: RetryCallState) -> bool:
        return state.attempt_number >= self._attempts

    async def close(self) -> None:
        """Gives back what the transport holds."""
        await self._transport.close()


def _pause_s(state: RetryCallState) -> float:
    """Twice as long each time."""
    return float(_PAUSE_S * 2 ** (state.attempt_number - 1))

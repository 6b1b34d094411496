"""A payment provider over HTTP: what it says is believed, what it does not say is not known."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from medsettle.errors import ConfigError
from medsettle.models import Basket, CashState, Collect, Outcome, Split, Tendered
from medsettle.tender import CashTender, HttpTender
from medsettle.till import Till
from tests.sdk.counterpart import Counterpart

SHOWN = Split(4000, {"pooled": 8000})


class Provider(ThreadingHTTPServer):
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, str, dict[str, object]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        provider = self.server
        assert isinstance(provider, Provider)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider.asked.append((self.path, self.headers["Idempotency-Key"], body))
        status, answer = provider.answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_payment_is_tendered_with_its_reference(
    till: Till, counterpart: Counterpart, basket: Basket, provider: Provider
) -> None:
    provider.answers["/payments"] = (200, b'{"status": "paid", "kind": "wechat", "reference": "W-1"}')
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=HttpTender(provider.url))
    assert (card.outcome, card.tenders) == (Outcome.PAID, (Tendered("wechat", 4000, "W-1"),))
    assert provider.asked == [
        ("/payments", card.request_id, {"request_id": card.request_id, "amount_fen": 4000})
    ]


def test_a_payment_that_was_declined_releases_the_hold(
    till: Till, basket: Basket, provider: Provider
) -> None:
    provider.answers["/payments"] = (200, b'{"status": "not_paid"}')
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=HttpTender(provider.url))
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.NOT_COLLECTED)


@pytest.mark.parametrize(
    "answer", [(500, b"{}"), (200, b"not json"), (200, b"[]"), (200, b'{"status": "paid"}'),
               (200, b'{"status": "pending"}')],
)
def test_a_payment_that_is_not_known_is_paid_back(
    till: Till, basket: Basket, provider: Provider, answer: tuple[int, bytes]
) -> None:
    provider.answers = {"/payments": answer, "/refunds": (200, b'{"status": "cancelled"}')}
    tender = HttpTender(provider.url, token="secret")
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=tender)
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.REFUNDED)
    assert [path for path, key, _ in provider.asked if key == card.request_id] == ["/payments", "/refunds"]


@pytest.mark.parametrize("answer", [b'{"status": "nothing_to_refund"}', b'{"status": "pending"}', b"{}"])
def test_a_provider_that_does_not_rule_the_payment_out_is_asked_again_by_recover(
    till: Till, basket: Basket, provider: Provider, answer: bytes
) -> None:
    provider.answers = {"/payments": (504, b""), "/refunds": (200, answer)}
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=HttpTender(provider.url))
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.ASKED)
    provider.answers["/refunds"] = (200, b'{"status": "refunded"}')  # the payment landed meanwhile
    (card,) = till.recover(HttpTender(provider.url))
    assert card.cash is CashState.REFUNDED


@pytest.mark.parametrize(
    "url", ["http://pay.example", "http://192.0.2.1:80/", "ftp://pay.example", "pay.example"]
)
def test_a_token_is_not_sent_in_the_clear_beyond_this_machine(url: str) -> None:
    with pytest.raises(ConfigError):
        HttpTender(url, token="secret")


@pytest.mark.parametrize("url", ["https://pay.example", "http://127.0.0.1:8000", "http://[::1]:8000"])
def test_a_token_may_go_over_tls_or_to_this_machine(url: str) -> None:
    HttpTender(url, token="secret")


def test_a_provider_beyond_this_machine_is_not_believed_in_the_clear_unless_that_is_said() -> None:
    with pytest.raises(ConfigError) as refused:
        HttpTender("http://192.0.2.1:8080")
    said = str(refused.value)
    assert "allow_plaintext_beyond_loopback=True" in refused.value.refusal.zh
    assert "allow_plaintext_beyond_loopback=True" in refused.value.refusal.en
    assert "192.0.2.1" in said
    HttpTender("http://192.0.2.1:8080", allow_plaintext_beyond_loopback=True)


def test_a_token_does_not_go_in_the_clear_even_where_that_is_said() -> None:
    with pytest.raises(ConfigError):
        HttpTender("http://192.0.2.1:8080", token="secret", allow_plaintext_beyond_loopback=True)


@pytest.mark.parametrize("said", ["false", 1, None])
def test_only_true_lets_a_provider_answer_in_the_clear(said: object) -> None:
    with pytest.raises(ConfigError):
        HttpTender("http://192.0.2.1:8080", allow_plaintext_beyond_loopback=said)  # type: ignore[arg-type]


def test_an_answer_that_drips_is_cut_off_by_one_timeout_for_the_whole_call() -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not ended.wait(0.02):
                    connection.sendall(b" ")

        dripping = threading.Thread(target=drip)
        dripping.start()
        tender = HttpTender(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_ms=200)
        answers = [tender.collect(4000, "id")]
        ended.set()
        dripping.join()
    assert [answer.state for answer in answers] == [CashState.ASKED]


def test_a_refund_without_an_answer_stays_due(till: Till, basket: Basket, provider: Provider) -> None:
    provider.answers = {"/payments": (500, b""), "/refunds": (500, b"")}
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=HttpTender(provider.url))
    assert (card.outcome, card.cash, card.refund_due_fen) == (Outcome.NOT_PAID, CashState.ASKED, 0)
    assert "核对" in card.next_zh
    provider.answers["/refunds"] = (200, b'{"status": "refunded"}')
    (card,) = till.recover(HttpTender(provider.url))
    assert (card.refund_due_fen, card.cash) == (0, CashState.REFUNDED)


def test_a_provider_that_cannot_be_reached_has_taken_nothing(till: Till, basket: Basket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = HttpTender(f"http://127.0.0.1:{port}")
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=away)
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.NOT_COLLECTED)


def test_a_provider_that_says_nothing_may_have_taken_it(till: Till, basket: Basket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tender = HttpTender(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_ms=50)
        card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=tender)
    assert (card.outcome, card.cash, card.refund_due_fen) == (Outcome.NOT_PAID, CashState.ASKED, 0)


def test_cash_that_was_collected_without_a_tender_is_left_to_a_person(
    till: Till, basket: Basket, provider: Provider
) -> None:
    """A provider has nothing under the id, and would say so."""
    provider.answers["/refunds"] = (200, b'{"status": "cancelled"}')
    card = till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.NOW)
    undone = till.reverse(card.request_id or "", reason="wrong goods")
    (card,) = till.recover(HttpTender(provider.url))
    assert undone.refund_due_fen == card.refund_due_fen == 4000
    assert provider.asked == []


def test_a_provider_that_knows_of_no_payment_has_not_paid_back_what_another_tender_took(
    till: Till, basket: Basket, provider: Provider
) -> None:
    provider.answers["/refunds"] = (200, b'{"status": "cancelled"}')
    cash = CashTender(lambda _: True, lambda _: False)
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=cash)
    till.reverse(card.request_id or "", reason="wrong goods")
    (card,) = till.recover(HttpTender(provider.url))
    assert (card.cash, card.refund_due_fen) == (CashState.COLLECTED, 4000)

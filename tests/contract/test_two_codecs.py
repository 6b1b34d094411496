"""The till's codec and the gateway's, written by two hands from one contract, understand each other."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle import models
from medsettle._exchange import answering, asking
from medsettle._exchange.signed import STATUS_DETAILS, Peer, Reply, Request, judge, sign
from medsettle.wire import calls
from medsettle.wire.calls import Call
from medsettle.wire.reasons import REASONS, Reason
from medsettle.wire.signing import WINDOW_MS, verifier_of
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.breakdown import AccountNote, AccountShare, Breakdown, FundShare, LineBreakdown
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.sale import (
    NO_INPUT,
    AccountBooking,
    Effect,
    LineRecord,
    RefusalRecord,
    SaleHead,
    SaleRecord,
    SettlementRecord,
    TenderRecord,
    TraceStep,
    WarningRecord,
)
from medsettle_gateway.domain.split import Split
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.rpc.codec import answers, requests
from medsettle_gateway.rpc.codec.parts import Limits
from medsettle_gateway.service import commands
from medsettle_gateway.service.checked import Advisory
from tests.gateway.rpc.stage import AUDIENCE, INSTITUTION, NOW, REQUEST_ID, ROOT, TERMINAL, TILL, Stage

CALLER = commands.Caller(TERMINAL, INSTITUTION, TILL.key)
LIMITS = Limits(200, 100)
PEER = Peer(AUDIENCE, verifier_of(ROOT.public_key))
TOKEN = models.Credential("MSD1.payload.signature")

ids = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=12)
words = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=12)
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
amounts = st.integers(0, 10**9)


def decimals(places: int, most: int, least: int = 0) -> st.SearchStrategy[str]:
    def written(scaled: int) -> str:
        whole, part = divmod(scaled, 10**places)
        return f"{whole}.{part:0{places}d}".rstrip("0").rstrip(".")

    return st.integers(least, most * 10**places).map(written)


lines = st.builds(
    models.Line, item_code=ids, quantity=decimals(4, 999_999, 1), unit_price=decimals(6, 99_999_999),
    amount_fen=amounts, benefit=st.none() | ids, condition=st.none() | ids,
    traceability_codes=st.lists(ids, max_size=3, unique=True).map(tuple), service_on=st.none() | days,
    days_supply=st.none() | st.integers(1, 366),
)
begins = st.dates(date(2000, 1, 1), date(2020, 1, 1))
stays = st.builds(
    models.Encounter, begins, st.none() | st.dates(date(2020, 1, 1), date(2100, 1, 1)),
    st.none() | st.integers(1, 366), st.booleans(),
)
payers = st.lists(
    st.builds(models.Payer, ids, st.none() | st.sampled_from(models.Consent)),
    max_size=4, unique_by=lambda payer: payer.account,
).map(tuple)
baskets = st.builds(
    models.Basket, lines=st.lists(lines, min_size=1, max_size=5).map(tuple), benefit=st.none() | ids,
    payers=payers, service_on=st.none() | days, late_reason=st.none() | words, encounter=st.none() | stays,
)
shares = st.dictionaries(ids, amounts, max_size=3)
splits = st.builds(models.Split, amounts, shares, shares)
refusals = st.sampled_from(Reason).map(lambda reason: RefusalRecord(reason, {"line": "1"}))


@given(baskets, splits, st.sampled_from(models.Collect), words, instants)
def test_what_a_till_asks_is_what_the_gateway_reads(
    basket: models.Basket, split: models.Split, collect: models.Collect, operator: str, at: datetime
) -> None:
    body = asking.settle(
        request_id=REQUEST_ID, credential=TOKEN, basket=basket, expected=split, collect=collect,
        operator=operator, requested_at=at, acknowledgements=["POSSIBLE_DUPLICATE"], quote_token=None,
    )
    command = requests.read(calls.SETTLE, body, CALLER, LIMITS).command
    assert isinstance(command, commands.Settle)
    assert command.expected == Split.make(dict(split.funds), dict(split.accounts), split.cash_fen)
    assert (command.collect.value, command.operator, command.requested_at) == (collect.value, operator, at)
    assert command.credential.token == TOKEN.token
    read = command.basket
    assert (read.benefit, read.service_on, read.late_reason) == (
        basket.benefit, basket.service_on, basket.late_reason
    )
    assert [(each.account, each.consent) for each in read.payers] == [
        (each.account, each.consent) for each in basket.payers
    ]
    visit = basket.encounter or models.Encounter()
    assert (read.admitted_on, read.discharged_on, read.sessions, read.emergency) == (
        visit.admitted_on, visit.discharged_on, visit.sessions or 1, visit.emergency
    )
    for said, heard in zip(basket.lines, read.lines, strict=True):
        assert (heard.item_code, heard.amount_fen) == (said.item_code, said.amount_fen)
        assert heard.quantity_e4 == scaled(str(said.quantity), 4)
        assert heard.unit_price_micro == scaled(str(said.unit_price), 6)
        assert (heard.condition, heard.service_on) == (said.condition, said.service_on)
        assert (heard.benefit, heard.days_supply) == (said.benefit, said.days_supply)
        assert heard.traceability_codes == said.traceability_codes


def scaled(text: str, places: int) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(places, "0"))


@pytest.mark.parametrize(("call", "body"), [
    (calls.CONFIRM, asking.confirm(REQUEST_ID, [models.Tendered("cash", 5)], "op", NOW)),
    (calls.RELEASE, asking.release(REQUEST_ID, "op", NOW)),
    (calls.REVERSE, asking.reverse(REQUEST_ID, "退货", "op", NOW)),
    (calls.SEAL, asking.seal(REQUEST_ID, "op", NOW)),
    (calls.GET_SALE, asking.get_sale(REQUEST_ID)),
    (calls.CHECK_ELIGIBILITY, asking.eligibility(
        TOKEN, benefit="b", as_of=NOW.date(), prescription="external", item_codes=("x", "y"), operator="7",
    )),
    (calls.QUOTE, asking.quote(
        TOKEN, models.Basket((models.Line("x", "1", "1", 100),)), "", "token", proxied=True
    )),
    (calls.LIST_SALES, asking.list_sales(
        page_size=5, page_token="", states=["HELD"], terminal=None, service_from=NOW.date(), service_to=None
    )),
], ids=lambda each: each.method if isinstance(each, Call) else "")
def test_every_request_of_a_till_is_read_as_its_command(call: Call, body: bytes) -> None:
    assert type(requests.read(call, body, CALLER, LIMITS).command).__name__ == call.method


warnings = st.builds(WarningRecord, ids, words, words, amounts, amounts, amounts, words)


@st.composite
def settlements(draw: st.DrawFn) -> SettlementRecord:
    pooled, account, cash, provider = (draw(amounts) for _ in range(4))
    personal = account + cash
    total = pooled + personal + provider
    breakdown = Breakdown(
        total, provider, 0, 0, 0, pooled + personal, draw(st.integers(0, personal)), 0,
        (FundShare("pooled", pooled),) if pooled else (), personal,
        (AccountShare("acc", Owner.SELF, account, None if account else AccountNote.BALANCE_ZERO),), cash,
        (LineBreakdown(total, provider, 0, 0, 0, pooled + personal),), (FundShare("relief", cash),),
    )
    return SettlementRecord(
        number=1, benefit=draw(ids), title_zh=draw(words), title_en=draw(words), breakdown=breakdown,
        lines=(LineRecord("1", draw(ids), draw(words), "drug", "A"),),
        trace=(TraceStep("in_scope", "rule", "三(一)", {"name": draw(words)}, cash, 0),),
        remainders=(
            Remainder(
                CounterKey("2024", "general", "paid"), 5, draw(st.none() | amounts), None, "限额", "a limit",
            ),
        ),
        pack="p", pack_digest="d", catalogue_digest="c", engine_version="1", input_json=NO_INPUT,
        order=draw(st.just("") | ids), raised=draw(st.lists(warnings, max_size=2).map(tuple)),
    )


LATER = (f"{TERMINAL}-20240531-18-1", "P21030200101-01-20240531-4-1", f"{INSTITUTION}0-01-20240531-4-1")


@st.composite
def sales(draw: st.DrawFn) -> SaleRecord:
    made = draw(settlements())
    state = draw(st.sampled_from([each for each in SaleState if each is not SaleState.ABSENT]))
    breakdown = made.breakdown
    effect = Effect(
        "210300", "employee", breakdown.funds,
        (AccountBooking("acc", "210300", "employee", breakdown.accounts[0].amount_fen),),
        breakdown.cash_fen, breakdown.provider_borne_fen, (),
    )
    return SaleRecord(
        request_id=RequestId.parse(REQUEST_ID), state=state,
        first_state=draw(st.sampled_from([state, SaleState.HELD])), version=2,
        operator=draw(words), service_on=draw(days), requested_at=draw(instants), created_at=NOW,
        committed_at=draw(instants), member="m", settlements=(made,), effect=effect,
        refusal=draw(st.none() | refusals),
        hold_expires_at=NOW + timedelta(minutes=10), business_on=draw(st.none() | days),
        tenders=(TenderRecord("wechat", 5, "4200"),), receipt_token="MS1.x", recompute_due=LATER,
    )


@given(sales(), st.booleans())
def test_what_the_gateway_answers_is_what_a_till_reads(record: SaleRecord, full: bool) -> None:
    body = answers.to_bytes(calls.GET_SALE, commands.SaleAnswer(record, "张*"), full=full)
    sale = answering.sale(body)
    assert (sale.request_id, sale.state, sale.first_state) == (REQUEST_ID, record.state, record.first_state)
    assert (sale.masked_name, sale.operator, sale.member) == ("张*", record.operator, "m")
    assert (sale.service_on, sale.business_on) == (record.service_on, record.business_on)
    assert (sale.requested_at, sale.committed_at) == (record.requested_at, record.committed_at)
    assert sale.hold_expires_at == (record.hold_expires_at if record.state is SaleState.HELD else None)
    assert [tuple(vars_of(each)) for each in sale.tenders] == [("wechat", 5, "4200")]
    # Later sales at other places are the operator's to know.
    assert (sale.receipt_token, sale.recompute_due) == ("MS1.x", LATER[:1])
    assert (sale.refusal is None) == (record.refusal is None)
    if sale.refusal is not None and record.refusal is not None:
        text = REASONS[record.refusal.reason]
        assert (sale.refusal.reason, sale.refusal.zh) == (record.refusal.reason, text.zh)
        assert (sale.refusal.recorded, dict(sale.refusal.details)) == (True, {"line": "1"})
    (told,), (kept,) = sale.settlements, record.settlements
    assert told.breakdown.total_fen == kept.breakdown.total_fen
    assert dict(told.breakdown.funds) == dict(kept.breakdown.funds)
    assert dict(told.breakdown.afterwards) == dict(kept.breakdown.afterwards)
    assert told.emergency_order == kept.order
    assert [each.code for each in sale.advisories] == [each.id.upper() for each in kept.raised]
    for said, raised in zip(sale.advisories, kept.raised, strict=True):
        assert (raised.title_zh in said.zh, raised.title_en in said.en) == (True, True)
    assert told.breakdown.accounts[0].owner == "self"
    assert (told.breakdown.accounts[0].note_zh == "") == (kept.breakdown.accounts[0].note is None)
    assert bool(told.lines) == bool(told.trace) == bool(told.remainders) == full


def vars_of(tendered: models.Tendered) -> tuple[str, int, str]:
    return tendered.kind, tendered.amount_fen, tendered.reference


@given(settlements())
def test_a_quote_reads_as_it_was_made(made: SettlementRecord) -> None:
    answer = commands.QuoteAnswer(
        (made,), Split.of([made.breakdown]), "MSQ1.x", NOW, NOW.date(), "张*",
        (Advisory("CAP_NEARLY_REACHED", "快到了", "nearly"),),
    )
    quote = answering.quote(answers.to_bytes(calls.QUOTE, answer, full=True))
    assert quote.split.cash_fen == made.breakdown.cash_fen
    assert (quote.expires_at, quote.service_on) == (NOW, NOW.date())
    assert quote.advisories == (models.Advisory("CAP_NEARLY_REACHED", "快到了", "nearly"),)


def asked(call: Call, body: bytes, now: datetime = NOW) -> Request:
    return sign(
        call, body, signer=TILL, audience=AUDIENCE, terminal=TERMINAL, now_ms=milliseconds(now),
        nonce="N" * 22,
    )


async def answered(stage: Stage, request: Request) -> Reply:
    answer = await stage.calls.handle(request.call.path, request.metadata, request.body, 1_000)
    if answer.status is None:
        return Reply("OK", answer.body, dict(answer.trailer))
    trailing: dict[str, str | bytes] = {**dict(answer.trailer), STATUS_DETAILS: answer.status.details}
    return Reply(answer.status.code.value, trailing=trailing)


async def test_a_till_believes_the_gateways_answer() -> None:
    request = asked(calls.SEAL, asking.seal(REQUEST_ID, "op", NOW))
    verdict = judge(request, await answered(Stage(), request), PEER, milliseconds(NOW))
    assert verdict.valid
    assert answering.sale(verdict.body).state == "SEALED"


async def test_a_till_does_not_believe_the_answer_to_another_request() -> None:
    request = asked(calls.SEAL, asking.seal(REQUEST_ID, "op", NOW))
    other = asked(calls.SEAL, asking.seal(REQUEST_ID, "somebody else", NOW))
    assert not judge(request, await answered(Stage(), other), PEER, milliseconds(NOW)).valid


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.CLOCK_SKEW])
async def test_a_till_believes_every_refusal(reason: Reason) -> None:
    stage = Stage()
    record = RefusalRecord(
        reason, {"field": "x"}, Split.make({}, {}, 5), Split.make({}, {}, 6), None,
        SaleHead(REQUEST_ID, SaleState.HELD) if reason is Reason.EARLIER_ATTEMPT_OPEN else None,
    )
    stage.service.line = commands.RefusedAnswer(record, REASONS[reason].recorded, REQUEST_ID)
    request = asked(calls.SEAL, asking.seal(REQUEST_ID, "op", NOW))
    verdict = judge(request, await answered(stage, request), PEER, milliseconds(NOW))
    assert verdict.valid
    assert verdict.facts is not None
    refusal = verdict.facts.refusal
    assert (refusal.reason, refusal.recorded) == (reason.value, REASONS[reason].recorded)
    assert (refusal.zh, refusal.next_en) == (REASONS[reason].zh, REASONS[reason].next_en)
    if reason is Reason.QUOTE_CHANGED:
        assert (verdict.facts.now or models.Split(0)).cash_fen == 6
    if reason is Reason.EARLIER_ATTEMPT_OPEN:
        assert verdict.facts.other_state == "HELD"


async def test_a_till_with_a_wrong_clock_learns_the_time() -> None:
    request = asked(calls.LIST_SALES, b"", NOW + timedelta(hours=1))
    verdict = judge(request, await answered(Stage(), request), PEER, milliseconds(NOW))
    assert verdict.facts is not None
    assert (verdict.facts.refusal.reason, verdict.facts.gateway_at) == ("CLOCK_SKEW", NOW)
    assert WINDOW_MS == 300_000

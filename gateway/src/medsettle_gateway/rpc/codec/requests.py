"""Requests of tills: bytes on the wire to commands of the service."""

from collections.abc import Callable
from typing import Final

from medsettle.wire import calls
from medsettle.wire.calls import Call
from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle.wire.v1 import eligibility_pb2, sale_pb2, settlement_pb2
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.finding import AcceptedWarning
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.rpc.codec import acts, form
from medsettle_gateway.rpc.codec.basket import basket, split
from medsettle_gateway.rpc.codec.parts import Asked, Limits, credential, full, request_id
from medsettle_gateway.rpc.codec.proxy import proxy
from medsettle_gateway.rpc.codec.reassert import reassert
from medsettle_gateway.service import commands
from medsettle_gateway.service.commands import Caller

_OPERATOR_CHARS: Final = 40
_ACKNOWLEDGEMENT_COUNT: Final = 16
_ACCEPTED_COUNT: Final = 16
_REASON_CHARS: Final = 200
_NAME_CHARS: Final = 64
_ITEM_CODE_COUNT: Final = 50
_ITEM_CODE_CHARS: Final = 32
_QUOTE_TOKEN_CHARS: Final = 2_048
_PAGE_TOKEN_CHARS: Final = 512
_USUAL_PAGE: Final = 20
_LARGEST_FULL_PAGE: Final = 10
"""A page of full sales of 200 lines must stay below the 4 MB that a gRPC client takes."""

_COLLECTS: Final[dict[int, Collect]] = {
    settlement_pb2.COLLECT_NOW: Collect.NOW,
    settlement_pb2.COLLECT_LATER: Collect.LATER,
}
_STATES: Final[dict[int, SaleState]] = {
    number: SaleState(name.removeprefix("SALE_STATE_"))
    for name, number in sale_pb2.SaleState.items() if number
}
_PRESCRIPTIONS: Final = {kind.value: kind for kind in Prescription}


def read(call: Call, body: bytes, caller: Caller, limits: Limits) -> Asked:
    """Returns what the signed request of a till asks for.

    Raises Refused for the first thing that is not as the contract says; nothing is recorded by that.
    """
    return _READERS[call](body, caller, limits)


def _check_eligibility(body: bytes, caller: Caller, _: Limits) -> Asked:
    wire = form.parsed(eligibility_pb2.CheckEligibilityRequest, body)
    if wire.HasField("prescription") and wire.prescription not in _PRESCRIPTIONS:
        raise form.invalid("prescription", "none, own or external")
    return Asked(commands.CheckEligibility(
        caller=caller,
        credential=credential(wire.credential),
        benefit=form.text_if(wire, "benefit", _NAME_CHARS, ""),
        as_of=form.day_if(wire, "as_of", ""),
        prescription=_PRESCRIPTIONS.get(wire.prescription),
        operator=form.optional_text(wire.operator, _OPERATOR_CHARS, "operator"),
        item_codes=_item_codes(wire),
    ))


def _item_codes(wire: eligibility_pb2.CheckEligibilityRequest) -> tuple[str, ...]:
    """What the patient would like to have, each once."""
    form.within(len(wire.item_codes), _ITEM_CODE_COUNT, "item_codes")
    codes = (
        form.text(each, _ITEM_CODE_CHARS, f"item_codes[{number}]")
        for number, each in enumerate(wire.item_codes, 1)
    )
    return tuple(dict.fromkeys(codes))


def _quote(body: bytes, caller: Caller, limits: Limits) -> Asked:
    wire = form.parsed(settlement_pb2.QuoteRequest, body)
    whole = full(wire.view, usual=True)
    return Asked(commands.Quote(
        caller=caller,
        credential=_shown(wire),
        basket=basket(wire.basket, limits.basket_lines),
        replaces=_replaces(wire),
        operator=form.optional_text(wire.operator, _OPERATOR_CHARS, "operator"),
        eligibility_token=form.text_if(wire, "eligibility_token", _QUOTE_TOKEN_CHARS, ""),
        proxied=wire.proxied,
    ), whole)


def _settle(body: bytes, caller: Caller, limits: Limits) -> Asked:
    wire = form.parsed(settlement_pb2.SettleRequest, body)
    if not wire.HasField("expected"):
        raise form.required("expected")
    sale_id = request_id(wire.request_id)
    whole = full(wire.view)
    command = commands.Settle(
        caller=caller,
        request_id=sale_id,
        credential=_shown(wire),
        basket=basket(wire.basket, limits.basket_lines),
        expected=split(wire.expected, "expected"),
        collect=form.chosen(wire.collect, _COLLECTS, "collect"),
        operator=form.text(wire.operator, _OPERATOR_CHARS, "operator"),
        requested_at=form.instant_of(wire, "requested_at"),
        acknowledgements=_acknowledgements(wire),
        quote_token=form.text_if(wire, "quote_token", _QUOTE_TOKEN_CHARS, ""),
        eligibility_token=form.text_if(wire, "eligibility_token", _QUOTE_TOKEN_CHARS, ""),
        replaces=_replaces(wire),
        proxy=proxy(wire),
        accepted_warnings=_accepted_warnings(wire),
    )
    if command.replaces is not None and command.collect is not Collect.NOW:
        raise form.invalid("collect", "NOW where replaces is set")
    if sale_id.terminal != caller.terminal:
        raise refuse(Reason.NOT_YOURS, request_id=sale_id.text)
    return Asked(command, whole)


def _replaces(wire: settlement_pb2.SettleRequest | settlement_pb2.QuoteRequest) -> RequestId | None:
    """The sale of which part of the goods is returned; None for a purchase."""
    return request_id(wire.replaces, "replaces") if wire.HasField("replaces") else None


def _shown(wire: settlement_pb2.SettleRequest | settlement_pb2.QuoteRequest) -> commands.Shown:
    """What the patient showed: nothing where goods come back."""
    if not wire.HasField("replaces"):
        return credential(wire.credential)
    if wire.HasField("credential"):
        raise form.invalid("credential", "absent where replaces is set")
    return commands.Shown("", "")


def _list_sales(body: bytes, caller: Caller, limits: Limits) -> Asked:
    wire = form.parsed(settlement_pb2.ListSalesRequest, body)
    if len(wire.page_token) > _PAGE_TOKEN_CHARS:
        raise refuse(Reason.PAGE_TOKEN_INVALID)
    if wire.HasField("page_size") and not 1 <= wire.page_size <= limits.page_size:
        raise form.invalid("page_size", f"1 to {limits.page_size}")
    whole = full(wire.view)
    most = min(limits.page_size, _LARGEST_FULL_PAGE) if whole else limits.page_size
    form.within(len(wire.states), len(_STATES), "states")
    return Asked(commands.ListSales(
        caller=caller,
        page_size=min(wire.page_size or _USUAL_PAGE, most),
        page_token=wire.page_token,
        states=tuple(form.chosen(each, _STATES, f"states[{i}]") for i, each in enumerate(wire.states, 1)),
        terminal=form.text_if(wire, "terminal", _NAME_CHARS, ""),
        service_from=form.day_if(wire, "service_from", ""),
        service_to=form.day_if(wire, "service_to", ""),
    ), whole)


_READERS: Final[dict[Call, Callable[[bytes, Caller, Limits], Asked]]] = {
    calls.CHECK_ELIGIBILITY: _check_eligibility,
    calls.QUOTE: _quote,
    calls.SETTLE: _settle,
    calls.CONFIRM: acts.confirm,
    calls.RELEASE: acts.release,
    calls.REVERSE: acts.reverse,
    calls.SEAL: acts.seal,
    calls.GET_SALE: acts.get_sale,
    calls.LIST_SALES: _list_sales,
    calls.REASSERT: reassert,
}


def _acknowledgements(wire: settlement_pb2.SettleRequest) -> tuple[str, ...]:
    form.within(len(wire.acknowledgements), _ACKNOWLEDGEMENT_COUNT, "acknowledgements")
    return tuple(
        form.text(each, _NAME_CHARS, f"acknowledgements[{number}]")
        for number, each in enumerate(wire.acknowledgements, 1)
    )


def _accepted_warnings(wire: settlement_pb2.SettleRequest) -> tuple[AcceptedWarning, ...]:
    form.within(len(wire.accepted_warnings), _ACCEPTED_COUNT, "accepted_warnings")
    return tuple(
        AcceptedWarning(
            form.text(each.code, _NAME_CHARS, f"accepted_warnings[{number}].code"),
            form.text(each.reason, _REASON_CHARS, f"accepted_warnings[{number}].reason"),
        )
        for number, each in enumerate(wire.accepted_warnings, 1)
    )

"""What each step takes, and its sentence in Chinese and English, to be read aloud at a counter.

Both languages are told at once, since they speak of the same amounts. A sentence about a line
begins with the line's number, counted from 1, and its name. ``parts`` of a figure that several
rows make are those rows, ``"600000+50000"``, and None where one row makes it.
"""

from collections.abc import Mapping
from typing import Any, Final

from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy import sentences_alone as alone
from medsettle_gateway.policy import sentences_benefit as benefit
from medsettle_gateway.policy import sentences_layers as layers
from medsettle_gateway.policy import sentences_lines as lines
from medsettle_gateway.policy import sentences_payers as payers
from medsettle_gateway.policy.sentences_lines import Sentences, Told
from medsettle_gateway.policy.sentences_restricted import restricted

Inputs = tuple[tuple[str, Any], ...]
"""Names and values in the order of ``INPUTS``; a value is a text, an integer or None."""

_LAYER: Final = ("layer", "zh", "en")

INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "emergency_order": ("order", "authority", "waives", "lifted"),
    "catalogue": ("name", "list", "class"),
    "version": ("name", "effective_from"),
    "cover_ended": ("name", "service_on", "covered_to"),
    "excluded": ("name",),
    "restricted": ("name", "what", "allowed", "found"),
    "outside": ("name", "why", "limit", "days", "whole", "window", "again_on"),
    "over_standard": ("name", "standard_fen"),
    "over_limit": ("name", "line_fen", "standard_fen"),
    "supply_reported": ("name", "days", "allowed"),
    "limit_waived": ("what", "order"),
    "provider_borne": ("name", "limit_fen", "sessions"),
    "session_over_limit": ("name", "limit_fen", "sessions"),
    "self_pay_first": ("name", "base_fen", "share_ppm", "parts"),
    "self_pay_waived": ("name", "share_ppm"),
    "in_scope": ("name",),
    "stay_years": ("admitted", "billed", "deductible_year", "cap_year"),
    "deductible": ("limit_fen", "used_fen", "parts", "period"),
    "no_deductible": (),
    "ratio": ("base_fen", "ratio_ppm", "parts", "condition"),
    "band": ("from_fen", "up_to_fen", "base_fen", "ratio_ppm", "parts", "condition", "used_fen"),
    "banded": ("base_fen", "condition"),
    "cap": ("limit_fen", "used_fen", "left_fen", "parts", "period", "condition", "zh", "en"),
    "fund": ("fund", "condition"),
    "layer_outside": _LAYER,
    "layer_threshold": (*_LAYER, "base_fen", "limit_fen", "used_fen", "parts"),
    "layer_ratio": (*_LAYER, "of", "base_fen", "ratio_ppm", "parts"),
    "guarantee": (*_LAYER, "total_fen", "share_ppm", "target_fen", "funds_fen"),
    "leaves": (*_LAYER, "left_fen", "before_fen", "limit_fen", "less_fen", "less_zh", "less_en"),
    "layer_cap": (*_LAYER, "limit_fen", "left_fen", "inside", "parts"),
    "layer": (*_LAYER, "fund"),
    "afterwards": (*_LAYER, "fund"),
    "warning": ("warning", "zh", "en", "of", "at", "threshold_fen", "before_fen", "after_fen"),
    "account_only": ("why", "name", "count", "condition", "zh", "en"),
    "personal": ("total_fen",),
    "no_account": ("enrolled",),
    "payable": ("personal_fen", "name", "count", "in_scope_only"),
    "account": ("account", "owner", "balance_fen", "note", "limit_left_fen"),
    "cash": (),
}
"""The names of each step's inputs, in their order."""

ADDED: Final[Mapping[str, int]] = {
    "emergency_order": 1,
    "outside": 4,
    "deductible": 1,
    "ratio": 1,
    "band": 1,
    "cap": 4,
    "fund": 1,
    "leaves": 3,
    "account_only": 6,
    "payable": 3,
    "account": 1,
}
"""How many of a step's inputs, the last ones, came later: the traces of older sales do not hold them."""

_TOLD: Final[Mapping[str, Told]] = {
    "emergency_order": benefit.emergency_order,
    "catalogue": lines.catalogue,
    "version": lines.version,
    "cover_ended": lines.cover_ended,
    "excluded": lines.excluded,
    "restricted": restricted,
    "outside": lines.outside,
    "over_standard": lines.over_standard,
    "over_limit": lines.over_limit,
    "supply_reported": lines.supply_reported,
    "limit_waived": lines.limit_waived,
    "provider_borne": lines.provider_borne,
    "session_over_limit": lines.session_over_limit,
    "self_pay_first": lines.self_pay_first,
    "self_pay_waived": lines.self_pay_waived,
    "in_scope": lines.in_scope,
    "stay_years": benefit.stay_years,
    "deductible": benefit.deductible,
    "no_deductible": benefit.no_deductible,
    "ratio": benefit.ratio,
    "band": benefit.band,
    "banded": benefit.banded,
    "cap": benefit.cap,
    "fund": benefit.fund,
    "layer_outside": layers.layer_outside,
    "layer_threshold": layers.layer_threshold,
    "layer_ratio": layers.layer_ratio,
    "guarantee": layers.guarantee,
    "leaves": layers.leaves,
    "layer_cap": layers.layer_cap,
    "layer": layers.layer,
    "afterwards": layers.afterwards,
    "warning": layers.warning,
    "account_only": alone.account_only,
    "personal": payers.personal,
    "no_account": payers.no_account,
    "payable": payers.payable,
    "account": payers.account,
    "cash": payers.cash,
}


def told(step: str, inputs: Inputs, amount_fen: int, line: int | None) -> Sentences:
    """Both sentences of a step; ``line`` is the index of the line from 0, or None."""
    values = [value for _, value in inputs]
    return _TOLD[step](format_fen(amount_fen), 0 if line is None else line + 1, values)


def told_by_name(step: str, inputs: Mapping[str, object], amount_fen: int, line: int | None) -> Sentences:
    """Both sentences of a step whose inputs come by name. Raises KeyError for one that is missing.

    One that was added since the step was stored counts as None.
    """
    names = INPUTS[step]
    always = len(names) - ADDED.get(step, 0)
    given = [(name, inputs[name]) for name in names[:always]]
    later = [(name, inputs.get(name)) for name in names[always:]]
    return told(step, (*given, *later), amount_fen, line)

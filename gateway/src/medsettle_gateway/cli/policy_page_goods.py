"""What a region asks of traceability codes, on the page of a pack."""

from collections.abc import Iterator

from medsettle_gateway.cli.policy_rows import clause_mark, section
from medsettle_gateway.cli.policy_words import value_word
from medsettle_gateway.domain.tracing import NO_TRACE_RULE, TraceRule


def trace_lines(rule: TraceRule) -> Iterator[str]:
    """The section of a pack's page; nothing where it asks for no codes."""
    if rule == NO_TRACE_RULE:
        return
    yield section("追溯码", "traceability codes: each is sold once")
    kinds = "、".join(value_word("kind", kind.value) for kind in rule.required)
    named = ", ".join(kind.value for kind in rule.required)
    yield f"  须扫码 / must name codes: {kinds or '无'} / {named or 'none'}{clause_mark(rule.clause)}"
    if rule.from_on is not None:
        yield f"    自{rule.from_on}起 / from {rule.from_on} on"
    if rule.every_pack:
        yield "    每盒一码,拆零除外 / one for every pack, but for split packs"
    if rule.digits is not None:
        yield f"    {rule.digits}位数字 / {rule.digits} digits"

"""``medsettle enrol``: a terminal's first key."""

from medsettle.cli.counter import Counter
from medsettle.cli.parser import PAID
from medsettle.enrolment import Channel, Enrolment, enrol


def enrolled(counter: Counter) -> int:
    """Registers this till and writes its key and configuration. Returns 0."""
    given = counter.arguments
    channel = Channel(given.gateway, ca_file=given.ca, insecure=given.insecure)
    ready = enrol(channel, given.code, given.terminal, given.directory, suite=given.suite)
    shown = {
        "config": str(ready.config_file), "terminal": ready.terminal, "institution": ready.institution,
        "institution_name": ready.institution_name, "gateway": ready.audience, "key": ready.key,
        "not_after": ready.not_after,
    }
    counter.answer(shown, lambda: _show(counter, ready))
    return PAID


def _show(counter: Counter, ready: Enrolment) -> None:
    until = f" (至 until {ready.not_after:%Y-%m-%d})" if ready.not_after else ""
    counter.screen.show([
        f"已注册 enrolled: {ready.terminal} {ready.institution_name}",
        f"密钥 key: {ready.key}{until}",
        f"配置 configuration: {ready.config_file}",
        f"下一步 next: medsettle doctor --config {ready.config_file}",
    ])

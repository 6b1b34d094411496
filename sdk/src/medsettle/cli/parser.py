"""The command line of ``medsettle``: its words, and nothing of what they do."""

import argparse
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

from medsettle.cli import parser_prescription, parser_sale
from medsettle.cli.usage import both, told
from medsettle.errors import MedsettleError
from medsettle.receipt import Language
from medsettle.ticket import RequestId
from medsettle.wire.reasons import Reason

PAID, NOT_PAID, USAGE, OPEN, TROUBLE = 0, 1, 2, 3, 4
"""What the command ends with."""
COLUMNS_MIN, COLUMNS_MAX = 24, 96
ACKNOWLEDGED: Final = (Reason.POSSIBLE_DUPLICATE.value,)
"""What a cashier may overrule."""

_EXIT_CODES: Final = """\
exit codes:
  0  paid, or done (已支付或已完成)
  1  not paid, or refused (未支付或被拒绝)
  2  the command is not well formed (命令有误)
  3  OPEN: not known yet; do not collect again (结果未定,请勿再次收费);
     after recover also: cash is still to be given back (recover 之后也表示:还有现金待退还)
  4  the till or the gateway is in trouble (收银机或网关有故障)
  130  interrupted before any sale was begun (开始结算前已中断)
"""
_DESCRIPTION: Final = """\
医保结算收银 — settle medical insurance sales at a designated pharmacy or clinic.

A first sale:
  medsettle enrol CODE --terminal P21030200101-01 --gateway HOST:PORT
  medsettle check
  medsettle sell XR06AXL193A001010100011*2@34.00 --operator 7
"""


Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - it has no public name


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, told(message, self.prog))

    def parse_known_args(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - argparse's own
        """As argparse does it, but what a command does not know is told by that command, not by the top."""
        known, unknown = super().parse_known_args(*given, **named)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the whole command; ``command`` names what was asked."""
    top = _Parser(
        prog="medsettle", description=_DESCRIPTION, epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"medsettle {_version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _enrol(commands)
    _check(commands)
    _quote(commands)
    _sell(commands)
    _status(commands)
    _explain(commands)
    _reverse(commands)
    _return(commands)
    _release(commands)
    _seal(commands)
    _recover(commands)
    _refunded(commands)
    parser_prescription.add(commands, _command)
    _doctor(commands)
    return top


def _version() -> str:
    try:
        return version("medsettle")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"


def _command(commands: Commands, name: str, zh: str, en: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=f"{zh} {en}", description=f"{zh} {en}", epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )
    if name != "enrol":
        command.add_argument("--config", type=Path, default=Path("till.toml"), metavar="FILE",
                             help="配置文件 the till's configuration (default: till.toml)")
    command.add_argument("--json", action="store_true", help="输出JSON answer as JSON, amounts in fen")
    command.add_argument("--debug", action="store_true", help="出错时显示细节 show where the program failed")
    return command


def _paper(command: argparse.ArgumentParser) -> None:
    command.add_argument("--columns", type=_columns, metavar="N",
                         help=f"纸宽 columns of the receipt, {COLUMNS_MIN} to {COLUMNS_MAX}")
    _language(command)


def _language(command: argparse.ArgumentParser) -> None:
    command.add_argument("--language", choices=[each.value for each in Language], default=Language.ZH.value,
                         help="小票和说明的语言 language of receipt and explanation (default: zh)")


def _columns(text: str) -> int:
    if not (text.isascii() and text.isdigit() and COLUMNS_MIN <= int(text) <= COLUMNS_MAX):
        raise argparse.ArgumentTypeError(
            both(
                f"纸宽应为{COLUMNS_MIN}至{COLUMNS_MAX}列,不是 {text!r}",
                f"it is {COLUMNS_MIN} to {COLUMNS_MAX}, not {text!r}",
            )
        )
    return int(text)


def _operator(command: argparse.ArgumentParser) -> None:
    command.add_argument("--operator", metavar="ID",
                         help="收银员 who works the till (default: operator in till.toml)")


def _ticket(text: str) -> str:
    return _looked_through(lambda: RequestId.first("T-1", date.min, text).number)


def _id(text: str) -> str:
    return _looked_through(lambda: str(RequestId.parse(text)))


def _looked_through(read: Callable[[], str]) -> str:
    try:
        return read()
    except MedsettleError as error:
        why = both(f"{error.zh}{error.next_zh}", f"{error.en} {error.next_en}")
        raise argparse.ArgumentTypeError(why) from error


def _yes(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("--yes", action="store_true", help=f"不再询问 do not ask: {what}")


def _request_id(command: argparse.ArgumentParser) -> None:
    command.add_argument("request_id", metavar="REQUEST_ID", type=_id,
                         help="流水号 <institution>-<till>-<yyyymmdd>-<number>-<attempt>")


def _enrol(commands: Commands) -> None:
    command = _command(commands, "enrol", "注册收银机。", "Register this till with a one-time code.")
    command.add_argument("code", metavar="CODE", help="注册码 the operator's one-time code, whole")
    command.add_argument("--terminal", required=True, metavar="ID",
                         help="终端号 <institution>-<till>, as the operator named it")
    command.add_argument("--directory", type=Path, default=Path(), metavar="DIR",
                         help="目录 where till.toml and till.key are written (default: here)")
    command.add_argument("--gateway", required=True, metavar="HOST:PORT",
                         help="网关地址 the gateway's address")
    command.add_argument("--suite", choices=["ed25519", "p256"], default="ed25519",
                         help="密钥类型 kind of key (default: ed25519)")
    command.add_argument("--ca", type=Path, metavar="FILE",
                         help="TLS authorities of the gateway (default: the system's)")
    command.add_argument("--certificate", type=Path, metavar="FILE",
                         help="客户端证书 the till's own TLS certificate, where the gateway asks for one")
    command.add_argument("--certificate-key", type=Path, metavar="FILE", help="证书私钥 and its key")
    command.add_argument("--insecure", action="store_true", help="不加密,仅限本机 no TLS: this machine only")


def _check(commands: Commands) -> None:
    command = _command(commands, "check", "资格查询。", "What may the patient have, here and today?")
    parser_sale.credential(command)
    parser_sale.check(command)
    _operator(command)


def _quote(commands: Commands) -> None:
    command = _command(commands, "quote", "预结算。", "What would a sale cost? Nothing is reserved.")
    parser_sale.basket(command)
    parser_sale.credential(command)
    parser_sale.eligibility_token(command)
    _operator(command)
    command.add_argument("--why", action="store_true", help="说明每一分钱 explain every amount, step by step")
    _language(command)


def _sell(commands: Commands) -> None:
    command = _command(commands, "sell", "结算。", "Quote, ask, settle, and print the receipt.")
    parser_sale.basket(command)
    parser_sale.credential(command)
    parser_sale.eligibility_token(command)
    parser_sale.proxy(command)
    _operator(command)
    command.add_argument("--ticket", metavar="NUMBER", type=_ticket,
                         help="票号 number on the paper ticket; the same number again is the same sale "
                              "(default: the till's next one)")
    _yes(command, "the patient agrees, and the cash part is collected")
    command.add_argument("--acknowledge", action="append", default=[], choices=ACKNOWLEDGED,
                         help="已确认的提示 a refusal that the cashier has looked into; may be repeated")
    command.add_argument("--accept", action="append", default=[], metavar="CODE=REASON",
                         help="确认预警 a warning that the cashier has looked into, by its code, and why it "
                              "is all right (default: asked for on a terminal); may be repeated")
    _paper(command)


def _status(commands: Commands) -> None:
    command = _command(commands, "status", "查询一笔业务。", "Where does a sale stand? Changes nothing.")
    _request_id(command)
    _paper(command)


def _explain(commands: Commands) -> None:
    command = _command(commands, "explain", "说明一笔业务的每一分钱。",
                       "Who pays what of a sale, and why, to be read aloud. Changes nothing.")
    _request_id(command)
    _paper(command)


def _reverse(commands: Commands) -> None:
    command = _command(commands, "reverse", "撤销一笔结算。", "Undo a settled sale.")
    _request_id(command)
    command.add_argument("--reason", required=True, help="原因 why, for the books")
    _operator(command)
    _yes(command, "an id that nobody knows is sealed")
    _paper(command)


def _return(commands: Commands) -> None:
    command = _command(commands, "return", "部分退货。",
                       "Take part of a sale's goods back: give the lines that stay.")
    _request_id(command)
    command.add_argument("lines", nargs="+", metavar="CODE*QTY@PRICE,id=LINE",
                         help="留下的明细 a line that stays, with its id (its number on the ticket, from 1); "
                              "fewer lines or smaller quantities than were sold")
    _operator(command)
    command.add_argument("--ticket", metavar="NUMBER", type=_ticket,
                         help="票号 number of the new ticket (default: the till's next one)")
    _yes(command, "the patient agrees to what goes back")
    _paper(command)


def _release(commands: Commands) -> None:
    command = _command(commands, "release", "释放一笔预占。", "Give up a sale that is held and not paid.")
    _request_id(command)
    _operator(command)
    _yes(command, "an id that nobody knows is sealed")


def _seal(commands: Commands) -> None:
    command = _command(commands, "seal", "封存一个流水号。",
                       "Make sure that an id whose fate is unknown can no longer become a sale.")
    _request_id(command)
    _operator(command)


def _recover(commands: Commands) -> None:
    _command(commands, "recover", "了结未定的业务。", "Finish the sales that are open, oldest first.")


def _refunded(commands: Commands) -> None:
    command = _command(commands, "refunded", "登记现金已退。",
                       "Write down that the patient has the cash part back, or that none is owed.")
    _request_id(command)


def _doctor(commands: Commands) -> None:
    _command(commands, "doctor", "自检。", "Check network, TLS, clock, key and journal.")

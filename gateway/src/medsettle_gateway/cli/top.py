"""The top of the command line. A group is loaded when it is used, so that ``serve`` is ready at once."""

import sqlite3
from importlib import import_module
from typing import Final

import click

from medsettle_gateway.cli.usage import in_both
from medsettle_gateway.config import ConfigError
from medsettle_gateway.storage.connection import CommitUnknownError, DatabaseFailedError

_WHERE: Final = {
    "account": "medsettle_gateway.cli.account:account",
    "backup": "medsettle_gateway.cli.backup:backup",
    "catalogue": "medsettle_gateway.cli.catalogue:catalogue",
    "credential": "medsettle_gateway.cli.credential:credential",
    "demo-city": "medsettle_gateway.cli.founding:demo_city",
    "identity": "medsettle_gateway.cli.identity:identity",
    "init": "medsettle_gateway.cli.founding:init",
    "institution": "medsettle_gateway.cli.institution:institution",
    "ledger": "medsettle_gateway.cli.ledger:ledger",
    "member": "medsettle_gateway.cli.member:member",
    "migrate": "medsettle_gateway.cli.founding:migrate",
    "order": "medsettle_gateway.cli.order:order",
    "policy": "medsettle_gateway.cli.policy:policy",
    "prescription": "medsettle_gateway.cli.prescription:prescription",
    "recovery": "medsettle_gateway.cli.recovery:recovery",
    "restore": "medsettle_gateway.cli.backup:restore",
    "sale": "medsettle_gateway.cli.sale:sale",
    "serve": "medsettle_gateway.cli.serve:serve",
    "settings": "medsettle_gateway.cli.settings:settings",
    "staff": "medsettle_gateway.cli.staff:staff",
    "supervision": "medsettle_gateway.cli.supervision:supervision",
    "terminal": "medsettle_gateway.cli.terminal:terminal",
    "trace": "medsettle_gateway.cli.trace:trace",
}


class _Top(click.Group):
    """Finds commands by name and says in one place what cannot be done."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        """Returns the names of all commands."""
        return sorted(_WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Returns the command of a name, or None."""
        where = _WHERE.get(cmd_name)
        if where is None:
            return None
        module, _, name = where.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Returns the context of what was typed. Raises UsageError, in both languages."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise in_both(error) from error

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; a fault of the configuration or the database ends with one clear sentence."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise in_both(error) from error
        except ConfigError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except (sqlite3.Error, DatabaseFailedError) as error:
            click.echo(f"无法写入数据库,未作任何更改({error})。", err=True)
            click.echo(f"The database cannot be written; nothing was changed ({error}).", err=True)
            ctx.exit(1)
        except CommitUnknownError as error:
            click.echo(f"数据库未答复是否已记录({error});请先查看,没有记录再执行一次。", err=True)
            click.echo(
                f"The database did not say whether it was entered ({error}): look first, and do it again if "
                "it was not.", err=True,
            )
            ctx.exit(1)


@click.group(cls=_Top, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="medsettle-gateway")
def top() -> None:
    """医保定点药店、诊所结算网关。The settlement gateway for designated pharmacies and clinics."""

"""The command `handwrite`: which commands there are, and how errors end.

A command's module is imported when the command is called, so that `handwrite --help` stays quick. What a command does
is in its module, which offers `app`, a `typer.Typer`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from handwrite import __version__
from handwrite.errors import HandwriteError

COMMANDS = {
    "synth": "Write a text by hand.",
    "styles": "List the hands, and learn yours.",
    "recognize": "Read handwriting in images.",
    "recover": "Find how the pen moved in images.",
    "data": "Make, inspect and join datasets of handwriting.",
    "train": "Train a model on datasets.",
    "evaluate": "Measure a model.",
}
"""name -> help line; the command lives in the module of its name in `handwrite.cli`."""

USAGE_ERROR = 2
INTERRUPTED = 130
UsageError: Any = typer.BadParameter.__base__
"""The parser's own kind of complaint. typer does not export it, and its home differs between releases."""


class LazyGroup(TyperGroup):
    """A group that knows its commands' names and help lines, and imports a command when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        app: typer.Typer = import_module(f"handwrite.cli.{cmd_name}").app
        app.rich_markup_mode = None
        return typer.main.get_command(app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(cls=LazyGroup, invoke_without_command=True, rich_markup_mode=None)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"handwrite {__version__}")
        raise typer.Exit


@app.callback()
def handwrite(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Handwriting as text, ink and image, and the ways between them.

    \b
    handwrite synth "Hello, world!" -o hello.svg
    handwrite recognize letter.jpg
    handwrite synth --help
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 some inputs failed, 2 wrong use or nothing done, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line and give its exit status; what a user caused becomes one line on stderr."""
    try:
        status = typer.main.get_command(app)(arguments, prog_name="handwrite", standalone_mode=False)
    except HandwriteError as error:
        return _fail(str(error))
    except UsageError as error:
        return _explain(error)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        raise  # the reader has what it wanted
    except OSError as error:
        return _fail(f"{error.filename or 'stdout'}: {error.strerror or error}")
    return status if isinstance(status, int) else 0


def _explain(error: Any) -> int:
    message = str(error.format_message())
    if message.startswith("Usage:"):  # a group called without a command answers with its help
        print(message, file=sys.stderr)
        return USAGE_ERROR
    path = error.ctx.command_path if error.ctx else "handwrite"
    return _fail(f"{message} (see `{path} --help`)")


def _fail(message: str) -> int:
    print("handwrite:", " ".join(message.split()), file=sys.stderr)
    return USAGE_ERROR

"""The command `wireroom`: one module a command, heavy imports late.

Results go to stdout, progress and warnings to stderr. Exit codes: 0 done; 1 an entry or page ended `failed`, an
`extract` line failed, or the store was away; 2 wrong use or configuration; 70 a bug (EX_SOFTWARE of sysexits.h).
"""

from __future__ import annotations

import sys
import traceback
from io import TextIOWrapper

import typer

from pipeline import __version__
from pipeline.cli import alerts, browse, check, demo, doctor, extract, replay, run, search, setup, sources
from pipeline.model import ConfigError, StoreError

__all__ = ["app", "main"]

USAGE, STORE_AWAY, BUG = 2, 1, 70

app = typer.Typer(
    name="wireroom",
    help="Regional news feeds in, clean articles searchable by actor and region out, one alert for each new story.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"wireroom {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print it.")) -> None:
    """Take the options that stand before a command."""


app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("search")(search.search)
app.command("browse")(browse.browse)
app.command("check")(check.check)
app.command("extract")(extract.extract)
app.command("sources")(sources.sources)
app.add_typer(alerts.app, name="alerts")
app.command("replay")(replay.replay)
app.command("setup")(setup.setup)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line; a mistake of a person is one sentence, a bug shows its traceback."""
    _write_every_script()
    try:
        app()
    except ConfigError as mistake:
        _end(str(mistake), USAGE)
    except StoreError as fault:
        _end(str(fault), STORE_AWAY)
    except Exception:  # noqa: BLE001 - the last line of defence: a bug is told as one
        _end(f"{traceback.format_exc()}\nThis is a bug in wireroom, not a mistake of yours.", BUG)


def _write_every_script() -> None:
    """Write UTF-8 into files and pipes, and let no letter that a terminal lacks end the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _end(message: str, code: int) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"wireroom: {message}\n")
    raise SystemExit(code)

"""`wireroom doctor`: check everything a run needs, and say what to do about each fault."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl

if TYPE_CHECKING:
    from pipeline.doctor import Findings


def doctor(
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,
) -> None:
    """Check config, store, archive, clock, destinations and Airflow's pools; exit 1 where something is at fault."""
    from pipeline.doctor import examine

    findings = examine(os.environ, config, store, archive, datetime.now(UTC))
    print_findings(findings)
    if findings.faults:
        raise typer.Exit(1)


def print_findings(findings: Findings) -> None:
    """Print a line a part, in colours by how it is."""
    from rich.text import Text

    from pipeline.cli.screen import console
    from pipeline.doctor import Mark

    colours = {Mark.SOUND: "green", Mark.NOTE: "yellow", Mark.FAULT: "bold red"}
    out = console()
    for row in findings.rows:
        line = Text(str(row))
        line.stylize(colours[row.mark], 0, len(row.mark))
        out.print(line)
    out.print(findings.verdict, style="bold")

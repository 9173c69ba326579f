"""The configuration folder, read once and checked whole: every mistake is one sentence with file, line and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.model import ConfigError
from pipeline.watchlist import Config, Region

__all__ = ["load"]


def load(folder: Path, environ: Mapping[str, str], gazetteer: Sequence[Region] = ()) -> Config:
    """Read the six files of a folder, of which any may be missing; raises ConfigError at the first mistake.

    `environ` gives the values of `${NAME}`. `gazetteer` is shipped data: its ids may be named, and its regions come
    after those of the hand list, which win. Without it an id in the form of shipped data (IQ, IQ-NI, gn-99072) passes.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: there is no such folder; make it, or name another with --config or WIREROOM_CONFIG"
        )
    from pipeline.config.folder import Folder  # brings pydantic and PyYAML, 0.1 s

    return Folder(folder, environ).config(gazetteer)

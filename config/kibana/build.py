"""`make kibana`: wireroom.ndjson with the regions of this configuration; it stays as it is where that fails."""  # noqa: INP001 - a script

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline import config, gazetteer, workspace


def main() -> None:
    """Write all of it beside the file, then put it in its place."""
    path = Path(__file__).with_name("wireroom.ndjson")
    regions = config.load(path.parents[1], os.environ, gazetteer=gazetteer.places()).regions
    fresh = path.with_suffix(".new")
    fresh.write_bytes(workspace.ndjson(regions))
    fresh.replace(path)
    sys.stdout.write(f"{path.name} holds {len(path.read_bytes().splitlines())} objects\n")


if __name__ == "__main__":
    main()

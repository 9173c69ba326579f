"""Fail when a branch of the pure ring is not covered by the tests of that ring, which just ran (`make test`)."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

from coverage import Coverage

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.house import ROOT, modules

FLOOR = 100.0


def main() -> int:
    """Print each file of the pure ring with what its tests miss; 1 where there is one."""
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        coverage.json_report(outfile=report.name)
        files = json.loads(Path(report.name).read_text())["files"]
    covered = {str((ROOT / name).resolve()): each for name, each in files.items()}
    missed = io.StringIO()
    for module in modules():
        found = covered.get(str(module.path.resolve()))
        if module.ring == "pure" and found and found["summary"]["percent_covered"] < FLOOR:
            branches = [f"{start}->{end}" for start, end in found["missing_branches"]]
            missed.write(f"{module.path.relative_to(ROOT)}: lines {found['missing_lines']} branches {branches}\n")
    total = sum(each["summary"]["covered_branches"] for each in covered.values())
    sys.stdout.write(missed.getvalue() or f"pure ring: every line and branch covered ({total} branches in all)\n")
    return 1 if missed.getvalue() else 0


if __name__ == "__main__":
    raise SystemExit(main())

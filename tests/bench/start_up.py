"""Time of `wireroom --help` against `python -c "import typer"`, pair by pair: at most 4 times."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

HELP = [sys.executable, "-m", "pipeline", "--help"]
TYPER = [sys.executable, "-c", "import typer"]
MOST = 4.0


def seconds(command: list[str]) -> float:
    """Wall time of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> int:
    """Print the median ratio; 1 where it is above the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    pairs = parser.parse_args().pairs
    seconds(HELP)
    ratios, times = [], []
    for _ in range(pairs):
        helped, bare = seconds(HELP), seconds(TYPER)
        ratios.append(helped / bare)
        times.append(helped)
    median = statistics.median(ratios)
    print(f"wireroom --help: {median:.2f} times `import typer` ({min(ratios):.2f} to {max(ratios):.2f}), bound {MOST}")
    print(f"                 {statistics.median(times):.2f} s here")
    return median > MOST


if __name__ == "__main__":
    raise SystemExit(main())

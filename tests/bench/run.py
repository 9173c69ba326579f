"""Speed and memory of `wireroom run`, as ratios taken in one run.

    python tests/bench/run.py                        # 1,000 generated pages
    python tests/bench/run.py --memory               # and the peak of 10,000 pages against that of 1,000
    python tests/bench/run.py --sources config.yaml  # against a press that is running already

Bounds: CPU seconds an article at most 1.7 times those of `trafilatura.extract` alone on the same pages (comments off,
no metadata); at least 1.6 times the articles per second of `plain_script.py`; at most 700 MB for the whole process
tree, flat from 1,000 to 10,000 pages.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CPU_MOST, SPEED_LEAST, MEMORY_MOST, GROWTH_MOST = 1.7, 1.6, 700.0, 1.15
SETTINGS = "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}\n"
ALONE = """
import sys, time, trafilatura
from pipeline.archive import Archive
from pipeline.extract.charset import decode
archive = Archive(sys.argv[1])
pages = [decode(each.page.answer.body, each.page.answer.header("content-type"), ()).text
         for file in archive.files() for each in archive.pages(file)]
trafilatura.extract("<html><body><p>the first call pays for what is loaded late</p></body></html>")
start = time.process_time()
for page in pages:
    trafilatura.extract(page, include_comments=False)
print((time.process_time() - start) / len(pages))
"""


@dataclass(frozen=True)
class Figures:
    """What one command took: wall and CPU seconds with all its children, and the peak of its tree in MB."""

    wall: float
    cpu: float
    peak: float
    output: str


def measured(command: list[str], folder: Path) -> Figures:
    """Run a command in a folder; memory is the sum of proportional set sizes, looked at ten times a second."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as process:
        peaks, done = [0.0], threading.Event()
        watcher = threading.Thread(target=watch, args=(process.pid, peaks, done))
        watcher.start()
        output = process.communicate()[0].decode()
        done.set()
        watcher.join()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{command}: exit code {process.returncode}\n{output}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figures(wall, cpu, max(peaks), output)


def watch(root: int, peaks: list[float], done: threading.Event) -> None:
    """Note the memory of a process tree until told to end."""
    while not done.wait(0.1):
        peaks.append(sum(map(proportional_set, tree(root))) / 1024)


def tree(root: int) -> Iterator[int]:
    """A process and all below it."""
    yield root
    try:
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from tree(int(child))


def proportional_set(process: int) -> int:
    """Kilobytes of a process, shared pages divided among those that share them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@contextmanager
def press(pages: int, sources: Path) -> Iterator[None]:
    """Serve generated outlets from a process of its own."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("press.py")),
        "--pages",
        str(pages),
        "--sources",
        str(sources),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def configured(folder: Path, sources: str) -> Path:
    """A folder with the shipped actors, regions and rules, and these sources."""
    config = folder / "config"
    config.mkdir()
    for name in ("actors.yaml", "regions.yaml"):
        (config / name).write_text((ROOT / "config" / name).read_text(encoding="utf-8"), encoding="utf-8")
    (config / "settings.yaml").write_text(SETTINGS)
    (config / "sources.yaml").write_text(sources, encoding="utf-8")
    return config


def wireroom_run(folder: Path) -> tuple[Figures, int]:
    """Figures of `wireroom run` there, and the number of articles it kept."""
    figures = measured([sys.executable, "-m", "pipeline", "run"], folder)
    rows = [line.split() for line in figures.output.splitlines()]
    return figures, sum(int(row[-1]) for row in rows if row[:2] == ["store", "kept"])


def compare(folder: Path, sources: str) -> bool:
    """Run both on the same press and print the ratios; tell whether all bounds hold."""
    configured(folder, sources)
    ours, kept = wireroom_run(folder)
    extract = float(measured([sys.executable, "-c", ALONE, str(folder / "var/archive")], folder).output)
    script = [
        sys.executable,
        str(Path(__file__).with_name("plain_script.py")),
        str(folder / "config/sources.yaml"),
        str(folder),
    ]
    plain = measured(script, folder)
    cpu, speed = ours.cpu / kept / extract, (kept / ours.wall) / (int(plain.output) / plain.wall)
    print(f"articles kept            {kept}, plain script {int(plain.output)}")
    print(f"CPU an article           {cpu:.2f} times trafilatura.extract alone, bound {CPU_MOST}")
    print(f"articles per second      {speed:.2f} times the plain script, bound {SPEED_LEAST}")
    print(f"peak of the process tree {ours.peak:.0f} MB, bound {MEMORY_MOST:.0f}")
    return cpu <= CPU_MOST and speed >= SPEED_LEAST and ours.peak <= MEMORY_MOST


def memory(pages: int) -> float:
    """Peak in MB of a run over so many generated pages."""
    with tempfile.TemporaryDirectory() as folder, press(pages, Path(folder) / "press.yaml"):
        configured(Path(folder), (Path(folder) / "press.yaml").read_text())
        figures, kept = wireroom_run(Path(folder))
        print(f"{pages} pages: {kept} kept, peak {figures.peak:.0f} MB, {kept / figures.wall:.1f} articles a second")
        return figures.peak


def main() -> int:
    """Print the figures; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--sources", type=Path, help="sources of a press that is running already")
    parser.add_argument("--memory", action="store_true", help="also 10,000 pages against 1,000")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.sources:
            sound = compare(folder, args.sources.read_text(encoding="utf-8"))
        else:
            with press(args.pages, folder / "press.yaml"):
                sound = compare(folder, (folder / "press.yaml").read_text())
    if args.memory:
        small, large = memory(1_000), memory(10_000)
        print(f"peak of 10,000 pages     {large / small:.2f} times that of 1,000, bound {GROWTH_MOST}")
        sound &= large <= MEMORY_MOST and large / small <= GROWTH_MOST
    return not sound


if __name__ == "__main__":
    raise SystemExit(main())

"""The command line as tests type it: in this process, or as a process of its own where only that tells the truth."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Thread
from typing import Any

from pipeline.cli import main
from pipeline.model import Article, Outlet
from pipeline.stores.sqlite import SqliteStore
from tests.house import ROOT

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("WIREROOM_", "COV_"))}
SECONDS = 120  # far more than any command here takes on a busy machine


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON objects of stdout, one a line."""
        return [json.loads(line) for line in self.lines]

    @property
    def lines(self) -> list[str]:
        """The lines of stdout; only a line feed ends one."""
        return self.out.removesuffix("\n").split("\n") if self.out else []


def typed(*words: str | Path, stdin: bytes = b"") -> Typed:
    """Type a command in this process; whatever is not told in the words comes from the environment."""
    streams = [TextIOWrapper(BytesIO(held), "utf-8") for held in (stdin, b"", b"")]
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    sys.argv = ["wireroom", *map(str, words)]
    sys.stdin, sys.stdout, sys.stderr = streams
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
    out, err = (_written(stream) for stream in streams[1:])
    return Typed(code, out, err)


def _written(stream: TextIOWrapper) -> str:
    stream.flush()
    held = stream.buffer
    assert isinstance(held, BytesIO)
    return held.getvalue().decode()


def spawned(
    *words: str | Path,
    stdin: bytes = b"",
    folder: Path = ROOT,
    environ: Mapping[str, str] | None = None,
    before: str = "",
) -> Typed:
    """Type a command in a process of its own; `before` is Python that runs in it first."""
    program = ("-c", f"{before}\nfrom pipeline.cli import main\nmain()") if before else ("-m", "pipeline")
    done = subprocess.run(  # noqa: S603 - commands of our own
        [sys.executable, *program, *map(str, words)],
        input=stdin,
        cwd=folder,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT), **(environ or {})},
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    return Typed(done.returncode, done.stdout.decode(), done.stderr.decode())


def shown(*words: str | Path, width: int) -> str:
    """What a terminal of so many columns shows of a command, styles as they are sent to it."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (50, width))
    received: list[bytes] = []
    reader = Thread(target=lambda: received.extend(_until_closed(leader)))
    reader.start()
    plain = {key: value for key, value in ENVIRONMENT.items() if key not in {"COLUMNS", "LINES", "NO_COLOR"}}
    subprocess.run(  # noqa: S603 - commands of our own
        [sys.executable, "-m", "pipeline", *map(str, words)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=ROOT,
        env={**plain, "TERM": "xterm-256color"},
        check=False,
        timeout=SECONDS,
    )
    os.close(follower)
    reader.join()
    os.close(leader)
    return b"".join(received).decode().replace("\r\n", "\n")


def _until_closed(leader: int) -> Iterator[bytes]:
    """What is written into a terminal until nobody holds its other end."""
    while True:
        try:
            yield os.read(leader, 65_536)
        except OSError:  # how Linux tells it
            return


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a configuration, a store and an archive of its own."""

    folder: Path

    def write(self, **files: str) -> Desk:
        """Write files of the configuration, by their stem."""
        self.config.mkdir(exist_ok=True)
        for stem, text in files.items():
            (self.config / f"{stem}.yaml").write_text(text, encoding="utf-8")
        return self

    @property
    def config(self) -> Path:
        """The folder of its configuration."""
        return self.folder / "config"

    @property
    def database(self) -> Path:
        """The file of its store."""
        return self.folder / "wireroom.db"

    @property
    def archive(self) -> Path:
        """The folder of its archive."""
        return self.folder / "archive"

    @property
    def store(self) -> str:
        """The URL of its store."""
        return f"sqlite:///{self.database}"

    @property
    def places(self) -> tuple[str, ...]:
        """The three options that every command takes."""
        return ("--config", str(self.config), "--store", self.store, "--archive", str(self.archive))

    def typed(self, *words: str, stdin: bytes = b"") -> Typed:
        """Type a command here, in this process."""
        return typed(*words, *self.places, stdin=stdin)

    def searched(self, *words: str) -> Typed:
        """Type a search here, in this process."""
        return typed("search", *words, *self.places[:4])

    def spawned(self, *words: str, before: str = "") -> Typed:
        """Type a command here, in a process of its own."""
        return spawned(*words, *self.places, folder=self.folder, before=before)

    def shown(self, *words: str, width: int = 80) -> str:
        """What a terminal shows of a command typed here."""
        return shown(*words, *self.places, width=width)

    def opened(self) -> SqliteStore:
        """Its store; the caller closes it."""
        return SqliteStore.open(self.store)


def article(url: str, **fields: object) -> Article:
    """A stored article that is a story of its own."""
    key = sha256(url.encode()).hexdigest()
    made = Article(key, url, outlet=Outlet("desk", "The Desk", "IQ", ("en",), "private"), story=key)
    return replace(made, **fields)  # type: ignore[arg-type]  # the caller names fields of an Article

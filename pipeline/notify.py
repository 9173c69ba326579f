"""Where alerts go: a terminal, or a file of JSON lines.

A sender is called with a message; it returns when the message is accepted and raises Retry when it is not. To add
a kind of destination, add a class of senders and a line in `sender`.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import TextIO

from pipeline.alerts import Message, to_json
from pipeline.model import Retry
from pipeline.watchlist import Destination

Sender = Callable[[Message], None]

FSI, PDI = "\u2068", "\u2069"  # first strong isolate, pop directional isolate (UAX #9)
_BIDI_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset({"Cc", "Zl", "Zp"})  # control characters, line and paragraph separators
_RIGHT_TO_LEFT = frozenset({"R", "AL"})  # bidirectional classes of Hebrew, and of Arabic and its like


def senders(destinations: Iterable[Destination]) -> dict[str, Sender]:
    """A sender for each destination, by its id."""
    return {destination.id: sender(destination) for destination in destinations}


def sender(destination: Destination) -> Sender:
    """The sender of one destination."""
    return JsonLines(Path(destination.file)) if destination.file else Terminal(sys.stdout)


def check(destination: Destination) -> str:
    """Where a destination's alerts go, without sending one; raises Retry where they could not be written."""
    if not destination.file:
        return "printed on the terminal"
    path = Path(destination.file)
    try:
        nearest = next(each for each in (path, *path.absolute().parents) if each.exists())
        fits = nearest.is_file() if nearest == path else nearest.is_dir()
    except OSError as error:
        raise Retry(f"cannot append to {path}: {error.strerror or error}") from error
    if not fits:
        raise Retry(f"cannot append to {path}: {nearest} is in the way")
    if not os.access(nearest, os.W_OK):
        raise Retry(f"cannot append to {path}: no right to write to {nearest}")
    return f"appended to {path}"


class Terminal:
    """Prints an alert as a few lines of plain text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, message: Message) -> None:
        """Print it; what the terminal's character set lacks becomes "?"."""
        charset = self._stream.encoding or "utf-8"
        try:
            self._stream.write(plain(message).encode(charset, "replace").decode(charset))
            self._stream.flush()
        except OSError as error:
            raise Retry(f"the terminal takes no text: {error.strerror or error}") from error


class JsonLines:
    """Appends an alert as one JSON object a line; one that comes twice has the same `id`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, message: Message) -> None:
        """Append in one write and wait for the disk; the folder is created."""
        line = f"{to_json(message)}\n".encode("utf-8", "replace")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+", buffering=0) as file:
                text = b"\n" + line if _is_torn(file) else line
                if file.write(text) < len(text):
                    raise Retry(f"cannot append to {self._path}: only a part of the line found room")
                os.fsync(file.fileno())
        except OSError as error:
            raise Retry(f"cannot append to {self._path}: {error.strerror or error}") from error


def _is_torn(file: FileIO) -> bool:
    """Whether the last line has no end, since its writer found no room for it."""
    if not file.seek(0, os.SEEK_END):
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def plain(message: Message) -> str:
    """A message as lines of plain text, an empty one at the end, with no control character of a stranger's."""
    named = f": {readable(message.actor_name)}, named {readable(message.alias)}" if message.actor else ""
    origin = ", ".join(filter(None, (message.outlet_country, message.outlet_affiliation)))
    outlet = readable(message.outlet_name) + (f" ({readable(origin)})" if origin else "")
    lines = (
        f"ALERT {message.rule}{named}",
        readable(message.title),
        readable(message.sentence) if message.sentence != message.title else "",
        f"{outlet}, published {_utc(message.published_at)}, seen {_utc(message.seen_at)} UTC",
        readable(message.url),
    )
    return "\n  ".join(filter(None, lines)) + "\n\n"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def readable(text: str) -> str:
    """A stranger's text on one line, controls out; what runs from right to left is isolated from its surroundings."""
    clean = "".join(" " if unicodedata.category(char) in _BREAKS else char for char in text if char not in _BIDI_MARKS)
    line = " ".join(clean.split())
    runs_left = any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in line)
    return f"{FSI}{line}{PDI}" if runs_left else line

"""A YAML file as plain values, with the line of every key: YAML 1.2 as people mean it, so `NO` and `22:00` are text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn, Protocol

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from pipeline.model import ConfigError

Plain = str | float | bool | None | tuple["Plain", ...] | dict[str, "Plain"]
"""What YAML holds: lists are tuples."""

Where = tuple[str | int, ...]
"""The way to a value: keys and list positions, from 0."""

# The YAML 1.2 core schema (yaml.org/spec/1.2.2, section 10.3), narrowed where it would surprise: a number with a
# leading zero, hexadecimal or octal, is text, since no key of ours wants one and an id may look like one.
WORDS: Mapping[str, bool | None] = MappingProxyType(
    dict.fromkeys(("", "~", "null", "Null", "NULL"))
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
TEXT_TAG = "tag:yaml.org,2002:str"
DEEPEST = 50  # levels; the files people write have six, and each level costs one of Python's frames
DIGITS = 18  # an integer of more is text: no setting needs it, and it would overflow dates and databases
LINE_BREAK = b"\n"


@dataclass(frozen=True, slots=True)
class File:
    """One file of the configuration folder, read."""

    path: Path
    value: Plain
    lines: Mapping[Where, int] = field(repr=False)  # from 1; of a key where there is one, else of the value

    def error(self, where: Where, problem: str) -> ConfigError:
        """The sentence for a mistake at `where`; a missing key is told with the line of what lacks it."""
        return mistake(self.path, self.line(where), spelled(self.path, where), problem)

    def line(self, where: Where) -> int:
        """The line of the value, or of the nearest that holds it."""
        return next(self.lines[where[:end]] for end in range(len(where), -1, -1) if where[:end] in self.lines)

    def under(self, key: str) -> File:
        """The same file as if its value stood under one key."""
        lines = {(): 1} | {(key, *where): line for where, line in self.lines.items()}
        return File(self.path, {key: self.value}, lines)


def mistake(path: Path, line: int, key: str, problem: str) -> ConfigError:
    """One sentence: file, line, key and what is wrong."""
    return ConfigError(f"{path}, line {line}{f', {key}' if key else ''}: {problem}")


def spelled(path: Path, where: Where) -> str:
    """`rules[2].send`: a file that is one list lends its name to the list."""
    root = path.stem if where and isinstance(where[0], int) else ""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return (root + "".join(steps)).removeprefix(".")


def read(path: Path) -> File:
    """Read one file; raises ConfigError where it cannot be read or is not YAML."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); check that it is a file and its rights"
        ) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(LINE_BREAK, 0, error.start) + 1
        raise mistake(path, line, "", "the file is not UTF-8; save it in that encoding") from None
    return parse(path, text)


def parse(path: Path, text: str) -> File:
    """The values of a text; `path` is only what messages call it. Raises ConfigError where it is not YAML."""
    if found := UNPRINTABLE.search(text):
        problem = f"holds the control character U+{ord(found[0]):04X}; delete it"
        raise mistake(path, text.count("\n", 0, found.start()) + 1, "", problem)
    composer = Composer(path, text)
    try:
        value = composer.document()
    except yaml.MarkedYAMLError as error:
        problem = f"this is not YAML ({error.problem}); check quotes, brackets, colons, tabs and indentation"
        raise mistake(path, line_at(error.problem_mark), "", problem) from None
    return File(path, value, composer.lines)


class Mark(Protocol):
    """What PyYAML says of a place; its two parsers have a class each."""

    line: int  # from 0


def line_at(mark: Mark | None) -> int:
    """The line of a mark, from 1."""
    return mark.line + 1 if mark else 1


class Composer:
    """Turns the events of PyYAML's parser into values, and keeps lines, which its own constructor forgets."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.events: Iterator[Event] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.lines: dict[Where, int] = {(): 1}
        self.anchors: dict[str, Plain] = {}

    def document(self) -> Plain:
        """The one document of the text; None where it is empty."""
        next(self.events)  # the stream starts
        if isinstance(next(self.events), StreamEndEvent):
            return None
        event = next(self.events)
        self.lines[()] = line_at(event.start_mark)
        value = self.compose(event, ())
        next(self.events)  # the document ends
        if not isinstance(event := next(self.events), StreamEndEvent):
            self.refuse(event, (), "a second document begins here; one file holds one, so take the line --- out")
        return value

    def compose(self, event: Event, where: Where) -> Plain:
        """The value that begins with this event."""
        if isinstance(event, AliasEvent):
            if event.anchor not in self.anchors:
                self.refuse(event, where, f"*{event.anchor} names nothing that stands complete above it")
            return self.anchors[event.anchor]
        if len(where) > DEEPEST:
            self.refuse(event, (), f"more than {DEEPEST} levels inside each other; check the brackets")
        value = self.scalar(event, where) if isinstance(event, ScalarEvent) else self.collection(event, where)
        if isinstance(event, NodeEvent) and event.anchor:
            self.anchors[event.anchor] = value
        return value

    def scalar(self, event: ScalarEvent, where: Where) -> Plain:
        """A plain scalar means what YAML 1.2 says, a quoted one is text."""
        if event.tag not in (None, TEXT_TAG):
            self.refuse(event, where, f"the tag {event.tag} is not known here; write the plain value")
        return resolved(event.value) if event.implicit[0] else event.value

    def collection(self, event: Event, where: Where) -> Plain:
        """The list or mapping that begins here."""
        if isinstance(event, CollectionStartEvent) and event.tag:
            self.refuse(event, where, f"the tag {event.tag} is not known here; leave it out")
        return self.sequence(where) if isinstance(event, SequenceStartEvent) else self.mapping(where)

    def sequence(self, where: Where) -> tuple[Plain, ...]:
        """The items up to the end of the list."""
        items: list[Plain] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            place = (*where, len(items))
            self.lines[place] = line_at(event.start_mark)
            items.append(self.compose(event, place))
        return tuple(items)

    def mapping(self, where: Where) -> dict[str, Plain]:
        """The keys, always text and each once, with their values."""
        items: dict[str, Plain] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                self.refuse(
                    event, where, "a key has to be a word; put quotes around one that begins with * or & or a bracket"
                )
            place = (*where, event.value)
            if event.value in items:
                self.refuse(event, place, f"this key stands twice, first on line {self.lines[place]}; keep one of them")
            self.lines[place] = line_at(event.start_mark)
            items[event.value] = self.compose(next(self.events), place)
        return items

    def refuse(self, event: Event, where: Where, problem: str) -> NoReturn:
        """Stop with a mistake at this event."""
        raise mistake(self.path, line_at(event.start_mark), spelled(self.path, where), problem)


def resolved(plain: str) -> str | float | bool | None:
    """What a plain scalar means under the rules at the top."""
    if plain in WORDS:
        return WORDS[plain]
    if INTEGER.fullmatch(plain):
        return int(plain) if len(plain) <= DIGITS else plain
    return float(plain) if FLOAT.fullmatch(plain) else plain

"""One clause for a value that does not fit: what was expected, what was found, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pipeline.config.file import Where
from pipeline.config.values import meant, quoted

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

TEXT, LIST, KEYS, TRUTH = "text", "a list", "keys with values", "true or false"
EXPECTED = MappingProxyType(
    {
        "string_type": TEXT,
        "tuple_type": LIST,
        "dict_type": KEYS,
        "model_type": KEYS,
        "bool_type": TRUTH,
        "int_type": "a whole number",
        "float_type": "a number",
    }
)
QUOTES = (
    (bool | int | float, "; put quotes around it"),
    (dict, "; put quotes around a text that holds a colon"),
    (tuple, "; put quotes around a text in brackets"),
)
SECRET = frozenset({"headers", "proxy"})  # keys whose values no message repeats
YES = MappingProxyType({"yes": "true", "on": "true", "no": "false", "off": "false"})
KEY_OF_A_MAPPING = "[key]"  # how pydantic marks that the key is wrong, not its value


def place(error: ErrorDetails) -> Where:
    """The way to what is wrong; for an unknown key, to that key."""
    where = tuple(step for step in error["loc"] if step != KEY_OF_A_MAPPING)
    return (*where, error["ctx"]["key"]) if error["type"] == "unknown_key" else where


def problem(error: ErrorDetails) -> str:
    """The clause for one of pydantic's errors."""
    kind, context, found = error["type"], error.get("ctx", {}), error["input"]
    if kind == "unknown_key":
        return unknown(context)
    if kind == "missing":
        return "this key is required and missing; add it"
    if kind == "value_error":
        return str(context["error"])
    if kind in EXPECTED:
        return mistyped(EXPECTED[kind], found, shown=SECRET.isdisjoint(error["loc"]))
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        return f"expected one of {', '.join(words)}, found {spelled(found)}{meant(str(found), words)}"
    return f"expected {bounds(kind, context)}, found {spelled(found)}"


def unknown(context: Mapping[str, Any]) -> str:
    """The clause for a key that nobody knows."""
    return f"this key is not known{meant(context['key'], context['known'])}; known are {', '.join(context['known'])}"


def mistyped(expected: str, found: object, *, shown: bool) -> str:
    """The clause for a value of another type."""
    remedy = ""
    if expected == TEXT:
        remedy = next((quotes for kind, quotes in QUOTES if isinstance(found, kind)), "")
    elif expected == TRUTH and str(found).lower() in YES:
        remedy = f"; write {YES[str(found).lower()]}"
    elif expected == LIST and isinstance(found, str) and shown:
        remedy = f"; write [{found}]"
    return f"expected {expected}, found {spelled(found) if shown else 'another type'}{remedy}"


def bounds(kind: str, context: Mapping[str, Any]) -> str:
    """What a number, a list or a pattern would have to be."""
    if kind == "string_pattern_mismatch":
        return "a Wikidata id such as Q271110"
    if kind == "too_short":
        return "at least one entry"
    return f"at least {context['ge']:g}" if "ge" in context else f"at most {context['le']:g}"


def spelled(found: object) -> str:
    """What stands in the file, in a word or two."""
    if isinstance(found, str):
        return quoted(found)
    if isinstance(found, dict):
        return KEYS
    if isinstance(found, tuple):
        return LIST if found else "an empty list"
    return "nothing" if found is None else str(found).lower()

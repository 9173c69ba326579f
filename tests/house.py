"""The house as its tests see it: the modules of `pipeline/` and what each imports, read from the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
RINGS = {
    "words": {"model", "urls", "watchlist"},
    "pure": {
        "alerts",
        "annotate",
        "audit",
        "boilerplate",
        "clean",
        "dedupe",
        "document",
        "excerpt",
        "extract",
        "feeds",
        "fold",
        "intake",
        "language",
        "match",
        "query",
        "records",
        "revision",
        "schedule",
        "shards",
        "workspace",
    },
    "edge": {"archive", "config", "fetch", "gazetteer", "kibana", "notify", "stores"},
    "wire": {"browse", "checkpoints", "cli", "doctor", "flow", "newsroom", "opening", "readers"},
}


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, the noun below `pipeline` that it belongs to, and its tree."""

    name: str
    noun: str
    path: Path
    tree: ast.Module

    @property
    def ring(self) -> str:
        """The ring its noun is listed in; "" where it is in none."""
        return next((ring for ring, nouns in RINGS.items() if self.noun in nouns), "")

    def imports(self, *, late: bool = True) -> Iterator[tuple[int, str]]:
        """Line and dotted name of every import; without `late` those that run when the module is imported."""
        guarded = {id(each) for node in self.tree.body if _is_type_checking(node) for each in ast.walk(node)}
        for node in ast.walk(self.tree) if late else self.tree.body:
            if id(node) in guarded and not late:
                continue
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All functions and methods, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def lines_of_code(path: Path, part: ast.stmt | None = None) -> int:
    """Lines of a file, or of a statement in it, that hold code: no blank lines, comments or docstrings."""
    source = path.read_text(encoding="utf-8")
    tree = part or ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        line
        for each in ast.walk(tree)
        if isinstance(each, documented) and ast.get_docstring(each, clean=False) is not None
        for line in range(each.body[0].lineno, (each.body[0].end_lineno or 0) + 1)
    }
    first, last = (part.lineno, part.end_lineno) if part else (1, None)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in docs
        for number, line in enumerate(source.splitlines()[first - 1 : last], first)
    )


def _is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    found = []
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        noun = parts[1] if len(parts) > 1 else ""
        found.append(Module(name, noun.strip("_"), path, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)

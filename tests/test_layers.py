"""Imports go inward only: words, pure, edge, wire."""

from __future__ import annotations

import pytest

from tests.house import RINGS, Module, modules

ORDER = tuple(RINGS)
OUTSIDE_THE_RINGS = {"init", "main"}  # the package's own docstring, and `python -m pipeline`
FORBIDDEN_TO_THE_PURE = {
    "asyncio",
    "elasticsearch",
    "fsspec",
    "httpcore",
    "httpx",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "requests",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "urllib.request",
    "warcio",
}


def named(module: Module) -> str:
    return module.name


def own(imported: str) -> str:
    """The noun of our own that is imported, "" for others'."""
    parts = imported.split(".")
    return parts[1] if parts[0] == "pipeline" and len(parts) > 1 and not parts[1].startswith("__") else ""


@pytest.mark.parametrize("module", modules(), ids=named)
def test_every_module_belongs_to_a_ring(module: Module) -> None:
    assert module.ring or module.noun in OUTSIDE_THE_RINGS, f"{module.name}: list it in tests/house.py"


@pytest.mark.parametrize("module", [each for each in modules() if each.ring], ids=named)
def test_no_ring_imports_outward(module: Module) -> None:
    allowed = set().union(*(RINGS[ring] for ring in ORDER[: ORDER.index(module.ring) + 1]))
    outward = [(line, name) for line, name in module.imports() if own(name) and own(name) not in allowed]

    assert outward == [], f"{module.name} ({module.ring}) imports outward"


@pytest.mark.parametrize("module", [each for each in modules() if each.ring == "edge"], ids=named)
def test_no_edge_imports_another_edge(module: Module) -> None:
    others = RINGS["edge"] - {module.noun}

    assert [(line, name) for line, name in module.imports() if own(name) in others] == []


@pytest.mark.parametrize("module", [each for each in modules() if each.ring in ("words", "pure")], ids=named)
def test_what_decides_touches_no_clock_no_disk_and_no_client(module: Module) -> None:
    touched = [
        (line, name)
        for line, name in module.imports()
        if any(name == each or name.startswith(f"{each}.") for each in FORBIDDEN_TO_THE_PURE)
    ]

    assert touched == []


def test_there_is_no_import_cycle() -> None:
    known = {module.name for module in modules()}
    graph = {
        module.name: {
            target
            for _, name in module.imports(late=False)
            for target in (name, name.rpartition(".")[0])
            if target in known and target != module.name and not module.name.startswith(f"{target}.")
        }
        for module in modules()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())

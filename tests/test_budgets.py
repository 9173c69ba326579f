"""The budgets of docs/design.md: small modules, small functions, names that say what they hold, tests in proportion."""

from __future__ import annotations

import ast
import re
from math import ceil
from pathlib import Path

from tests.house import ROOT, lines_of_code, modules

MODULE_P95, MODULE_MOST = 300, 400
FUNCTION_P95, FUNCTION_MOST = 25, 50
PARAMETERS_MOST = 6
TESTS_A_LINE = (1.2, 1.7)
NAMES_THAT_SAY_NOTHING = re.compile(r"(^|_)(utils?|helpers?|common|base|misc|manager|handler|stuff)s?($|_)")
# typer reads a command's options from its parameters, so that these count options, not parameters of ours.
COMMANDS = ROOT / "pipeline" / "cli"


def percentile_95(sizes: list[int]) -> int:
    return sorted(sizes)[ceil(len(sizes) * 0.95) - 1]


def test_modules_are_small() -> None:
    sizes = {module.name: lines_of_code(module.path) for module in modules()}

    assert {name: size for name, size in sizes.items() if size > MODULE_MOST} == {}
    assert percentile_95(list(sizes.values())) <= MODULE_P95


def test_functions_are_small() -> None:
    sizes = {
        f"{module.name}:{function.lineno} {function.name}": lines_of_code(module.path, function)
        for module in modules()
        for function in module.functions()
    }

    assert {name: size for name, size in sizes.items() if size > FUNCTION_MOST} == {}
    assert percentile_95(list(sizes.values())) <= FUNCTION_P95


def test_functions_take_few_parameters() -> None:
    def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        found = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        return len([each for each in found if each.arg not in ("self", "cls")])

    many = {
        f"{module.name}:{function.lineno} {function.name}": parameters(function)
        for module in modules()
        if COMMANDS not in module.path.parents
        for function in module.functions()
        if parameters(function) > PARAMETERS_MOST
    }
    assert many == {}


def test_names_say_what_they_hold() -> None:
    stems = [path.stem for folder in ("pipeline", "dags", "tests") for path in (ROOT / folder).rglob("*.py")]

    assert [stem for stem in stems if NAMES_THAT_SAY_NOTHING.search(stem)] == []


def test_tests_are_in_proportion_to_the_program() -> None:
    program = sum(lines_of_code(path) for path in (ROOT / "pipeline").rglob("*.py"))
    tests = sum(lines_of_code(path) for path in (ROOT / "tests").rglob("*.py") if "bench" not in path.parts)

    assert TESTS_A_LINE[0] <= tests / program <= TESTS_A_LINE[1]


def test_nothing_is_patched() -> None:
    patched = re.compile(r"mock\.patch|from unittest|import unittest|monkeypatch\.setattr")
    guilty = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__) and patched.search(path.read_text())
    ]

    assert guilty == []

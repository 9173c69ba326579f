"""The docs are true: every command, option, setting, reason and field stands there, and what stands there exists."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from pipeline.audit import FLAGS, REASONS
from pipeline.cli import app
from pipeline.config import load
from pipeline.document import document
from pipeline.model import Article
from pipeline.watchlist import Settings
from tests.house import ROOT, modules

DOCS = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
ALL = "\n".join(DOCS.values())
OPERATE = DOCS["operate.md"]
ROOT_COMMAND: Any = typer.main.get_command(app)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its name, sub-commands too."""
    for name, command in ROOT_COMMAND.commands.items():
        yield name, command
        for part, below in getattr(command, "commands", {}).items():
            yield f"{name} {part}", below


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"no heading {heading}"
    return found.group(1)


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_is_documented(name: str) -> None:
    assert f"`wireroom {name}" in section(OPERATE, "Commands")


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, option)
        for name, command in commands()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--help"
    ],
)
def test_every_option_is_documented(name: str, option: str) -> None:
    assert f"`{option}" in ALL, f"{name} {option}"


def test_every_documented_option_exists() -> None:
    known = {option for _, command in commands() for parameter in command.params for option in parameter.opts}
    told = set(re.findall(r"`(--[a-z][a-z-]*)", ALL))

    assert told - known - {"--help", "--version"} == set()


def blocks() -> Iterator[tuple[str, str]]:
    """Every line of a console block that a person would type, with the file it stands in."""
    for name, text in DOCS.items():
        for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
            yield from ((name, line[2:]) for line in block.splitlines() if line.startswith("$ "))


@pytest.mark.parametrize(("name", "line"), [each for each in blocks() if "wireroom " in each[1]])
def test_every_command_line_of_the_docs_can_be_typed(name: str, line: str) -> None:
    piece = next(each for each in line.split(" | ") if "wireroom " in each)
    words = shlex.split(piece.partition(" > ")[0], comments=True)
    words = words[words.index("wireroom") + 1 :]
    command = ROOT_COMMAND.commands[words[0]]

    context = command.make_context(words[0], list(words[1:]))

    assert context.info_name == words[0], name


@pytest.mark.parametrize("line", [line for _, line in blocks() if line.startswith("make ")])
def test_every_make_target_of_the_docs_exists(line: str) -> None:
    assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def setting_keys(settings: object, above: str = "") -> Iterator[str]:
    """Dotted names of all settings."""
    for each in fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, each.name)
        if is_dataclass(value):
            yield from setting_keys(value, f"{above}{each.name}.")
        else:
            yield f"{above}{each.name}"


@pytest.mark.parametrize("key", list(setting_keys(Settings())))
def test_every_setting_is_documented_and_shipped(key: str) -> None:
    shipped: Any = yaml.safe_load((ROOT / "config" / "settings.yaml").read_text(encoding="utf-8"))
    for part in key.split("."):
        assert part in shipped, f"config/settings.yaml lacks {key}"
        shipped = shipped[part]

    assert f"`{key}`" in section(OPERATE, "Settings")


def test_there_are_at_most_thirty_settings() -> None:
    assert len(list(setting_keys(Settings()))) <= 30


def reasons() -> Iterator[tuple[str, str]]:
    """Every reason word that the program gives, with the module that gives it."""
    for module in modules():
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") in ("Drop", "Retry", "Removed")
                and node.args
            ):
                word = node.args[-1 if getattr(node.func, "id", "") == "Removed" else 0]
                if isinstance(word, ast.Constant) and isinstance(word.value, str):
                    yield module.name, word.value


@pytest.mark.parametrize(("module", "reason"), sorted({each for each in reasons() if " " not in each[1]}))
def test_every_reason_is_documented(module: str, reason: str) -> None:
    assert f"`{reason}`" in OPERATE, module


def named_words() -> Iterator[tuple[str, str, str]]:
    """Every word that a module names in capitals, alone or several in a row: the module's noun, it, and what is said
    of it in the docstring below."""
    for module in modules():
        for node, below in pairwise([*module.tree.body, ast.Pass()]):
            if isinstance(node, ast.Assign):
                parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
                said = ast.get_docstring(ast.Module([below], [])) or ""
                yield from ((module.noun, text, said) for text in texts if re.fullmatch(r"[a-z]+(-[a-z]+)*", text))


def test_every_reason_of_a_removal_and_every_flag_is_explained_on_the_screen() -> None:
    flags = {word for _, word, said in named_words() if re.match("Flags? of an article", said)}
    reasons = {word for noun, word, _ in named_words() if noun == "clean"} - flags

    assert flags == FLAGS.keys()
    assert reasons == REASONS.keys()


@pytest.mark.parametrize("word", [*REASONS, *FLAGS])
def test_every_reason_of_a_removal_and_every_flag_is_documented(word: str) -> None:
    assert f"| `{word}` |" in section(OPERATE, "What is removed")


def test_the_example_of_lines_by_force_can_be_taken_as_it_is(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", section(OPERATE, "Lines by force"), re.DOTALL)
    (tmp_path / "boilerplate.yaml").write_text(example, encoding="utf-8")

    forced = load(tmp_path, {}).boilerplate["river-post"]

    assert forced.keep
    assert forced.drop


def test_every_file_of_the_configuration_is_documented() -> None:
    shipped = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))

    assert [name for name in shipped if f"| `{name}` |" not in section(OPERATE, "Configuration")] == []


def test_every_field_of_the_stored_article_is_documented() -> None:
    told = section(OPERATE, "The stored article")

    assert [name for name in document(Article("1", "u")) if f"`{name}`" not in told] == []


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (name, target)
        for name, text in DOCS.items()
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
        if not target.startswith("http")
    ],
)
def test_links_lead_somewhere(name: str, target: str) -> None:
    folder = ROOT if name == "README.md" else ROOT / "docs"

    assert (folder / target).exists()


def test_the_environment_that_is_read_is_documented() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "pipeline").rglob("*.py"))
    read = set(re.findall(r"\bWIREROOM_[A-Z_]+", source))

    assert {name for name in read if f"`{name}`" not in section(OPERATE, "Environment")} == set()


def test_no_path_of_one_machine_stands_in_the_docs() -> None:
    assert re.findall(r"(?:^|\s)/(?:home|root|Users)/\S+", ALL) == []


def test_the_changelog_knows_the_version() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert version
    assert f"## {version.group(1)}" in Path(ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

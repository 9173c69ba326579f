"""docker-compose.yml as the tests look at it. Docker itself does not run here."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.house import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = {name: each for name, each in SERVICES.items() if each.get("restart") == "unless-stopped"}
LATER = "WIREROOM_ES_API_KEY"  # which only Elasticsearch can make
CHOICES = {"AIRFLOW_EXECUTOR", "WIREROOM_BIND", "WIREROOM_FIRST"}  # no secrets, and each has a default
ASKED = ":?run make env"
VARIABLE = re.compile(r"(?<!\$)\$\{?(\w+)([^}]*)\}?")


def variables() -> list[tuple[str, str]]:
    """Every variable that Docker Compose puts in, with what is said of its absence."""
    without_comments = re.sub(r"(^|\s)#.*", "", TEXT)
    return VARIABLE.findall(without_comments.replace("$$", ""))


def filled(value: str, environ: Mapping[str, str]) -> str:
    """A value as Docker Compose fills it."""

    def one(found: re.Match[str]) -> str:
        name, absent = found.groups()
        return environ.get(name) or absent.removeprefix(":-")

    return VARIABLE.sub(one, value).replace("$$", "$")


def make_env(folder: Path) -> dict[str, str]:
    """What .env of a folder says after `make env`."""
    script = str(ROOT / "config" / "env.py")
    subprocess.run([sys.executable, script], cwd=folder, check=True, capture_output=True)  # noqa: S603 - ours
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def gigabytes(names: Iterable[str]) -> float:
    """What these containers may take together."""
    limits = [str(SERVICES[name]["mem_limit"]) for name in names]
    return sum(int(limit[:-1]) * {"g": 1024, "m": 1}[limit[-1]] for limit in limits) / 1024

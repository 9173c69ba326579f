"""The installer of the Makefile: uv is told what pip is told, and where uv does not do it, pip does."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house import ROOT

SCRIPT = ROOT / "config" / "install.py"
INSTALL: dict[str, Any] = runpy.run_path(str(SCRIPT))
UV = """#!{python}
import json, os, sys
json.dump([sys.argv[1:], dict(os.environ)], open({told!r}, "w"))
sys.exit(3)
"""
"""A uv that notes what it was asked, and fails."""


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("", {}),
        ("global.index-url='https://mirror.example/simple'", {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}),
        ("global.find-links='\\n/wheels\\nhttps://w.example'", {"UV_FIND_LINKS": "/wheels,https://w.example"}),
        ("global.trusted-host='a.example b.example'", {"UV_INSECURE_HOST": "a.example b.example"}),
        ("global.cert='/etc/ca.pem'\nglobal.proxy='p:1'", {"SSL_CERT_FILE": "/etc/ca.pem", "ALL_PROXY": "p:1"}),
        (":env:.no-index='1'", {"UV_OFFLINE": "1"}),
        (":env:.default-timeout='180'", {"UV_HTTP_TIMEOUT": "180"}),
        ("global.no-color='true'\nlist.index-url='https://no.example'", {}),
    ],
)
def test_uv_is_told_what_pip_is_told(listed: str, told: dict[str, str]) -> None:
    assert INSTALL["for_uv"](listed, {}) == told


def test_of_several_indexes_uv_takes_the_best_version_as_pip_does() -> None:
    told = INSTALL["for_uv"]("global.extra-index-url='https://a.example\\nhttps://b.example'", {})

    assert told == {"UV_INDEX": "https://a.example https://b.example", "UV_INDEX_STRATEGY": "unsafe-best-match"}


def test_the_nearer_setting_of_pip_wins_and_the_environment_of_uv_over_all() -> None:
    files = (
        "install.index-url='https://install.example'\nglobal.cert='/file'\nglobal.index-url='https://global.example'"
    )
    listed = f":env:.cert='/env'\n{files}"

    told = INSTALL["for_uv"](listed, {"UV_INDEX_STRATEGY": "first-index", "HOME": "/home"})

    assert told == {
        "SSL_CERT_FILE": "/env",
        "UV_DEFAULT_INDEX": "https://install.example",
        "UV_INDEX_STRATEGY": "first-index",
        "HOME": "/home",
    }
    own = {"UV_DEFAULT_INDEX": "https://own.example"}
    assert INSTALL["for_uv"](listed, own).items() >= own.items()


def test_where_uv_fails_pip_installs_the_same(tmp_path: Path) -> None:
    uv, told = tmp_path / "bin" / "uv", tmp_path / "told.json"
    uv.parent.mkdir()
    uv.write_text(UV.format(python=sys.executable, told=str(told)))
    uv.chmod(0o755)
    plain = {name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"}
    environ = {**plain, "PATH": f"{uv.parent}:{os.environ['PATH']}", "PIP_CERT": "/ca.pem"}

    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, str(SCRIPT), str(tmp_path / "venv"), "--help"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    words, seen = json.loads(told.read_text())
    python = str(tmp_path / "venv" / "bin" / "python")
    assert words == ["pip", "install", "--quiet", "--compile-bytecode", "--python", python, "--help"]
    assert seen["SSL_CERT_FILE"] == "/ca.pem"
    assert (done.returncode, done.stderr) == (0, "uv could not install that; now pip tries\n")
    assert "pip install [options]" in done.stdout

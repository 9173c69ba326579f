"""`install.py FOLDER WORDS...`: an environment of Python in a folder, with what `pip install WORDS...` puts into it.

uv installs, several times as fast as pip, and is told what pip is told of mirrors, certificates and the like. What it
cannot have or do (no uv for this platform, an index that wants a keyring), pip does.
"""  # noqa: INP001 - a script

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

SAME = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "no-index": "UV_OFFLINE",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
"""Settings of pip and the variable in which uv reads the same."""
BEST_OF_ALL = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip looks at several indexes; uv stops at the first
SECTIONS = ("global", "install", ":env:")  # of pip's settings; the later wins


def for_uv(listed: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of uv, from that of this process, which wins, and from what `pip config list` prints."""
    lines = [line.partition("=") for line in listed.splitlines()]
    told = {name: str(ast.literal_eval(value)).split() for name, _, value in lines if value}
    found = {
        variable: ("," if name == "find-links" else " ").join(told[f"{section}.{name}"])
        for section in SECTIONS
        for name, variable in SAME.items()
        if told.get(f"{section}.{name}")
    }
    return {**(BEST_OF_ALL if "UV_INDEX" in found else {}), **found, **environ}


def run(command: Sequence[str], environ: Mapping[str, str] | None = None) -> bool:
    """Whether a command did its work."""
    return subprocess.run(command, env=environ, check=False).returncode == 0  # noqa: S603 - of this file


def main(folder: str, *words: str) -> int:
    """Make the environment and install; 1 where neither could."""
    if not run([sys.executable, "-m", "venv", folder]):
        return 1
    python, uv = f"{folder}/bin/python", shutil.which("uv")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    if not uv and run([*pip, "install", "--quiet", "--only-binary=:all:", "uv"]):
        uv = f"{folder}/bin/uv"
    if uv:
        listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - as above
        quick = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        if run([*quick, *words], for_uv(listed, os.environ)):
            return 0
        sys.stderr.write("uv could not install that; now pip tries\n")
    return 0 if run([*pip, "install", "--quiet", *words]) else 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))

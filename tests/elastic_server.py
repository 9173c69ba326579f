"""A real Elasticsearch for the tests, without Docker: started as an ordinary user, secured, on free ports, never left.

    python -m tests.elastic_server run               start one and keep it until Ctrl-C
    python -m tests.elastic_server around COMMAND    run a command and beside it a server for its tests

In a test the fixtures of `conftest.py` are the way to it. `Server` is for what must not touch the shared one:

    with Server(heap="512m") as server:
        server.kill()       # as a power cut would
        server.start()      # on the same data, at the same URL
"""

from __future__ import annotations

import argparse
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.elastic_keeper import Plan
from tests.elastic_parts import (
    RELEASES,
    TESTED,
    Release,
    Unavailable,
    home_of,
    jdk,
    locked,
    ordinary_user,
    put_together,
)

KEEPER = Path(__file__).with_name("elastic_keeper.py")
CLUSTER = "wireroom-tests"
GIVEN = "WIREROOM_TEST_ES"  # the URL of a server to use, user and password in it
NOTE = "WIREROOM_TEST_ES_NOTE"  # the file in which `around` tells of its server
RELEASE = "WIREROOM_TEST_ES_RELEASE"  # the version that tests start, where it is not TESTED
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkKyVR7TFlTzdYSOi
M47B2fmHAMCZXshXbMfChp6t2BChRANCAAR2iheRSJVxf7SW18mq8knQfBwHxqMc
4/0BOK9av6XKxJoqSUkPTonqAORCJ8FrRMxuPG5OEDCzrS3tXRPeyluo
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBojCCAUigAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA53aXJlcm9v
bS10ZXN0czAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOd2lyZXJvb20tdGVzdHMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR2
iheRSJVxf7SW18mq8knQfBwHxqMc4/0BOK9av6XKxJoqSUkPTonqAORCJ8FrRMxu
PG5OEDCzrS3tXRPeyluoo38wfTAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEw
DwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAoQwHQYDVR0OBBYEFAwoCwCX
QCcPSK8KNwB8t0anVhlEMB8GA1UdIwQYMBaAFAwoCwCXQCcPSK8KNwB8t0anVhlE
MAoGCCqGSM49BAMCA0gAMEUCIQDwViqRRfnyebI5c3HRoAvmVw/ns/TALRyuuI5q
dRmBuQIgfeWgVfhiZPWmx76XJMS6fGaANZ0yyeA9WE60Ss9m3D0=
-----END CERTIFICATE-----
"""
SETTINGS = """\
cluster.name: {cluster}
cluster.max_shards_per_node: 10000
cluster.routing.allocation.disk.threshold_enabled: false
discovery.type: single-node
http.port: {http}
transport.port: {transport}
network.host: 127.0.0.1
path.data: {folder}/data
path.logs: {folder}/logs
xpack.security.enabled: true
xpack.security.http.ssl.enabled: {tls}
"""
TLS = "xpack.security.http.ssl: {key: tls.key, certificate: tls.crt}\n"
PATIENCE = 180  # seconds a server may take to start on a busy machine; 13 on two free cores
SHORT_LIFE = "-XX:TieredStopAtLevel=1"  # Java's second compiler off: a start takes 17 seconds of processor, not 29
BETWEEN_LOOKS = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers, and to whom. `ca` is the file of the authority that signed its certificate, or ""."""

    url: str  # without user and password
    user: str = "elastic"
    password: str = ""
    ca: str = ""

    @classmethod
    def of(cls, whole: str) -> Address:
        """From a URL with user and password in it."""
        parts = urlsplit(whole)
        return cls(f"{parts.scheme}://{parts.hostname}:{parts.port}", parts.username or "", parts.password or "")

    @property
    def whole(self) -> str:
        """The URL with user and password in it."""
        return self.url.replace("://", f"://{self.user}:{self.password}@")

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of the answer to one request; OSError where nobody answers."""
        parts, sent = urlsplit(self.url), None if body is None else json.dumps(body)
        host = f"{parts.hostname}:{parts.port}"
        context = ssl.create_default_context(cafile=self.ca or None) if parts.scheme == "https" else None
        connection = (
            http.client.HTTPSConnection(host, timeout=60, context=context)
            if context
            else http.client.HTTPConnection(host, timeout=60)
        )
        with closing(connection):
            connection.request(method, path, sent, {"Content-Type": "application/json", **self._credentials()})
            answer = connection.getresponse()
            text = answer.read()
        return answer.status, json.loads(text) if text else None

    def _credentials(self) -> dict[str, str]:
        return {"Authorization": f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"}


class Server:
    """One server with data of its own, which are deleted when it is closed, or when this process ends, however it ends.

    Unavailable is raised with the reason where none can be had.
    """

    def __init__(
        self, release: Release = TESTED, *, heap: str = "1g", tls: bool = False, java: str = SHORT_LIFE
    ) -> None:
        home, self._home = jdk(release.java), put_together(release)
        self.release = release
        self._tls = tls
        owner = ordinary_user(self._home.parent)
        self._folder, lock = folder_of_its_own(self._home.parent / "servers")
        self._config = self._folder / "config"
        self._transport, port = free_ports()
        self.address = Address(
            f"{'https' if tls else 'http'}://127.0.0.1:{port}",
            password=secrets.token_hex(16),
            ca=str(self._config / "tls.crt") if tls else "",
        )
        environ = {
            "PATH": os.environ["PATH"],
            "ES_JAVA_HOME": str(home),
            "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap} {java}",
            "ES_PATH_CONF": str(self._config),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "HOME": str(self._folder),
        }
        self._plan = Plan(str(self._folder), [str(self._home / "bin" / "elasticsearch")], environ, *owner)
        self._keeper = subprocess.Popen(  # noqa: S603 - a program of our own
            [sys.executable, "-I", str(KEEPER), str(self._plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            pass_fds=[lock],
        )
        os.close(lock)

    def __enter__(self) -> Self:
        try:
            self._configure()
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def _configure(self) -> None:
        """Write its settings, give them to whom it runs as, set the password."""
        shutil.copytree(self._home / "config", self._config)
        (self._config / "jvm.options.d").mkdir(exist_ok=True)
        (self._folder / "tmp").mkdir()
        port = urlsplit(self.address.url).port
        told = {"cluster": CLUSTER, "folder": self._folder, "http": port, "transport": self._transport}
        settings = SETTINGS.format(**told, tls=str(self._tls).lower()) + TLS * self._tls
        (self._config / "elasticsearch.yml").write_text(settings)
        (self._config / "tls.key").write_text(KEY)
        (self._config / "tls.crt").write_text(CERTIFICATE)
        for path in (self._folder, *self._folder.rglob("*")):
            os.chown(path, self._plan.user, self._plan.group)
        done = subprocess.run(  # noqa: S603 - a program of the server
            [str(self._home / "bin" / "elasticsearch-keystore"), "add", "--force", "--stdin", "bootstrap.password"],
            input=self.address.password,
            env=dict(self._plan.environ),
            **self._plan.identity,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable(f"Elasticsearch was given no password: {(done.stderr or done.stdout).strip()}")

    def start(self) -> Self:
        """Start it on the data it has and wait until it answers."""
        self._keep("start")
        until, password = time.monotonic() + PATIENCE, {"password": self.address.password}
        while self._keep("look") == "up" and time.monotonic() < until:
            with suppress(OSError, http.client.HTTPException):
                # A server that answers says 401 for a moment while its index of users is made, in the background, or
                # opened again. That something was written into it proves that it is there.
                if self.address.ask("POST", "/_security/user/elastic/_password", password)[0] == http.HTTPStatus.OK:
                    return self
            time.sleep(BETWEEN_LOOKS)
        log = (self._folder / "output.log").read_text(errors="replace").splitlines()
        told = next((line for line in log if "ERROR" in line), " ".join(log[-1:]))
        raise Unavailable(f"Elasticsearch {self.release.version} did not start: {told[:500]}")

    def kill(self) -> None:
        """End it without a warning; its data stay as they are."""
        self._keep("kill")

    def stop(self) -> None:
        """End it in order; its data stay."""
        self._keep("stop")

    def close(self) -> None:
        """End it and delete its data; once is enough, twice is no mistake."""
        self._keeper.communicate()

    def _keep(self, word: str) -> str:
        assert self._keeper.stdin
        assert self._keeper.stdout
        self._keeper.stdin.write(f"{word}\n")
        self._keeper.stdin.flush()
        return self._keeper.stdout.readline().strip()


def folder_of_its_own(servers: Path) -> tuple[Path, int]:
    """A new folder and its lock, which the keeper inherits; folders whose keeper is dead are deleted."""
    servers.mkdir(mode=0o755, exist_ok=True)
    with locked(servers.with_suffix(".lock")):
        for left in servers.iterdir():
            with suppress(OSError), (left / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
        folder = Path(tempfile.mkdtemp(dir=servers))
        descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return folder, descriptor


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def running() -> Iterator[Address]:
    """The server to test against: the one that is given, that of `around`, or one from the cache for these tests."""
    if whole := os.environ.get(GIVEN):
        yield Address.of(whole)
    elif note := os.environ.get(NOTE):
        with Path(note).open() as opened:
            fcntl.flock(opened, fcntl.LOCK_SH)  # held by `around` until it knows
            told = json.loads(opened.read() or '{"reason": "the process that should start Elasticsearch is gone"}')
        if "reason" in told:
            raise Unavailable(told["reason"])
        yield Address.of(told["url"])
    elif home_of(release()).is_dir():
        with Server(release()) as server:
            yield server.address
    else:
        raise Unavailable(f"no Elasticsearch to test against: `make es` starts one, {GIVEN}=URL names one")


def release() -> Release:
    """The release that tests are run with."""
    return RELEASES[os.environ.get(RELEASE, TESTED.version)]


def clear(address: Address, prefix: str = "") -> None:
    """Delete all that is Wireroom's: indices, templates, API keys; where a prefix is given, those that bear it."""
    held = ours(address, prefix)
    for number in range(0, len(held), 40):  # names a request: its line may have 4,096 bytes
        address.ask("DELETE", "/" + ",".join(held[number : number + 40]))
    for each in address.ask("GET", "/_index_template")[1]["index_templates"]:
        if each["name"].startswith(prefix or ("wireroom", "news")):
            address.ask("DELETE", f"/_index_template/{each['name']}")
    keys = address.ask("GET", f"/_security/api_key?name={prefix}wireroom*&active_only=true")[1]["api_keys"]
    if keys:
        address.ask("DELETE", "/_security/api_key", {"ids": [each["id"] for each in keys]})


def ours(address: Address, prefix: str = "") -> list[str]:
    """The names of all indices that are Wireroom's."""
    names = f"{prefix}*" if prefix else "news*,wireroom*"
    return [each["index"] for each in address.ask("GET", f"/_cat/indices/{names}?format=json&expand_wildcards=all")[1]]


def run(started: Release) -> None:
    """Keep a server until Ctrl-C."""
    with suppress(KeyboardInterrupt), Server(started) as server:
        address = server.address
        sys.stdout.write(
            f"Elasticsearch {started.version} is ready. Ctrl-C stops it and deletes its data.\n"
            f"  URL       {address.url}\n  user      {address.user}\n  password  {address.password}\n"
            f"For the tests of another terminal:\nexport {GIVEN}={address.whole}\n"
        )
        sys.stdout.flush()
        signal.pause()


def around(command: Sequence[str], started: Release) -> int:
    """Run a command, start a server beside it, tell its tests of it; the exit code of the command."""
    if os.environ.get(GIVEN):
        return subprocess.run(command, check=False).returncode  # noqa: S603 - the developer's own
    with tempfile.NamedTemporaryFile("w", prefix="wireroom-es-") as note, ExitStack() as stack:
        fcntl.flock(note, fcntl.LOCK_EX)
        environ = {**os.environ, NOTE: note.name, RELEASE: started.version}
        process = subprocess.Popen(command, env=environ)  # noqa: S603 - the developer's own
        with suppress(KeyboardInterrupt):  # which the command gets too
            try:
                told = {"url": stack.enter_context(Server(started)).address.whole}
            except Unavailable as error:
                told = {"reason": str(error)}
            json.dump(told, note)
            note.flush()
            fcntl.flock(note, fcntl.LOCK_UN)
            return process.wait()
        return process.wait()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.elastic_server", description=__doc__.partition("\n")[0])
    parser.add_argument("--release", choices=RELEASES, default=TESTED.version)
    parser.add_argument("what", choices=["run", "around"])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    told = parser.parse_args()
    try:
        if told.what == "around":
            return around(told.command, RELEASES[told.release])
        run(RELEASES[told.release])
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

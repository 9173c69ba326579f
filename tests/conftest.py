"""What tests need of this machine: where it is missing they are skipped with the reason; in CI they fail."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest
from coverage import Coverage

from tests.elastic_parts import Unavailable, locked
from tests.elastic_server import CLUSTER, Address, Server, clear, release, running
from tests.house import RINGS

FIXTURES = {"elastic", "elastic_prefix", "own_elastic", "whole_server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, for `-m es`; a test that asks for one by `getfixturevalue` marks itself.

    Tests that are traced come first: what is worked out once a process has to be worked out under their eyes.
    """
    items.sort(key=lambda item: not is_traced(item))
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.es)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Only tests of the pure ring are traced: the floor of coverage is that ring's, and tracing costs as much again as
    the tests themselves."""
    stopped = list[Coverage]()
    if not is_traced(item):
        while tracing := Coverage.current():  # a worker has two, of which pytest-cov knows one
            tracing.stop()
            stopped.append(tracing)
    try:
        return (yield)
    finally:
        for tracing in reversed(stopped):
            tracing.start()


def is_traced(item: pytest.Item) -> bool:
    """Whether a test is of a noun of the pure ring."""
    return item.path.parent.name == "tests" and item.path.stem.removeprefix("test_").partition("_")[0] in RINGS["pure"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test of Airflow needs it installed."""
    if item.get_closest_marker("airflow"):
        airflow_installed()


def airflow_installed() -> None:
    """Give up where Apache Airflow is not installed."""
    if find_spec("airflow") is None:
        give_up("Apache Airflow is not installed: pip install 'wireroom[airflow]'")


def give_up(reason: object) -> NoReturn:
    """Skip on a developer's machine, fail in CI."""
    if os.environ.get("WIREROOM_CI") == "1":
        pytest.fail(f"{reason}", pytrace=False)
    pytest.skip(f"{reason}")


@pytest.fixture(scope="session")
def elastic() -> Iterator[Address]:
    """The server that all tests share: names on it are free below `elastic_prefix` only."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(running())
        except Unavailable as reason:
            give_up(reason)
        yield address


@pytest.fixture(scope="session")
def elastic_prefix(elastic: Address) -> Iterator[str]:
    """What the names of this process begin with; what bears it is deleted at the end."""
    prefix = f"t-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}-"
    yield prefix
    clear(elastic, prefix)


@contextmanager
def emptied(elastic: Address) -> Iterator[Address]:
    """The shared server with nothing of Wireroom's on it, and for one test or module alone the names that users see."""
    port = elastic.url.rpartition(":")[2]
    with locked(Path(tempfile.gettempdir(), f"wireroom-es-{port}.lock")):
        if elastic.ask("GET", "/")[1].get("cluster_name") != CLUSTER:
            give_up(f"{elastic.url} is no server of `make es`: such tests would delete what it holds of Wireroom's")
        clear(elastic)
        yield elastic
        clear(elastic)


@pytest.fixture
def whole_server(elastic: Address) -> Iterator[Address]:
    """The names that users see, on a server without anything of Wireroom's, for this test alone."""
    with emptied(elastic) as address:
        yield address


@pytest.fixture(scope="session")
def own_elastic() -> Iterator[Server]:
    """A server with TLS that tests may kill and start again; they leave it running."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(Server(release(), heap="512m", tls=True))
        except Unavailable as reason:
            give_up(reason)
        yield server

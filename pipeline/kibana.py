"""Kibana at the other end of a wire: the workspace goes in with one request, and what it answers becomes one sentence.

Shown against a recording server only: no Kibana ran where this was written. The request and the answers are those of
Elastic's page "Import saved objects".
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import BaseModel, Field, ValidationError

from pipeline.model import ConfigError, StoreError
from pipeline.watchlist import Region
from pipeline.workspace import ndjson

__all__ = ["Credentials", "import_workspace", "workspace_file"]

Credentials = str | tuple[str, str] | None
"""An API key as Elasticsearch prints it (`encoded`), or a user and a password, or nothing."""

FILE = Path("kibana", "wireroom.ndjson")
SECONDS = 60.0  # a Kibana that has just started takes its time for the first import
LONGEST_TOLD = 300  # characters of a stranger's message
NEWER = "more recent version of Kibana"  # how it says that an object's version is above its own
EXPECTED = "expected http://HOST:5601 or https://HOST, with /s/NAME behind it for a space"
REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "does not take these credentials; give WIREROOM_ES_API_KEY, or WIREROOM_ES_USERNAME and"
    " WIREROOM_ES_PASSWORD, of somebody who may log in there",
    HTTPStatus.FORBIDDEN: "does not let these credentials import; they need the privilege Saved Objects Management: All"
    " in that space",
    HTTPStatus.NOT_FOUND: "has no import at that address; give it as a browser shows it, up to before /app, with"
    " /s/NAME for a space that exists",
}


Shape = TypeVar("Shape", bound=BaseModel)


class Fault(BaseModel):
    """Why one object was refused."""

    type: str = ""
    message: str = ""


class Refusal(BaseModel):
    """An object that was refused."""

    type: str
    id: str
    error: Fault = Fault()

    @property
    def reason(self) -> str:
        """In its words."""
        return _plain(self.error.message or self.error.type)


class Imported(BaseModel):
    """What Kibana answers to an import: HTTP 200 with `success` false is a failure."""

    success: bool
    count: int = Field(alias="successCount")
    errors: tuple[Refusal, ...] = ()


class Problem(BaseModel):
    """What Kibana answers where it does not come to an import."""

    status: int = Field(alias="statusCode")
    message: str = ""


class Foreign(BaseModel):
    """How Elasticsearch speaks, which people take for Kibana."""

    error: object
    status: int


def workspace_file(folder: Path, regions: Sequence[Region]) -> bytes:
    """The workspace that a configuration folder holds; where it holds none, one that shows these regions by name.

    Raises ConfigError.
    """
    path = folder / FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return ndjson(regions)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None


def import_workspace(
    workspace: bytes,
    url: str,
    credentials: Credentials = None,
    ca: str | None = None,
    *,
    seconds: float = SECONDS,
) -> int:
    """Import saved objects into the Kibana at `url`, over those of the same ids; give how many Kibana took.

    `url` may end in the path of a space (`/s/NAME`); `ca` is a file of certificates to trust in place of the system's;
    `seconds` is how long to wait for an answer. A mistake of the person who set it up is a ConfigError; a Kibana that
    is away, busy or refuses an object is a StoreError. No message holds a secret.
    """
    address = _address(url)
    client = httpx.Client(verify=_trusted(ca), trust_env=False, timeout=seconds, headers=_headers(credentials))
    try:
        with client:
            answer = client.post(
                f"{address}/api/saved_objects/_import",
                params={"overwrite": "true"},
                files={"file": (FILE.name, workspace, "application/ndjson")},
            )
    except httpx.LocalProtocolError:  # its message would show the header
        raise ConfigError("The credentials for Kibana hold a line feed or the like, which cannot be sent.") from None
    except httpx.TransportError as error:
        raise _unreachable(address, error) from None
    return _counted(address, _imported(address, answer))


def _address(url: str) -> httpx.URL:
    """The address without a slash at its end; raises ConfigError."""
    if "@" in url:  # not shown: what stands before it is a secret
        raise ConfigError(
            "WIREROOM_KIBANA_URL: user and password do not belong into an address; WIREROOM_ES_USERNAME and"
            " WIREROOM_ES_PASSWORD hold them."
        )
    try:
        address = httpx.URL(url.strip())
    except httpx.InvalidURL:
        raise ConfigError(f"WIREROOM_KIBANA_URL {_plain(url)}: {EXPECTED}.") from None
    if address.scheme not in ("http", "https") or not address.host or address.query or address.fragment:
        raise ConfigError(f"WIREROOM_KIBANA_URL {address.copy_with(query=None, fragment=None)}: {EXPECTED}.")
    return address.copy_with(path=address.path.rstrip("/"))


def _trusted(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"WIREROOM_ES_CA {ca}: not a readable file of certificates: {error.strerror}.") from None


def _headers(credentials: Credentials) -> dict[bytes, bytes]:
    """What every request to Kibana carries; bytes, since a password may hold any letter."""
    headers = {b"kbn-xsrf": b"true"}
    if isinstance(credentials, str):
        headers[b"Authorization"] = b"ApiKey " + credentials.encode()
    elif credentials:
        headers[b"Authorization"] = b"Basic " + b64encode(":".join(credentials).encode())
    return headers


def _unreachable(address: httpx.URL, error: httpx.TransportError) -> ConfigError | StoreError:
    """What it means that there was no answer."""
    told = _plain(str(error))
    if "CERTIFICATE_VERIFY_FAILED" in told:
        return ConfigError(f"Kibana at {address}: its certificate is not trusted; name its CA in WIREROOM_ES_CA.")
    if "[SSL" in told:
        return ConfigError(f"Kibana at {address}: no TLS is spoken there; try http:// in WIREROOM_KIBANA_URL.")
    if isinstance(error, httpx.RemoteProtocolError):
        return ConfigError(f"Kibana at {address}: no HTTP is spoken there; try https:// in WIREROOM_KIBANA_URL.")
    if isinstance(error, httpx.TimeoutException):
        return StoreError(f"Kibana at {address}: no answer in time ({told}); try again in a minute.")
    return StoreError(f"Kibana at {address}: cannot be reached ({told}); start it, or give another address.")


def _imported(address: httpx.URL, answer: httpx.Response) -> Imported:
    """What the answer tells of the import; raises ConfigError and StoreError where it came to none."""
    status = answer.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise StoreError(f"Kibana at {address}: not ready, or in trouble ({status}); try again in a minute.")
    if answer.has_redirect_location:
        to = _plain(answer.headers["location"].partition("?")[0])
        raise ConfigError(f"WIREROOM_KIBANA_URL {address}: leads on to {to}; give the address of Kibana itself.")
    if answer.is_success and (imported := _read(Imported, answer)):
        return imported
    if problem := _read(Problem, answer):
        raise _refused(address, problem)
    other = "Elasticsearch does; Kibana is mostly at port 5601" if _read(Foreign, answer) else "something else does"
    raise ConfigError(f"WIREROOM_KIBANA_URL {address}: no Kibana answers there, {other}.")


def _read(shape: type[Shape], answer: httpx.Response) -> Shape | None:
    """The answer in this shape, None where it has another one."""
    try:
        return shape.model_validate_json(answer.content)
    except ValidationError:
        return None


def _refused(address: httpx.URL, problem: Problem) -> ConfigError:
    if NEWER in problem.message:
        return _older(address)
    remedy = REMEDIES.get(problem.status, f"refuses the import ({problem.status}): {_plain(problem.message)}")
    return ConfigError(f"Kibana at {address}: {remedy}.")


def _counted(address: httpx.URL, imported: Imported) -> int:
    """How many objects Kibana took; raises StoreError with the first that it did not take."""
    if imported.success:
        return imported.count
    first = next(iter(imported.errors), Refusal(type="object", id="unknown"))
    if NEWER in first.reason:
        raise _older(address)
    raise StoreError(
        f"Kibana at {address}: took {imported.count} objects and refused {len(imported.errors)}; the first is the"
        f" {_plain(first.type)} {_plain(first.id)}: {first.reason}."
    )


def _older(address: httpx.URL) -> ConfigError:
    return ConfigError(f"Kibana at {address}: older than this workspace; Wireroom needs Kibana 8.19 or newer.")


def _plain(message: str) -> str:
    """A stranger's message on one line, not too long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in message).split())
    return line[:LONGEST_TOLD].rstrip(".") or "no reason given"

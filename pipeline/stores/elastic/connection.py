"""Where the server is, who asks, and how long a request waits for a server that went away."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from elastic_transport import (
    ConnectionError as Unreachable,
)
from elastic_transport import (
    ConnectionTimeout,
    JsonSerializer,
    TlsError,
    Transport,
    TransportApiResponse,
)
from elasticsearch import Elasticsearch

from pipeline.model import ConfigError
from pipeline.stores.elastic.faults import NO_INDEX, SCHEME, UNAVAILABLE

KEY, USER, PASSWORD = "WIREROOM_ES_API_KEY", "WIREROOM_ES_USERNAME", "WIREROOM_ES_PASSWORD"
AUTHORITY = "WIREROOM_ES_CA"
SECONDS = 30.0  # one request; a bulk of 10 MB takes below one
OVERLOADED = frozenset({429, 502, 503, 504})  # the server, or what stands before it, may do it later
STARTING = OVERLOADED | {401}  # one that has just come back knows nobody for a moment
FIRST_NAP, LONGEST_NAP = 0.1, 10.0  # seconds between two attempts, doubled each time
A_MOMENT = 5.0  # seconds: a shard that was just made or moved is there by then
EXPECTED = f"expected {SCHEME}https://host:9200"


@dataclass(frozen=True, slots=True)
class Access:
    """A server and what opens it: an API key, or a user with a password. Secrets are not shown."""

    url: str  # http or https
    key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""  # file with the certificates of the CA that signed the server's


def access(url: str, environ: Mapping[str, str]) -> Access:
    """What a store URL and the environment say; raises ConfigError where they say nothing of use."""
    address = _address(url)
    if not address or address.path.strip("/") or address.query or address.fragment:
        raise ConfigError(f"--store {_without_secret(url)}: {EXPECTED}.")
    if address.username or address.password:
        raise ConfigError(
            f"--store {_without_secret(url)}: holds a user; name it in WIREROOM_ES_USERNAME and _PASSWORD, or "
            "better a key in WIREROOM_ES_API_KEY, so that it stands in no list of processes."
        )
    key, user, password, authority = (environ.get(name, "").strip() for name in (KEY, USER, PASSWORD, AUTHORITY))
    if not (key.isascii() and key.isprintable()):
        raise ConfigError("WIREROOM_ES_API_KEY holds letters that no key has; copy it as `wireroom setup` printed it.")
    if not key and bool(user) != bool(password):
        raise ConfigError("WIREROOM_ES_USERNAME and WIREROOM_ES_PASSWORD go together: set both, or neither.")
    if authority and address.scheme == "http":
        raise ConfigError(
            f"--store {url}: without TLS the CA of WIREROOM_ES_CA vouches for nothing; say {SCHEME}https, or unset it."
        )
    return Access(f"{address.scheme}://{address.netloc}", key, user, password, authority)


def _address(url: str) -> SplitResult | None:
    """The parts of a store URL with scheme, host and port; None where one is not there."""
    with suppress(ValueError):  # the port is no number, or a bracket is left open
        address = urlsplit(url.removeprefix(SCHEME))
        if url.startswith(SCHEME) and address.scheme in {"http", "https"} and address.hostname and address.port:
            return address
    return None


def connect(to: Access, patience: float = 0.0) -> Elasticsearch:
    """A client that asks again for `patience` seconds while the server is away, overloaded or not whole.

    Nothing is asked yet. Raises ConfigError for a CA file that cannot be read.
    """
    opening: dict[str, Any] = {}
    if to.key:
        opening["api_key"] = to.key
    elif to.user:
        opening["basic_auth"] = (to.user, to.password)
    if to.authority:
        opening["ssl_context"] = _trusting(to.authority)
    client = Elasticsearch(
        to.url,
        serializer=Sound(),
        request_timeout=SECONDS,
        max_retries=0,  # the transport below is the one that asks again
        transport_class=PatientTransport,
        **opening,
    )
    be_patient(client, patience)
    return client


def be_patient(client: Elasticsearch, seconds: float) -> float:
    """Let a client of `connect` ask again for so many seconds from now on; give for how many it did."""
    transport = client.transport
    assert isinstance(transport, PatientTransport)  # noqa: S101 - `connect` named it
    before, transport.patience = transport.patience, seconds
    return before


def _trusting(authority: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        why = "it holds none" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(f"WIREROOM_ES_CA {authority}: cannot be read as certificates in PEM: {why}.") from error


class Sound(JsonSerializer):
    """JSON in UTF-8 also where a stranger's text holds half a surrogate pair, which UTF-8 cannot say."""

    def json_dumps(self, data: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
        """Such a half becomes a question mark, as in the other store."""
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


class PatientTransport(Transport):
    """Asks again, more and more slowly, until its patience ends.

    What was done already before an answer got lost is safe to ask for again: every write is create-only or
    compare-and-set, so that its repetition loses.
    """

    patience: float = 0.0  # seconds
    sleep: Callable[[float], None] = staticmethod(time.sleep)
    clock: Callable[[], float] = staticmethod(time.monotonic)

    def perform_request(self, *args: Any, **options: Any) -> TransportApiResponse:  # noqa: ANN401 - passed on as they are
        """The answer to a request, or what was wrong the last time."""
        began, nap, passing = self.clock(), FIRST_NAP, OVERLOADED
        while True:
            late = self.clock() + nap > began + self.patience  # which may end meanwhile
            try:
                answer: TransportApiResponse = super().perform_request(*args, **options)
            except TlsError:  # a certificate is as wrong the next time
                raise
            except (Unreachable, ConnectionTimeout):
                if late:
                    raise
            else:
                answer = _whole(answer)
                if late or answer.meta.status not in passing:
                    return answer
            self.sleep(nap)
            nap, passing = min(2 * nap, LONGEST_NAP), STARTING


def _whole(answer: TransportApiResponse) -> TransportApiResponse:
    """The answer; where a shard was missing that should have had its say a complaint of that, as a status 503.

    A server that has just started or is red finds nothing in such a shard, and says 200.
    """
    body: Any = answer.body
    if not isinstance(body, Mapping) or answer.meta.status != 200:  # noqa: PLR2004 - HTTP: OK
        return answer
    wrong = [each["error"] for each in body.get("docs", ()) if each.get("error", {}).get("type", NO_INDEX) != NO_INDEX]
    shards = body.get("_shards") if "hits" in body or "count" in body else None
    if shards and shards["successful"] < shards["total"]:
        wrong += [each["reason"] for each in shards.get("failures", ())]
        wrong.append({"type": "partial", "reason": f"{shards['successful']} of {shards['total']} shards answered"})
    if not wrong:
        return answer
    return TransportApiResponse(replace(answer.meta, status=UNAVAILABLE), {"error": wrong[0]})


def _without_secret(url: str) -> str:
    """The URL without what stands before an @ or behind a question mark."""
    scheme, sign, rest = url.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2].partition('?')[0]}"

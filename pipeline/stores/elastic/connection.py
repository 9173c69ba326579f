"""Where the server is, who asks, and how long a request waits for a server that went away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

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

SCHEME = "elasticsearch+"
KEY, USER, PASSWORD = "WIREROOM_ES_API_KEY", "WIREROOM_ES_USERNAME", "WIREROOM_ES_PASSWORD"
AUTHORITY = "WIREROOM_ES_CA"
SECONDS = 30.0  # one request; a bulk of 10 MB takes below one
OVERLOADED = frozenset({429, 502, 503, 504})  # the server, or what stands before it, may do it later
FIRST_NAP, LONGEST_NAP = 0.5, 10.0  # seconds between two attempts, doubled each time


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
    address = urlsplit(url.removeprefix(SCHEME))
    try:
        sound = url.startswith(SCHEME) and address.scheme in {"http", "https"} and address.hostname and address.port
    except ValueError:  # the port is no number
        sound = None
    if not sound or address.path.strip("/") or address.query or address.fragment:
        raise ConfigError(f"--store {_without_secret(url)}: expected elasticsearch+https://host:9200.")
    if address.username or address.password:
        raise ConfigError(
            f"--store {_without_secret(url)}: holds a user; name it in WIREROOM_ES_USERNAME and _PASSWORD, or "
            "better a key in WIREROOM_ES_API_KEY, so that it stands in no list of processes."
        )
    key, user, password, authority = (environ.get(name, "") for name in (KEY, USER, PASSWORD, AUTHORITY))
    if not key and bool(user) != bool(password):
        raise ConfigError("WIREROOM_ES_USERNAME and WIREROOM_ES_PASSWORD go together: set both, or neither.")
    return Access(f"{address.scheme}://{address.netloc}", key, user, password, authority)


def connect(to: Access, patience: float = 0.0) -> Elasticsearch:
    """A client that asks again for `patience` seconds while the server is away or overloaded.

    Nothing is asked yet. Raises ConfigError for a CA file that cannot be read.
    """
    opening: dict[str, Any] = {}
    if to.key:
        opening["api_key"] = to.key
    elif to.user:
        opening["basic_auth"] = (to.user, to.password)
    if to.authority:
        opening["ca_certs"] = to.authority
    try:
        client = Elasticsearch(
            to.url,
            serializer=Sound(),
            request_timeout=SECONDS,
            max_retries=0,  # the transport below is the one that asks again
            http_compress=True,
            transport_class=PatientTransport,
            **opening,
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"WIREROOM_ES_CA {to.authority}: cannot be read as certificates: {error}.") from error
    transport = client.transport
    assert isinstance(transport, PatientTransport)  # noqa: S101 - it was named three lines above
    transport.patience = patience
    return client


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
        deadline, nap = self.clock() + self.patience, FIRST_NAP
        while True:
            late = self.clock() + nap > deadline
            try:
                answer: TransportApiResponse = super().perform_request(*args, **options)
            except TlsError:  # a certificate is as wrong the next time
                raise
            except (Unreachable, ConnectionTimeout):
                if late:
                    raise
            else:
                if late or answer.meta.status not in OVERLOADED:
                    return answer
            self.sleep(nap)
            nap = min(2 * nap, LONGEST_NAP)


def _without_secret(url: str) -> str:
    """The URL without what stands before an @."""
    scheme, sign, rest = url.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}"

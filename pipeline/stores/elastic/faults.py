"""What the server, the client or the network complains of, as one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elastic_transport import (
    ConnectionError as Unreachable,
)
from elastic_transport import (
    ConnectionTimeout,
    SerializationError,
    TlsError,
    TransportError,
)
from elasticsearch import ApiError, UnsupportedProductError

from pipeline.model import ConfigError, StoreError

SCHEME = "elasticsearch+"
"""What stands before http or https in the URL of a store."""
UNAUTHORIZED, FORBIDDEN, TOO_LONG, TOO_MANY, UNAVAILABLE = 401, 403, 413, 429, 503
NO_INDEX = "index_not_found_exception"
PLAIN_HTTP = ("wrong version number", "record layer failure", "WRONG_VERSION_NUMBER", "packet length too long")
"""What OpenSSL says, by its version, where the other side does not speak TLS."""
TLS_EXPECTED = ("plaintext", "Remote end closed connection", "Connection aborted", "BadStatusLine", "IncompleteRead")
"""What a client that speaks no TLS hears of a server that expects it."""

STRANGER = "something answers there, but not Elasticsearch ({}); correct --store"
EXPLAIN = "`GET _cluster/allocation/explain`"
KEYS = "`wireroom setup` as a user makes keys for workers, readers and upkeep"


class ItemError(Exception):
    """One item of a bulk request failed as a request would, with this HTTP status and error."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(status, error)
        self.status = status
        self.body = {"error": error}


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what goes wrong with a server inside into ConfigError or StoreError; our own bugs pass as they are."""
    try:
        yield
    except (ApiError, ItemError, TransportError) as error:
        raise explain(url, error) from error


def explain(url: str, error: ApiError | ItemError | TransportError) -> ConfigError | StoreError:
    """The complaint as one sentence that names the store, the fault and the remedy."""
    if isinstance(error, UnsupportedProductError):
        return ConfigError(f"store {url}: {STRANGER.format('OpenSearch is none, either')}.")
    if isinstance(error, ApiError):
        return _answered(url, error.meta.status, error.body)
    if isinstance(error, ItemError):
        return _answered(url, error.status, error.body)
    return _unanswered(url, error)


def _answered(url: str, status: int, body: Any) -> ConfigError | StoreError:  # noqa: ANN401 - whatever answered
    kind, reason = error_kind(body), _reason(body)
    if kind == "cluster_block_exception":
        return _blocked(url, reason)
    if mistake := _mistake(status, kind, reason):
        return ConfigError(f"store {url}: {mistake}.")
    return StoreError(f"store {url} {_trouble(status, kind)} ({f'{status} {kind}: {reason}' if kind else status})")


def _mistake(status: int, kind: str, reason: str) -> str:
    """What a person has to mend where a server answered so; "" where it is none's mistake."""
    if kind == "media_type_header_exception":
        return (
            "the server is of another generation than the client; use Elasticsearch 9, or for 8.19 "
            "`pip install 'elasticsearch>=8.19,<9'`"
        )
    if status == UNAUTHORIZED:
        return (
            "refuses who asks: WIREROOM_ES_API_KEY (or _USERNAME and _PASSWORD) is missing, wrong or expired; " + KEYS
        )
    if status == FORBIDDEN:
        return f"this key or user may not do that ({reason}); {KEYS}"
    if status == TOO_LONG:
        return "it, or a proxy before it, takes no requests of 10 MB; raise its limit (nginx: client_max_body_size 20m)"
    if not kind and status < 500:  # noqa: PLR2004 - HTTP: no fault of the server
        return STRANGER.format(f"HTTP {status}")
    return ""


def _trouble(status: int, kind: str) -> str:
    if status == TOO_MANY:
        return "has more to do than it can; give it more memory, or run again later"
    if status >= 500:  # noqa: PLR2004 - HTTP: a fault of the server
        return (
            f"cannot answer: it has just started, a shard is missing ({EXPLAIN} tells why) or a proxy before it cannot "
            "reach it; mend that and run again"
        )
    if kind == "search_context_missing_exception":
        return "lost what a search was reading: it stood still for minutes, or the index was filled anew; search again"
    return "refused a request; this is a bug to report"


def _blocked(url: str, reason: str) -> StoreError:
    if "flood-stage" in reason or "read-only-allow-delete" in reason:
        return StoreError(
            f"store {url} takes no more: the server's disk is full, so it made its indices read-only; free room there "
            f"and run again, nothing is lost ({reason})"
        )
    return StoreError(f"store {url} takes nothing now: its indices are blocked; see who blocked them ({reason})")


def _unanswered(url: str, error: TransportError) -> ConfigError | StoreError:
    told = str(error.__cause__ or error)
    if isinstance(error, TlsError):
        if any(sign in told for sign in PLAIN_HTTP):
            plain = url.replace("https://", "http://")
            return ConfigError(f"store {url}: the server there speaks no TLS; use --store {SCHEME}{plain}.")
        return ConfigError(
            f"store {url}: its certificate is not trusted; name the file of its CA in WIREROOM_ES_CA ({told})."
        )
    if isinstance(error, SerializationError):
        return ConfigError(f"store {url}: {STRANGER.format('no JSON')}.")
    if isinstance(error, ConnectionTimeout):
        return StoreError(
            f"store {url} did not answer in time: it is overloaded, or a shard is missing ({EXPLAIN} tells why); mend "
            "that and run again"
        )
    if isinstance(error, Unreachable) and any(sign in told for sign in TLS_EXPECTED):
        return StoreError(
            f"store {url} broke off; if it expects TLS use --store {SCHEME}{url.replace('http://', 'https://')}, "
            "else it has just stopped: start it and run again"
        )
    return StoreError(f"store {url} cannot be reached; start it, correct --store, or run again later ({told})")


def error_kind(body: Any) -> str:  # noqa: ANN401 - whatever answered
    """The type of an error that the server named, or ""."""
    told = body.get("error") if isinstance(body, Mapping) else None
    return str(told.get("type", "")) if isinstance(told, Mapping) else ""


def _reason(body: Any) -> str:  # noqa: ANN401 - whatever answered
    told = body.get("error") if isinstance(body, Mapping) else body
    if isinstance(told, Mapping):
        causes = told.get("root_cause") or [told]
        told = causes[0].get("reason") or told.get("reason")
    return str(told or "no more is told")[:300]

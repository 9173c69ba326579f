"""What goes wrong with a server and whoever asks it: one sentence that names the store and the remedy."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from pipeline.model import Article, Changes, ConfigError, Stored, StoreError
from pipeline.query import Search, parse
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.writing import Writer, creation
from tests.elastic_server import CERTIFICATE, KEY, Address
from tests.elastic_store import client_of, opening
from tests.local_server import LocalServer, Raw, Reply, Route
from tests.trial import NOW

SECRET = "s3cr3t"  # noqa: S105 - that is the point
JSON = {"Content-Type": "application/json"}
OURS = {**JSON, "X-Elastic-Product": "Elasticsearch"}
HTML = {"Content-Type": "text/html"}


def answered(body: object, status: int = 200, headers: dict[str, str] = OURS) -> Reply:
    """What a server says in JSON."""
    return Reply(json.dumps(body).encode(), status, headers)


def complaint(url: str, **environ: str) -> tuple[type, str]:
    """How opening a store ends, and what is said of it."""
    with pytest.raises((ConfigError, StoreError)) as told:
        ElasticStore.open(f"elasticsearch+{url}", {f"WIREROOM_ES_{name}": value for name, value in environ.items()})
    sentence = str(told.value)
    assert "\n" not in sentence
    assert SECRET not in sentence
    assert "0x" not in sentence
    return type(told.value), sentence


def told_by(route: Route) -> tuple[type, str]:
    """How opening a store ends where somebody answers everything so."""
    with LocalServer({"*": route}) as server:
        found, sentence = complaint(server.url(""), API_KEY=SECRET)
        assert f"store {server.url('')}" in sentence
    return found, sentence


# The URL and the environment


@pytest.mark.parametrize(
    "rest",
    [
        *("host", "host:", "host:x", "host:0", "host:99999", "[::1", "", ":9200"),
        *("host:9200/path", "host:9200?a=b", f"host:9200/?api_key={SECRET}", "host:9200#x"),
        *(f"me:{SECRET}@host", f"me:{SECRET}@host:9200?a", f"me:{SECRET}#x@host:9200", f"me:x/{SECRET}?@host:9200"),
    ],
)
def test_a_url_of_another_form_is_told_without_the_secret_in_it(rest: str) -> None:
    found, sentence = complaint(f"https://{rest}")

    assert found is ConfigError
    assert sentence.startswith("--store elasticsearch+https://")
    assert sentence.endswith(": expected elasticsearch+https://host:9200.")


def test_a_user_in_the_url_is_told_where_secrets_belong() -> None:
    found, sentence = complaint(f"https://me:{SECRET}@host:9200")

    assert found is ConfigError
    assert sentence.startswith("--store elasticsearch+https://host:9200: holds a user; name it in WIREROOM_ES_USERNAME")


@pytest.mark.parametrize("half", [{"USERNAME": "elastic"}, {"PASSWORD": SECRET}])
def test_half_of_user_and_password_is_told(half: dict[str, str]) -> None:
    assert complaint("http://host:9200", **half) == (
        ConfigError,
        "WIREROOM_ES_USERNAME and WIREROOM_ES_PASSWORD go together: set both, or neither.",
    )


@pytest.mark.parametrize("key", [f"{SECRET}\nx", f"{SECRET}-ключ", f"schlüssel-{SECRET}"])
def test_a_key_that_can_be_none_is_told_and_not_sent(key: str) -> None:
    found, sentence = complaint("http://host:9200", API_KEY=key)

    assert found is ConfigError
    assert sentence.startswith("WIREROOM_ES_API_KEY holds letters that no key has")


def test_spaces_around_a_key_are_none_of_it() -> None:
    with LocalServer({"*": answered({}, 401)}) as server:
        complaint(server.url(""), API_KEY=f" {SECRET}\n")
        assert server.requests[0].header("authorization") == f"ApiKey {SECRET}"


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file or directory"), ("no certificate", "it holds none"), ("", "it holds none")],
)
def test_a_ca_file_that_is_missing_or_nonsense_is_told(tmp_path: Path, content: str | None, why: str) -> None:
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_text(content)

    assert complaint("https://host:9200", CA=str(path)) == (
        ConfigError,
        f"WIREROOM_ES_CA {path}: cannot be read as certificates in PEM: {why}.",
    )


def test_a_ca_that_has_nothing_to_vouch_for_is_told(tmp_path: Path) -> None:
    found, sentence = complaint("http://host:9200", CA=str(tmp_path / "ca.crt"))

    assert found is ConfigError
    assert "without TLS the CA of WIREROOM_ES_CA vouches for nothing; say elasticsearch+https" in sentence


# Nobody, or somebody else, answers


def test_nobody_listening_is_told() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        found, sentence = complaint(url)

    assert found is StoreError
    assert sentence.startswith(f"store {url} cannot be reached; start it, correct --store, or run again later (")
    assert "Connection refused" in sentence


def test_a_host_that_does_not_resolve_is_told() -> None:
    found, sentence = complaint("https://no-such-host.invalid:9200")

    assert found is StoreError
    assert "store https://no-such-host.invalid:9200 cannot be reached; start it, correct --store" in sentence
    assert "Failed to resolve" in sentence


@pytest.mark.parametrize(
    "route",
    [
        Reply(b"<html>It works!</html>", headers=HTML),
        Reply(b"<html>not here</html>", 404, HTML),
        Reply(b"", 301, {"Location": "https://elsewhere.example/"}),
        answered({"version": {"number": "9.4.3"}}, headers=JSON),
        answered({"version": {"number": "3.1.0", "distribution": "opensearch"}}, headers=JSON),
        Reply(b"GIF89a", headers={"Content-Type": "image/gif"}),
        Reply(b'{"version": ', headers=OURS),
        Reply(),
    ],
)
def test_something_that_is_not_elasticsearch_is_told(route: Route) -> None:
    found, sentence = told_by(route)

    assert found is ConfigError
    assert re.search(r": something answers there, but not Elasticsearch \(.+\); correct --store\.$", sentence)


@pytest.mark.parametrize("version", ["7.17.29", "8.5.3", "8.18.8-SNAPSHOT"])
def test_an_older_server_is_told(version: str) -> None:
    found, sentence = told_by(answered({"version": {"number": version}}))

    assert found is ConfigError
    assert sentence.endswith(f": the server is Elasticsearch {version}; 8.19 or newer is needed.")


def test_a_client_of_another_generation_is_told() -> None:
    found, sentence = told_by(answered({"error": {"type": "media_type_header_exception", "reason": "x"}}, 400))

    assert found is ConfigError
    assert "use Elasticsearch 9, or for 8.19 `pip install 'elasticsearch>=8.19,<9'`" in sentence


@pytest.mark.parametrize(
    ("route", "kind", "said"),
    [
        (Reply(b"<html>", 502, HTML), StoreError, "a proxy before it cannot reach it; mend that and run again (502)"),
        (answered({"error": {"type": "x"}}, 429), StoreError, "has more to do than it can; give it more memory, or"),
        (Reply(b"<html>", 413, HTML), ConfigError, "takes no requests of 10 MB; raise its limit (nginx:"),
        (answered({"error": {"type": "x", "reason": "y"}}, 400), StoreError, "this is a bug to report (400 x: y)"),
    ],
)
def test_other_answers_are_told_with_their_status(route: Route, kind: type, said: str) -> None:
    found, sentence = told_by(route)

    assert found is kind
    assert said in sentence


def test_a_connection_that_breaks_off_names_both_reasons() -> None:
    found, sentence = told_by(Raw([b"HTTP/1.1 2"]))

    assert found is StoreError
    assert "broke off; if it expects TLS use --store elasticsearch+https://127.0.0.1" in sentence


# Who may ask: a real server


@pytest.mark.parametrize(
    "who", [{}, {"API_KEY": SECRET}, {"USERNAME": "elastic", "PASSWORD": SECRET}, {"USERNAME": "me", "PASSWORD": "x"}]
)
def test_a_wrong_key_and_no_key_are_told(elastic: Address, who: dict[str, str]) -> None:
    found, sentence = complaint(elastic.url, **who)

    assert found is ConfigError
    assert "refuses who asks: WIREROOM_ES_API_KEY (or _USERNAME and _PASSWORD) is missing, wrong or expired" in sentence
    assert "`wireroom setup` as a user makes keys" in sentence


def test_a_key_without_the_right_is_told(elastic: Address, elastic_prefix: str) -> None:
    asked = {"name": f"{elastic_prefix}wireroom-nothing", "role_descriptors": {"none": {"cluster": []}}}
    key = elastic.ask("POST", "/_security/api_key", asked)[1]["encoded"]

    found, sentence = complaint(elastic.url, API_KEY=key)

    assert found is ConfigError
    assert "this key or user may not do that (action [cluster:monitor/main] is unauthorized" in sentence
    assert key not in sentence


def test_tls_to_a_plain_server_is_told_with_the_url_that_works(elastic: Address) -> None:
    found, sentence = complaint(elastic.url.replace("http:", "https:"))

    assert found is ConfigError
    assert sentence.endswith(f"the server there speaks no TLS; use --store elasticsearch+{elastic.url}.")


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[LocalServer]:
    """A server with TLS that would answer as one which nobody has set up; its CA lies in ca.crt."""
    (tmp_path / "server.pem").write_text(KEY + CERTIFICATE)
    (tmp_path / "ca.crt").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with LocalServer({"/": answered({"version": {"number": "9.4.3"}}), "*": answered({})}, tls=context) as server:
        yield server


def test_no_tls_to_a_server_that_expects_it_is_told_with_the_url_that_works(encrypted: LocalServer) -> None:
    url = encrypted.url("")
    found, sentence = complaint(url.replace("https:", "http:"), USERNAME="elastic", PASSWORD=SECRET)

    assert found is StoreError
    assert f"if it expects TLS use --store elasticsearch+{url}" in sentence


def test_an_unknown_ca_is_told_and_the_right_one_is_enough(encrypted: LocalServer, tmp_path: Path) -> None:
    found, sentence = complaint(encrypted.url(""), API_KEY=SECRET)
    assert found is ConfigError
    assert "its certificate is not trusted; name the file of its CA in WIREROOM_ES_CA" in sentence
    assert encrypted.requests == []

    found, sentence = complaint(encrypted.url(""), API_KEY=SECRET, CA=f"{tmp_path}/ca.crt")
    assert "has no index template wireroom-news; `wireroom setup`" in sentence


# What a server cannot do now


@contextmanager
def spoiled(address: Address, index: str, **settings: object) -> Iterator[None]:
    """Set an index up so that it cannot work, and back."""
    with client_of(address) as client:
        client.indices.put_settings(index=index, settings=settings)
        try:
            yield
        finally:
            client.indices.put_settings(index=index, settings=dict.fromkeys(settings))


def article(name: str, **fields: object) -> Article:
    return Article(name, f"https://x.example/{name}", text="flood", ingested_at=NOW, **fields)  # type: ignore[arg-type]


@pytest.fixture
def kept(elastic: Address, elastic_prefix: str) -> Iterator[ElasticStore]:
    """A store with an article."""
    with opening(elastic, elastic_prefix) as one_more:
        store = one_more()
        assert not store.save(Changes(articles=(Stored(article("a1", fetched_at=NOW)),)))
        yield store


READINGS: dict[str, Callable[[ElasticStore], object]] = {
    "count": ElasticStore.count,
    "search": lambda store: list(store.search(Search(parse("flood")))),
    "ingested": lambda store: list(store.ingested(NOW)),
    "articles": lambda store: store.articles(["a1", "lost"]),
}


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
@pytest.mark.usefixtures("kept")
def test_a_month_that_is_not_there_is_told_and_not_taken_for_empty(
    elastic: Address, elastic_prefix: str, reading: Callable[[ElasticStore], object]
) -> None:
    lost = f"{elastic_prefix}news-2019.01"
    with client_of(elastic) as client:
        client.indices.create(
            index=lost, settings={"index.routing.allocation.require._name": "nobody"}, wait_for_active_shards=0
        )
        document = {"id": "lost", "month": "2019.01"}
        client.options(ignore_status=409).create(index=f"{elastic_prefix}wireroom-months", id="lost", document=document)
        store = ElasticStore(client, elastic.url, prefix=elastic_prefix)
        store._freshness.awaited = 0.5  # noqa: SLF001 - a refresh of what is not there takes its time
        try:
            with pytest.raises(StoreError, match=r"a shard is missing \(`GET _cluster/allocation/explain` tells why\)"):
                reading(store)
        finally:
            client.indices.delete(index=lost)


FLOODED = (
    "index [news-2026.11] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, "
    "index has read-only-allow-delete block];"
)


def test_a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(
    kept: ElasticStore, elastic: Address, elastic_prefix: str
) -> None:
    with (
        client_of(elastic) as client,
        spoiled(elastic, f"{elastic_prefix}news-*", **{"blocks.read_only_allow_delete": True}),
    ):
        action = creation(f"{elastic_prefix}news-2026.11", "a2", {"id": "a2"})
        with pytest.raises(StoreError) as told, explained(elastic.url):
            Writer(client, nap=0.001).write([action])
        assert kept.count() == 1

    assert f"store {elastic.url} takes no more: the server's disk is full" in str(told.value)
    assert "free room there and run again, nothing is lost" in str(told.value)
    assert not kept.save(Changes(articles=(Stored(article("a2", fetched_at=NOW)),)))


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (429, {"type": "cluster_block_exception", "reason": FLOODED}, "takes no more: the server's disk is full"),
        (
            403,
            {"type": "cluster_block_exception", "reason": "FORBIDDEN/8/index write (api)"},
            "its indices are blocked",
        ),
        (429, {"type": "es_rejected_execution_exception", "reason": "full queue"}, "has more to do than it can"),
        (503, {"type": "unavailable_shards_exception", "reason": "primary"}, "a shard is missing"),
        (404, {"type": "search_context_missing_exception", "reason": "No context"}, "search again"),
    ],
)
def test_what_a_server_says_of_one_item_is_told_as_of_a_request(status: int, error: dict[str, str], said: str) -> None:
    def bulk(_: object) -> Reply:
        return answered(
            {"errors": True, "items": [{"create": {"_index": "i", "_id": "1", "status": status, "error": error}}]}
        )

    with LocalServer({"*": bulk}) as server, Elasticsearch(server.url("")) as client:
        with pytest.raises(StoreError, match=said), explained(server.url("")):
            Writer(client, nap=0.001).write([creation("i", "1", {})])
        assert len(server.requests) == (7 if status in {429, 503} else 1)


def test_a_bug_of_ours_is_not_told_as_a_fault_of_the_server() -> None:
    with pytest.raises(ZeroDivisionError), explained("http://host:9200"):
        os.strerror(1 // 0)

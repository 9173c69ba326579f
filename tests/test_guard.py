"""Where a stranger's URL may lead (rule X2), and that the connection goes to the address that was judged."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fetch import Limits, Web
from pipeline.fetch.guard import Guard, lookup
from pipeline.model import Drop, Source
from pipeline.watchlist import FetchSettings
from tests.local_server import LocalServer, Reply
from tests.strangers import asking, everything_here, fate, feed, feed_fate, names, page_fate

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "5.160.0.1",
    "192.0.1.1",
    "198.20.0.1",
    "2606:4700::1111",
    "2a00:1450:4001:80e::200e",
    "::ffff:8.8.8.8",
]
NOT_PUBLIC = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104 - nothing is bound to it
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.254"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0"],
    "protocol assignments": ["192.0.0.1", "192.0.0.8", "192.0.0.170", "2001:1::1", "2001:1ff:ffff::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "6to4 and its relays": ["192.88.99.1", "2002:7f00:1::", "2002:a00:1::"],
    "benchmarking": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "100::1", "4000::1", "5f00::1"],
    "unique-local and site-local": ["fc00::1", "fd12:3456:789a::1", "fec0::1"],
    "IPv4 inside IPv6": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"],
    "Teredo": ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
}


def permits(address: str, *allow: str) -> bool:
    return Guard(allow, everything_here).permits(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_x2_public_addresses_are_open(address: str) -> None:
    assert permits(address)


@pytest.mark.parametrize(("kind", "address"), [(kind, each) for kind, some in NOT_PUBLIC.items() for each in some])
def test_x2_everything_else_is_refused(kind: str, address: str) -> None:
    assert not permits(address), kind


def test_x2_allowed_networks_are_exceptions_and_nothing_more() -> None:
    assert permits("127.1.0.7", "127.0.0.0/8")
    assert permits("::ffff:127.0.0.1", "127.0.0.0/8")
    assert permits("fd00::1", "10.0.0.0/8", "fd00::/8")
    assert not permits("10.0.0.1", "127.0.0.0/8")
    assert not permits("::1", "127.0.0.0/8")


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.ip_addresses(v=4))
def test_x2_an_ipv4_address_is_no_better_inside_an_ipv6_one(address: object) -> None:
    bare = permits(str(address))

    assert permits(f"::ffff:{address}") is bare
    assert not permits(f"64:ff9b::{address}")
    assert not permits(f"::{address}")


SPELLINGS = ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0x7F000001", "127.1", "[::ffff:127.0.0.1]", "[::127.0.0.1]"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_x2_no_spelling_of_loopback_is_reached_directly(spelling: str) -> None:
    with LocalServer({"*": Reply(b"secret")}) as inside:
        url = f"http://{spelling}:{inside.port}/"

        assert feed_fate(url, settings=FetchSettings(delay_seconds=0)) == "drop private-address"
        assert inside.requests == []


@pytest.mark.parametrize("spelling", [*SPELLINGS, "[::ffff:10.0.0.1]", "inside.test"])
def test_x2_a_redirect_to_a_private_address_is_refused(spelling: str) -> None:
    only_the_stranger = FetchSettings(delay_seconds=0, allow_networks=("127.0.0.2/32",))
    resolve = names({"news.test": ["127.0.0.2"], "inside.test": ["127.0.0.1"]})
    with LocalServer({"*": Reply(b"secret")}) as inside:
        away = Reply(status=302, headers={"Location": f"http://{spelling}:{inside.port}/"})
        with LocalServer({"/news": away, "/robots.txt": away}, address="127.0.0.2") as stranger:
            at_feed = feed_fate(stranger.url("/news", "news.test"), settings=only_the_stranger, resolve=resolve)
            at_page = page_fate(stranger.url("/news", "news.test"), settings=only_the_stranger, resolve=resolve)

    assert (at_feed, at_page) == ("drop private-address", "drop private-address")
    assert stranger.targets == ["/news", "/robots.txt", "/news"]
    assert inside.requests == []


def test_x2_all_addresses_of_a_name_must_pass() -> None:
    with LocalServer({"*": Reply(b"secret")}) as inside:
        url = inside.url("/", "news.test")
        for answer in (["127.0.0.1", "10.0.0.1"], ["93.184.216.34", "::1", "127.0.0.1"]):
            assert feed_fate(url, resolve=names({"news.test": answer})) == "drop private-address"

    assert inside.requests == []


def test_x2_the_address_judged_is_the_address_connected_to() -> None:
    """A name that changes between judgement and connection (DNS rebinding) gains nothing: it is resolved once."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def rebinding(host: str, port: int) -> list[str]:  # noqa: ARG001 - a resolver's signature
        return answers.pop(0)

    with LocalServer({"*": Reply(b"news")}) as server:
        assert feed_fate(server.url("/", "news.test"), resolve=rebinding) == "200"
        assert answers == [["169.254.169.254"]]
        assert feed_fate(server.url("/", "news.test"), resolve=rebinding) == "drop private-address"


def test_x13_a_name_is_judged_again_for_every_new_connection() -> None:
    table = {"news.test": ["127.0.0.1"]}
    with LocalServer({"*": Reply(b"news", headers={"Connection": "close"})}) as server:
        source = Source("x", server.url("/", "news.test"))

        async def twice(web: Web) -> list[str]:
            first = await fate(web.feed(source))
            table["news.test"] = ["192.168.0.1"]
            return [first, await fate(web.feed(source))]

        assert asking(twice, resolve=names(table)) == ["200", "drop private-address"]


def test_the_other_family_is_tried_where_the_first_gives_no_connection() -> None:
    both = FetchSettings(delay_seconds=0, allow_networks=("127.0.0.0/8", "::1/128"))
    with LocalServer({"*": Reply(b"news")}) as server:
        url = server.url("/", "news.test")

        assert feed_fate(url, settings=both, resolve=names({"news.test": ["::1", "127.0.0.1"]})) == "200"
        assert feed_fate(url, settings=both, resolve=names({"news.test": ["::1"]})) == "retry connection"


def test_a_name_without_addresses_can_be_tried_again() -> None:
    assert feed_fate("http://gone.test/", resolve=names({})) == "retry dns"
    assert feed_fate("http://gone.test/", resolve=names({"gone.test": []})) == "retry dns"


def test_a_name_that_no_server_answers_for_costs_its_time_only() -> None:
    async def silent(host: str, port: int) -> list[str]:  # noqa: ARG001 - a resolver's signature
        await asyncio.Event().wait()
        return []

    assert feed_fate("http://slow.test/", resolve=silent, limits=Limits(connect=0.05)) == "retry dns"


def test_a_name_that_cannot_be_one_is_dropped() -> None:
    async def strict(host: str, port: int) -> list[str]:  # noqa: ARG001 - a resolver's signature
        raise UnicodeError("label empty or too long")

    assert feed_fate("http://a..b.test/", resolve=strict) == "drop bad-url"
    assert feed_fate("http://ab.test/", resolve=strict) == "drop bad-url"


def test_the_system_resolves_addresses_to_themselves() -> None:
    assert asyncio.run(lookup("127.0.0.1", 80)) == ["127.0.0.1"]
    with pytest.raises(OSError, match=r"."):
        asyncio.run(lookup("name with spaces.invalid", 80))


def test_the_reason_names_host_and_address() -> None:
    with pytest.raises(Drop) as drop:
        feed("http://news.test/", resolve=names({"news.test": ["10.1.2.3"]}))

    assert drop.value.detail == "news.test is 10.1.2.3"


def test_x4_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer({"*": Reply(b"proxied")}) as proxy, LocalServer({"*": Reply(b"direct")}) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))

        assert asking(lambda web: web.page(server.url("/", "news.test"))).body == b"direct"
        assert proxy.requests == []


def test_x4_a_proxy_set_by_a_person_is_used_wherever_it_is() -> None:
    with LocalServer({"*": Reply(b"proxied")}) as proxy:
        proxied = FetchSettings(delay_seconds=0, proxy=f"http://desk:word@127.0.0.1:{proxy.port}")

        assert asking(lambda web: web.page("http://news.test/a"), proxied, resolve=names({})).body == b"proxied"
        assert proxy.targets == ["http://news.test/robots.txt", "http://news.test/a"]
        assert proxy.requests[0].header("proxy-authorization") == "Basic ZGVzazp3b3Jk"


def test_x2_behind_a_proxy_hosts_written_as_addresses_are_judged() -> None:
    with LocalServer({"*": Reply(b"proxied")}) as proxy:
        proxied = FetchSettings(delay_seconds=0, proxy=proxy.url(""))

        for host in ("10.0.0.1", "0x7f.1", "[::1]", "169.254.169.254"):
            assert page_fate(f"http://{host}/", settings=proxied) == "drop private-address"
        assert page_fate("http://8.8.8.8/", settings=proxied) == "200"
        assert {request.header("host") for request in proxy.requests} == {"8.8.8.8"}


def test_a_proxy_that_opens_no_tunnel_is_a_fault_of_the_world() -> None:
    with LocalServer({"*": Reply(status=502)}) as proxy:
        settings = FetchSettings(delay_seconds=0, proxy=proxy.url(""))

        assert page_fate("https://news.test/", settings=settings) == "retry connection"
        assert proxy.targets == ["news.test:443"]

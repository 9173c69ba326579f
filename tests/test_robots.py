"""robots.txt by RFC 9309 (rules R1 to R6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from pipeline.fetch import Limits, Web
from pipeline.fetch.robots import MOST_CRAWL_DELAY, MOST_KEPT, Robots, Rules, relevant
from pipeline.model import Answer, Drop, Retry
from tests.local_server import LocalServer, Raw, Reply, Request, Route
from tests.strangers import START, Clock, asking, fate, page, page_fate

AGENT = "Wireroom/0.1 (+https://wireroom.test/about)"
HOUR = 3600.0


def answered(body: str | bytes = b"", status: int = 200, **headers: str) -> Answer:
    given_headers = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer("", status, given_headers, body.encode() if isinstance(body, str) else body, START)


def allowed(text: str | bytes, path: str, agent: str = AGENT) -> bool:
    """Tell whether a site with this robots.txt lets us read a path."""

    async def get(url: str) -> Answer:
        assert url == "https://news.test/robots.txt"
        return answered(text)

    rules = asyncio.run(Robots(agent, get, Clock().now).rules("https://news.test"))
    return rules.allows(f"https://news.test{path}")


# Robots.txt, path, and what RFC 9309 makes of them: section 2.2.2 with its examples, and 5.2.
LONGEST_MATCH = [
    ("Allow: /news\nDisallow: /", "/news/1", True),
    ("Disallow: /\nAllow: /news", "/news/1", True),
    ("Allow: /news\nDisallow: /news/old", "/news/old/1", False),
    ("Allow: /page\nDisallow: /page", "/page", True),  # a tie: the least restrictive wins
    ("Disallow: /page\nAllow: /page", "/page", True),
    ("Disallow: /*.php$", "/news.php", False),
    ("Disallow: /*.php$", "/news.php?id=1", True),
    ("Disallow: /*/print", "/2026/01/print", False),
    ("Disallow: /*/print", "/print", True),
    ("Disallow: /private*", "/private", False),
    ("Allow: /$\nDisallow: /", "/", True),
    ("Allow: /$\nDisallow: /", "/news", False),
    ("Disallow: /*?s=", "/?s=iraq", False),
    ("Disallow: /search?q", "/search", True),
    ("Disallow: /News", "/news", True),  # paths are case-sensitive
    ("Disallow:", "/news", True),
    ("disALLOW : /news # not for robots", "/news", False),
    ("Disallow: /خبر", "/%D8%AE%D8%A8%D8%B1/1", False),  # compared as escaped octets
    ("Disallow: /%d8%ae%d8%a8%d8%b1", "/%D8%AE%D8%A8%D8%B1", False),
    ("Disallow: /a/b%7Ec", "/a/b~c", False),
    ("Noindex: /\nSomething else", "/news", True),
]


@pytest.mark.parametrize(("lines", "path", "expected"), LONGEST_MATCH)
def test_r4_the_longest_match_wins_and_allow_wins_a_tie(lines: str, path: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert allowed(f"User-agent: *\n{lines}\n", path) is expected


GROUPS = [
    ("User-agent: wireroom\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
    ("User-agent: WireRoom\nDisallow: /", False),
    ("User-agent: Wireroom/2.0\nDisallow: /", False),  # what follows the product token does not count
    ("User-agent: *\nDisallow: /\n\nUser-agent: Wireroom\nAllow: /news", True),  # "*" is for robots not named
    ("User-agent: other\nUser-agent: wireroom\nDisallow: /", False),
    ("User-agent: other\nDisallow: /\n\nUser-agent: *\nAllow: /", True),
    ("User-agent: wire\nDisallow: /", True),  # a token counts as a whole
    ("User-agent: wireroom-images\nDisallow: /", True),
    ("User-agent: com\nUser-agent: about\nDisallow: /", True),  # nothing else of our header counts
    ("User-agent: wireroom\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: wireroom\nDisallow: /news", False),
    ("User-agent: wireroom\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: wireroom\nDisallow: /b", True),
    ("\ufeffUser-agent: *\nDisallow: /", False),
    ("Disallow: /", True),  # before any group
    ("User-agent wireroom\nDisallow: /", False),
    ("User-agent:\nDisallow: /", True),
    ("<!doctype html><title>Not found</title>", True),
]


@pytest.mark.parametrize(("text", "expected"), GROUPS)
def test_r4_groups_are_chosen_by_product_token_and_merged(text: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert allowed(text, "/news") is expected


def test_r4_a_user_agent_without_a_token_falls_under_the_rules_for_all() -> None:
    assert not allowed("User-agent: *\nDisallow: /", "/news", agent="(no name)")


PATTERNS = st.text(alphabet="ab/*$?", max_size=6).map(lambda rest: f"/{rest}")
LINES = st.lists(st.tuples(st.sampled_from(["Allow", "Disallow"]), PATTERNS), max_size=5)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["*", "wireroom", "other", "Bot-2"]), LINES), max_size=4), PATTERNS)
def test_r4_leaving_out_other_robots_changes_nothing(
    groups: list[tuple[str, list[tuple[str, str]]]], path: str
) -> None:
    text = "\n".join(
        "\n".join([f"User-agent: {agent}", *(f"{field}: {pattern}" for field, pattern in lines)])
        for agent, lines in groups
    )

    assert allowed(text, path) == Protego.parse(text).can_fetch(f"https://news.test{path}", "wireroom")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_bytes_are_a_robots_txt(noise: bytes, path: str) -> None:
    assert allowed(noise, f"/{path}") in {True, False}
    assert allowed(b"User-agent: *\nDisallow: /\n" + noise, "/robots.txt")


def test_r4_thousands_of_names_before_thousands_of_rules_are_read_in_no_time() -> None:
    """Held for each name apart these rules would be 90 million."""
    names = "".join(f"User-agent: bot{number}\n" for number in range(9_000))
    rules = "".join(f"Disallow: /{number}\n" for number in range(10_000))

    assert len(relevant(names, "wireroom").replace("User-agent: (others)\n", "")) < 40
    assert allowed(names + rules + "User-agent: *\nDisallow: /news", "/1")
    assert not allowed(names + rules + "User-agent: *\nDisallow: /news", "/news")


def test_r1_robots_txt_is_asked_for_once_a_site_before_its_pages() -> None:
    with LocalServer({"/robots.txt": Reply(b"User-agent: *\nDisallow: /b"), "*": Reply(b"news")}) as server:

        async def pages(web: Web) -> list[str]:
            return [
                await fate(web.page(server.url(path, host))) for host in ("", "b.test") for path in ("/a", "/b", "/c")
            ]

        assert asking(pages) == ["200", "drop robots", "200"] * 2
        assert server.targets == ["/robots.txt", "/a", "/c"] * 2


def test_r1_pages_asked_for_at_once_share_one_robots_txt() -> None:
    with LocalServer({"*": Reply(b"news")}) as server:

        async def pages(web: Web) -> list[str]:
            return list(await asyncio.gather(*(fate(web.page(server.url(f"/{number}"))) for number in range(5))))

        assert asking(pages) == ["200"] * 5
        assert server.targets.count("/robots.txt") == 1


def test_r6_a_redirect_to_another_site_passes_its_robots_txt() -> None:
    with LocalServer({"/robots.txt": Reply(b"User-agent: *\nDisallow: /x"), "*": Reply(b"news")}) as other:
        away = {"/a": Reply(status=301, headers={"Location": other.url("/x")})}
        with LocalServer({**away, "/b": Reply(status=301, headers={"Location": other.url("/y")})}) as server:
            assert page_fate(server.url("/a")) == "drop robots"
            assert page(server.url("/b")).url == other.url("/y")

    assert other.targets == ["/robots.txt", "/robots.txt", "/y"]


# What a site says to /robots.txt, and what becomes of a page (RFC 9309, 2.3.1).
SAYS: dict[str, tuple[Route, str]] = {
    "an empty file": (Reply(b""), "200"),
    "no content": (Reply(status=204), "200"),
    "not found": (Reply(status=404), "200"),
    "forbidden": (Reply(b"User-agent: *\nDisallow: /", status=403), "200"),
    "gone": (Reply(status=410), "200"),
    "too many requests": (Reply(status=429), "retry robots-unreachable"),
    "server error": (Reply(status=500), "retry robots-unreachable"),
    "unavailable": (Reply(status=503, headers={"Retry-After": "60"}), "retry robots-unreachable"),
    "nothing": (Raw([]), "retry connection"),
    "half an answer": (Raw([b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nUser-agent: *"]), "retry connection"),
    "a redirect without target": (Reply(status=302), "200"),
    "a loop": (Reply(status=302, headers={"Location": "/robots.txt"}), "200"),
    "a redirect to nowhere": (Reply(status=302, headers={"Location": "ftp://news.test/"}), "200"),
    "a redirect to rules": (Reply(status=302, headers={"Location": "/rules"}), "drop robots"),
    "a picture": (Reply(bytes(range(256)), headers={"Content-Type": "image/png"}), "200"),
}


@pytest.mark.parametrize("says", SAYS)
def test_r2_every_answer_to_robots_txt_has_its_meaning(says: str) -> None:
    route, expected = SAYS[says]
    rules = Reply(b"User-agent: *\nDisallow: /news")
    with LocalServer({"/robots.txt": route, "/rules": rules, "/news": Reply(b"news")}) as server:
        assert page_fate(server.url("/news")) == expected
        assert ("/news" in server.targets) is (expected == "200")


@pytest.mark.parametrize(("hops", "expected"), [(5, "drop robots"), (6, "200")])
def test_r2_five_redirects_are_followed_and_a_sixth_means_no_rules(hops: int, expected: str) -> None:
    def hop(request: Request) -> Reply:
        number = int(request.target.partition("?")[2] or 0) + 1
        if number > hops:
            return Reply(b"User-agent: *\nDisallow: /news")
        return Reply(status=302, headers={"Location": f"/robots.txt?{number}"})

    with LocalServer({"/robots.txt": hop, "/news": Reply(b"news")}) as server:
        assert page_fate(server.url("/news")) == expected


def test_r2_rules_behind_a_redirect_are_those_of_the_site_that_was_asked() -> None:
    with LocalServer({"/robots.txt": Reply(b"User-agent: *\nDisallow: /a")}) as other:
        away = Reply(status=301, headers={"Location": other.url("/robots.txt")})
        with LocalServer({"/robots.txt": away, "*": Reply(b"news")}) as server:
            assert (page_fate(server.url("/a")), page_fate(server.url("/b"))) == ("drop robots", "200")


def site(answers: list[Answer | Exception]) -> Callable[[str], Awaitable[Answer]]:
    """A site that says these things in turn."""

    async def get(url: str) -> Answer:  # noqa: ARG001 - what Robots calls
        said = answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    return get


def asked_later(answers: list[Answer | Exception], *, seconds: float) -> list[str]:
    """What Robots makes of a site's answers now and after some seconds."""
    clock = Clock()
    robots = Robots(AGENT, site(answers), clock.now)

    async def rules() -> str:
        try:
            found = await robots.rules("https://news.test")
        except Retry as fault:
            return f"{fault.reason} {fault.status} {fault.wait:.0f}"
        return "yes" if found.allows("https://news.test/a") else "no"

    async def twice() -> list[str]:
        first = await rules()
        clock.pass_by(seconds)
        return [first, await rules()]

    return asyncio.run(twice())


NO = answered("User-agent: *\nDisallow: /")


def test_r3_rules_are_kept_for_a_day() -> None:
    assert asked_later([NO, answered()], seconds=24 * HOUR - 1) == ["no", "no"]
    assert asked_later([NO, answered()], seconds=24 * HOUR) == ["no", "yes"]
    assert asked_later([answered(status=404), NO], seconds=24 * HOUR) == ["yes", "no"]
    assert asked_later([Drop("too-many-redirects"), NO], seconds=23 * HOUR) == ["yes", "yes"]


def test_r2_a_site_out_of_reach_is_asked_again_after_ten_minutes() -> None:
    assert asked_later([Retry("dns"), NO], seconds=599) == ["dns None 600", "dns None 1"]
    assert asked_later([Retry("timeout"), NO], seconds=600) == ["timeout None 600", "no"]


def test_r2_a_site_out_of_reach_is_asked_again_when_it_says() -> None:
    busy = answered(status=503, retry_after="3600")

    assert asked_later([busy, NO], seconds=3_599) == ["robots-unreachable 503 3600", "robots-unreachable 503 1"]
    assert asked_later([busy, NO], seconds=3_600) == ["robots-unreachable 503 3600", "no"]


def test_r2_rules_of_yesterday_do_not_open_a_site_that_is_out_of_reach() -> None:
    assert asked_later([answered(), answered(status=500)], seconds=25 * HOUR) == ["yes", "robots-unreachable 500 600"]


def test_r3_a_large_file_is_cut_not_dropped() -> None:
    padding = b"# " + b"x" * 98 + b"\n"
    text = b"User-agent: *\nDisallow: /a\n" + padding * 20 + b"Disallow: /b\n"
    with LocalServer({"/robots.txt": Reply(text), "*": Reply(b"news")}) as server:
        for path, expected in (("/a", "drop robots"), ("/b", "200")):
            assert page_fate(server.url(path), limits=Limits(robots=1_000)) == expected
        assert page_fate(server.url("/b")) == "drop robots"


def test_r6_a_crawl_delay_is_kept_up_to_a_cap() -> None:
    with LocalServer({"/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 12"), "*": Reply(b"news")}) as server:
        clock = Clock()

        async def pages(web: Web) -> None:
            for path in ("/a", "/b"):
                await web.page(server.url(path))

        asking(pages, clock=clock)

    assert clock.slept == [12, 12]
    parser = Protego.parse("User-agent: *\nCrawl-delay: 86400")
    assert Rules(START, parser=parser, token="x").delay == MOST_CRAWL_DELAY  # noqa: S106 - a product token


def test_the_rules_of_many_sites_take_bounded_memory() -> None:
    asked: list[str] = []

    async def get(url: str) -> Answer:
        asked.append(url)
        return answered(b"#" * 500_000)

    async def all_of(robots: Robots, sites: int) -> None:
        for number in range(sites):
            await robots.rules(f"https://{number}.test")

    robots = Robots(AGENT, get, Clock().now)
    sites = MOST_KEPT // 500_000 + 2
    asyncio.run(all_of(robots, sites))
    asyncio.run(robots.rules(f"https://{sites - 1}.test"))
    assert len(asked) == sites

    asyncio.run(robots.rules("https://0.test"))
    assert len(asked) == sites + 1

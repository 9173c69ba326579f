"""A press of generated outlets for benchmarks: seeded pages of realistic size and furniture, served on loopback."""

from __future__ import annotations

import argparse
import random
import signal
import socketserver
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGES_A_FEED = 25
TEASERS = 90  # with them trafilatura takes as long as on the median page of real outlets
SYLLABLES = {
    "en": "ba re to min sal ker don va li sta pro gen ter mo ra ne vi so lan der",
    "ar": "با رت سل كم دن وا لي ست مر نج فا هد قل صب عر غم جد حس طن يو",
    "fa": "با رد سا کم دن وا لی ست مر پی فا هد گل چه ژر خم جد سی تن یو",
    "tr": "ba rı ço mi sal ker dün va li şta pro gen ter mö ra ne vi so lan ğer",
}
NAMES = {"en": "PKK", "ar": "الحشد الشعبي", "fa": "سپاه پاسداران", "tr": "PKK'nın"}
LANGUAGES = tuple(SYLLABLES)
HEAD = '<meta property="og:title" content="{title}"><meta property="article:published_time" content="{at}">'
SCRIPT = (
    "<script>" + "window.dataLayer=window.dataLayer||[];function push(){dataLayer.push(arguments)};" * 800 + "</script>"
)


def vocabulary(language: str, size: int = 4_000) -> list[str]:
    """Made-up words of a language's letters, the frequent ones first."""
    dice, parts = random.Random(language), SYLLABLES[language].split()
    return ["".join(dice.choices(parts, k=dice.choice((1, 2, 2, 3)))) for _ in range(size)]


@lru_cache
def weights(size: int) -> list[float]:
    """Zipf's law, cumulative."""
    total, found = 0.0, []
    for rank in range(1, size + 1):
        total += 1 / rank
        found.append(total)
    return found


WORDS = {language: vocabulary(language) for language in LANGUAGES}


def sentences(dice: random.Random, language: str, count: int) -> str:
    """So many sentences."""
    words = WORDS[language]
    texts = (dice.choices(words, cum_weights=weights(len(words)), k=dice.randint(9, 24)) for _ in range(count))
    return " ".join(" ".join(each).capitalize() + "." for each in texts)


def page(number: int, now: datetime) -> bytes:
    """The page of a number: an article of about 400 words among 150 kB of furniture."""
    dice, language = random.Random(number), LANGUAGES[number % len(LANGUAGES)]
    title = sentences(dice, language, 1)[:80]
    body = "".join(f"<p>{sentences(dice, language, 3)}</p>" for _ in range(9))
    named = f"<p>{NAMES[language]} {sentences(dice, language, 1)}</p>" if number % 3 == 0 else ""
    teasers = "".join(
        f'<li class="teaser"><div class="box"><a href="/n/{dice.randint(0, 9**6)}"><img src="/i/{each}.jpg" alt="">'
        f"<span>{sentences(dice, language, 1)}</span></a><div><p><em>{each}</em></p></div></div></li>"
        for each in range(TEASERS)
    )
    head = HEAD.format(title=title, at=(now - timedelta(minutes=number % 4_000)).isoformat())
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>{head}'
        f"{SCRIPT}</head>"
        f'<body><nav><ul class="menu">{teasers}</ul></nav>'
        f"<main><article><h1>{title}</h1>{named}{body}</article>"
        f'<aside class="related"><ul>{teasers}</ul></aside></main>'
        f"<footer><p>{sentences(dice, language, 2)}</p></footer>"
        "</body></html>"
    ).encode()


def feed(outlet: int, root: str, now: datetime) -> bytes:
    """RSS of one outlet."""
    numbers = range(outlet * PAGES_A_FEED, (outlet + 1) * PAGES_A_FEED)
    items = "".join(
        f"<item><title>Item {number}</title><link>{root}/n/{number}</link><guid>{number}</guid>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=number % 4_000))}</pubDate></item>"
        for number in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{outlet}</title>{items}</channel></rss>'.encode()


class Handler(BaseHTTPRequestHandler):
    """Answers feeds and pages of one outlet from their number."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    now = datetime.now(UTC).replace(microsecond=0)

    def do_GET(self) -> None:
        """Answer /O/feed.xml and /n/NUMBER."""
        if self.path.endswith("/feed.xml"):
            host = f"http://{self.headers['Host']}"
            kind, body = "application/rss+xml", feed(int(self.path.split("/")[1]), host, self.now)
        elif self.path.startswith("/n/"):
            kind, body = "text/html; charset=utf-8", page(int(self.path[3:]), self.now)
        else:
            kind, body = "text/plain", b"User-agent: *\nDisallow:\n"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Address(ThreadingHTTPServer):
    """One listening address."""

    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        """Bind without a look-up of the name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()[:2]


def addresses(outlets: int, per_host: int = 10) -> Iterator[tuple[Address, range]]:
    """Servers on 127.2.x.y, each with some outlets: hosts differ, so that they are asked side by side."""
    for first in range(0, outlets, per_host):
        host = f"127.2.{first // per_host // 250}.{first // per_host % 250 + 1}"
        yield Address((host, 0), Handler), range(first, min(first + per_host, outlets))


def main() -> None:
    """Serve until interrupted; write the sources to a file and the word ready to stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--sources", type=Path, required=True)
    args = parser.parse_args()
    rows: list[str] = []
    for server, outlets in addresses(max(1, args.pages // PAGES_A_FEED)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://{server.server_name}:{server.server_port}"
        rows.extend(
            f"- {{id: outlet-{each}, feed: '{root}/{each}/feed.xml', interval_minutes: 0}}\n" for each in outlets
        )
    args.sources.write_text("".join(rows), encoding="utf-8")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main()

"""The body of an article in the JSON of its page, where the page shows it only to those who run its programs.

Read are JSON-LD (`articleBody`, https://schema.org/Article), the state that frameworks leave for their programs
(`<script type="application/json">` as Next does; `window.__INITIAL_STATE__ = {...}` and its like of Redux, Apollo and
Nuxt; `Fusion.globalContent` of Arc XP) and answers of WordPress (`content.rendered`) in them.

Three rules choose. A body is what stands under one of the names that content systems give it. It is the page's if the
same object holds the page's address or headline; a lone `articleBody` needs neither. Of several the longest is taken.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from pipeline.clean.phrases import ends_sentence
from pipeline.extract import prose
from pipeline.extract.identity import Identity
from pipeline.extract.jsonld import parsed
from pipeline.fold import tokens

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SHORT = 250  # characters: a page with less is a teaser or a wall, where JSON or the feed carry twice as much
SENTENCE = 80  # characters of a line that may be a paragraph
FEW = 700  # characters of paragraphs: with less a text may be the menus and notices of a page that shows no article
TWICE = 2  # times as much as extraction gave must stand in the JSON
SHINGLE, SAME = 4, 0.5  # words; share of them in the JSON's text that makes what extraction gave a part of it

# Limits against pages that are made to be costly; states of real pages have up to two million characters.
MOST_SCRIPTS = 200
SCRIPT_CHARACTERS = 3_000_000
PAGE_CHARACTERS = 6_000_000
MOST_STATES = 50  # of one script
MOST_NODES = 200_000
MOST_CANDIDATES = 2_000  # objects with a body of which it is asked whose they are
MOST_BODIES = 8
MOST_PIECES = 5_000  # of a body
BODY_CHARACTERS = 500_000
DEPTH = 12  # of pieces in a body: list, item, paragraph, link
VALUE_CHARACTERS = 2_048  # of an address or a headline

LINKED_BODY = "articleBody"
BODIES = (
    *(LINKED_BODY, "body", "bodyHtml", "body_html", "content", "contentHtml", "content_html", "content_elements"),
    *("html", "text"),
)
ADDRESSES = (
    *("url", "link", "permalink", "canonical", "canonicalUrl", "canonical_url", "mainEntityOfPage", "shareUrl"),
    *("webUrl", "website_url"),
)
HEADLINES = ("headline", "title", "headlines", "name")
SPOKEN = ("@id", "basic", "default", "rendered", "main", "url", "text")
"""Where an address or a headline that is an object of its own holds its words."""
PIECES = (
    *("content", "content_elements", "children", "items", "paragraphs", "blocks", "data", "model", "value", "rendered"),
    *("html", "text"),
)
"""Where a piece of a body holds its text, or smaller pieces: Arc XP, ProseMirror, Slate, Contentful, Editor.js."""
RUNS, INLINE = ("children", "content"), ("", "text", "span", "link", "hyperlink")
"""Where a paragraph holds runs of words instead of further paragraphs, and the kinds of those."""
KINDS = ("type", "_type", "nodeType", "__typename")
TEXTLESS = re.compile(
    r"\bad\b|audio|author|code|embed|gallery|html|image|link|media|newsletter|promo|related|video", re.IGNORECASE
)
"""Kinds of pieces that are not part of the text."""
FEWEST_CHARACTERS = 100  # of a body: shorter ones are captions and labels that happen to share a name with bodies

NUXT = (["Reactive"], ["ShallowReactive"])
PROGRAM = ("", "text/javascript", "application/javascript", "module")
DECODER = json.JSONDecoder(strict=False)
ASSIGNED = re.compile(r"""=\s{0,3}(?:JSON\.parse\(\s{0,3})?(?=\{\s{0,20}"|\[\s{0,20}\{|"\s{0,3}[{\[])""")
"""Behind it stands JSON: an object whose first name is quoted, a list of objects, or a string that holds one."""
UNDEFINED = re.compile(r"(?<=[:,\[]) ?undefined(?= ?[,}\]])")
"""What JavaScript may write for null."""
UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no HTML may hold, and JSON may."""
TAG = re.compile(r"</?[a-zA-Z]")
DATA = re.compile(r'\s*[\[{]+\s*"')
"""How JSON begins that stands where a text is expected."""


def may_miss(text: str) -> bool:
    """Whether extraction may have found no article: its text is short, or has next to no paragraphs."""
    return len(text) < SHORT or _size(text) < FEW


def is_missed(told: str, text: str) -> bool:
    """Whether the JSON tells an article that the extracted text is not: twice as long, and another text.

    What shows the beginning of the article is left as the page shows it, unless that is a teaser.
    """
    if len(text) < SHORT:
        return len(told) >= TWICE * max(len(text), 1)
    return len(told) >= max(SHORT, TWICE * _size(text)) and not is_part(text, told)


def _size(text: str) -> int:
    """Characters of paragraphs."""
    return sum(len(line) for line in text.split("\n") if len(line) >= SENTENCE and ends_sentence(line))


def is_part(text: str, told: str) -> bool:
    """Whether most of an extracted text is in what the JSON tells."""
    part, whole = _shingles(text), _shingles(told)
    return len(part & whole) > SAME * len(part)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = tokens(text)
    return set(zip(*(words[start:] for start in range(SHINGLE)), strict=False))


def take(tree: HtmlElement) -> list[str]:
    """Take JSON-LD that holds bodies out of the tree: trafilatura would glue all of them, whoever's they are."""
    taken: list[str] = []
    for script in tree.iter("script"):
        if "ld+json" in script.get("type", "").lower() and LINKED_BODY in (script.text or ""):
            taken.append(script.text)
            script.text = None
    return taken


def body(linked: Sequence[str], tree: HtmlElement, own: Identity) -> str:
    """The text of the page's article in its JSON, a line for each paragraph; "" where there is none.

    `linked` is what `take` took. Never raises, whatever the scripts hold.
    """
    with_body = (node for node in _objects(_states(linked, tree)) if any(map(node.get, BODIES)))
    candidates = list(islice(with_body, MOST_CANDIDATES))
    named = [node[key] for node in candidates if _is_own(node, own) for key in BODIES if node.get(key)]
    lone = [node[LINKED_BODY] for node in candidates if node.get(LINKED_BODY)]
    texts = map(_text, named[:MOST_BODIES] or lone * (len(lone) == 1))
    return max((text for text in texts if len(text) >= FEWEST_CHARACTERS), key=len, default="")


def _states(linked: Sequence[str], tree: HtmlElement) -> Iterator[object]:
    """All JSON of a page."""
    scripts = islice(tree.iter("script"), MOST_SCRIPTS)
    kinds = (
        *(("json", text) for text in linked),
        *((script.get("type", "").lower(), script.text) for script in scripts),
    )
    read = 0
    for kind, text in kinds:
        if not text or len(text) > SCRIPT_CHARACTERS or read > PAGE_CHARACTERS:
            continue
        read += len(text)
        if "json" in kind:
            yield _resolved(parsed(text))
        elif kind in PROGRAM:
            yield from _assigned(text)


def _resolved(state: object) -> object:
    """Nuxt 3 writes one list of all values; lists and objects in it hold places of that list (npm: devalue)."""
    if isinstance(state, list) and state and isinstance(state[0], list) and state[0][:1] in NUXT:
        places = dict(enumerate(state))
        for value in state:
            if isinstance(value, dict):
                value.update({key: places.get(place) for key, place in value.items() if isinstance(place, int)})
            elif isinstance(value, list):
                value[:] = [places.get(place) if isinstance(place, int) else place for place in value]
    return state


def _assigned(program: str) -> Iterator[object]:
    """What a program assigns that is JSON."""
    at = 0
    program = UNDEFINED.sub("null", program)
    for _ in range(MOST_STATES):
        found = ASSIGNED.search(program, at)
        if not found:
            return
        at = found.end()
        try:
            state, at = DECODER.raw_decode(program, at)
        except (ValueError, RecursionError):
            continue
        yield parsed(state) if isinstance(state, str) else state


def _objects(states: Iterable[object]) -> Iterator[dict[str, object]]:
    """Every object of the states, however deep, once."""
    left = MOST_NODES
    for state in states:
        waiting, seen = [state], set[int]()
        while waiting and left:
            left -= 1
            node = waiting.pop()
            if isinstance(node, dict | list) and id(node) not in seen:
                seen.add(id(node))
                waiting.extend(node.values() if isinstance(node, dict) else node)
                if isinstance(node, dict):
                    yield node


def _is_own(node: Mapping[str, object], own: Identity) -> bool:
    """Whether an object holds the page's address or headline; a place inside the page, as comments have it, is none."""
    links = (_spoken(node[key]) for key in ADDRESSES if key in node)
    addresses = (own.address(link) for link in links if "#" not in link)
    if any(address and own.is_own_address(address) for address in addresses):
        return True
    return any(own.is_own_headline(_spoken(node[key])) for key in HEADLINES if key in node)


def _spoken(value: object) -> str:
    """An address or a headline, which may be an object of its own."""
    if isinstance(value, dict):
        value = next((value[key] for key in SPOKEN if isinstance(value.get(key), str)), "")
    return UNSPEAKABLE.sub(" ", value[:VALUE_CHARACTERS]) if isinstance(value, str) else ""


def _text(value: object) -> str:
    pieces = _paragraphs(value, "", DEPTH, iter(range(MOST_PIECES)))
    return "\n".join(line for piece in pieces for line in _lines(piece))[:BODY_CHARACTERS]


def _paragraphs(value: object, name: str, depth: int, fuel: Iterator[int]) -> Iterator[str]:
    """The pieces of a body, a paragraph or more of them in each; `fuel` is how many values may be looked at."""
    if not depth or next(fuel, None) is None:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        spoken = [_run(item) for item in value]
        if name in RUNS and all(spoken):
            yield "".join(spoken)
        elif len({isinstance(item, str) for item in value}) == 1:  # else it is markup: ["p", "A ", ["b", "word"]]
            for item in value:
                yield from _paragraphs(item, "", depth - 1, fuel)
    elif isinstance(value, dict) and not TEXTLESS.search(_kind(value)):
        inner = next((name for name in PIECES if value.get(name)), "")
        yield from _paragraphs(value.get(inner), inner, depth - 1, fuel)


def _kind(piece: Mapping[str, object]) -> str:
    return next((kind for kind in map(piece.get, KINDS) if isinstance(kind, str)), "")


def _run(item: object) -> str:
    """The words of a run, the smallest piece: some in bold, a link; "" where it is more than that."""
    if not isinstance(item, dict) or _kind(item) not in INLINE:
        return ""
    text = item.get("text", item.get("value"))
    return text if isinstance(text, str) else ""


def _lines(piece: str) -> Iterator[str]:
    """The lines of a piece, which may be markup, escaped or not."""
    if DATA.match(piece):
        return
    piece = UNSPEAKABLE.sub(" ", piece[:BODY_CHARACTERS])
    if "&" in piece and not TAG.search(piece):
        piece = html.unescape(piece)
    if TAG.search(piece):
        piece = prose.text_of_fragment(piece)
    yield from filter(None, (" ".join(line.split()) for line in piece.split("\n")))

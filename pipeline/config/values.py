"""What a single value must look like: each check gives the value back, or raises ValueError with a clause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_network
from urllib.parse import urlsplit

from pipeline.boilerplate import letters
from pipeline.boilerplate.letters import MASK
from pipeline.config.countries import zones
from pipeline.fold import fold

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
REGION_ID = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?|gn-[0-9]+|(?!gn-)[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
COUNTRY_LIKE = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?|gn-[0-9]+")
LANGUAGE = re.compile(r"([a-z]{2}([a-z])?)(?:-[A-Za-z0-9]{2,8})*")
HOST = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+")
HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LONGEST_URL = 2_048  # characters, as everywhere else in the pipeline
ALIKE = 0.65  # of difflib's ratio: `nmae` is name, but `quiet` is not query
SHORT = 3  # letters from which one word may be the beginning of another: `delay` of delay_seconds
SHOWN = 60  # characters of a found value that a message repeats

# ISO 639-1; of three letters any code passes, since ISO 639-3 has eight thousand.
TWO_LETTERS = re.compile(
    "aa|ab|ae|af|ak|am|an|ar|as|av|ay|az|ba|be|bg|bi|bm|bn|bo|br|bs|ca|ce|ch|co|cr|cs|cu|cv|cy|da|de|dv|dz|ee|el|en|"
    "eo|es|et|eu|fa|ff|fi|fj|fo|fr|fy|ga|gd|gl|gn|gu|gv|ha|he|hi|ho|hr|ht|hu|hy|hz|ia|id|ie|ig|ii|ik|io|is|it|iu|ja|"
    "jv|ka|kg|ki|kj|kk|kl|km|kn|ko|kr|ks|ku|kv|kw|ky|la|lb|lg|li|ln|lo|lt|lu|lv|mg|mh|mi|mk|ml|mn|mr|ms|mt|my|na|nb|"
    "nd|ne|ng|nl|nn|no|nr|nv|ny|oc|oj|om|or|os|pa|pi|pl|ps|pt|qu|rm|rn|ro|ru|rw|sa|sc|sd|se|sg|si|sk|sl|sm|sn|so|sq|"
    "sr|ss|st|su|sv|sw|ta|te|tg|th|ti|tk|tl|tn|to|tr|ts|tt|tw|ty|ug|uk|ur|uz|ve|vi|vo|wa|wo|xh|yi|yo|za|zh|zu"
)


def quoted(text: str) -> str:
    """A found text for a message: on one line, and not too long."""
    line = " ".join(text.split())
    return f"'{line[:SHOWN]}...'" if len(line) > SHOWN else f"'{line}'"


def meant(word: str, known: Iterable[str]) -> str:
    """A clause that names the nearest known word, or nothing."""
    words = sorted(known)
    begun = [
        other
        for other in words
        if min(len(word), len(other)) >= SHORT and (other.startswith(word) or word.startswith(other))
    ]
    nearest = begun or get_close_matches(word, words, n=1, cutoff=ALIKE)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def filled(text: str) -> str:
    """A text that holds at least one letter or digit: nothing else can be matched or shown."""
    if not any(map(str.isalnum, text)):
        raise ValueError(f"expected a text with at least one letter, found {quoted(text)}; delete the entry or fill it")
    return text


def identifier(text: str) -> str:
    """An id of a source, an actor, a rule or a destination."""
    if not ID.fullmatch(text):
        raise ValueError(f"expected an id of letters, digits and hyphens such as al-mada, found {quoted(text)}")
    return text


def region_id(text: str) -> str:
    """One of the four forms of region ids."""
    if not REGION_ID.fullmatch(text):
        raise ValueError(
            f"expected the id of a country (IQ), a province (IQ-NI), a GeoNames place (gn-9166649) or a word "
            f"(ain-al-asad), found {quoted(text)}"
        )
    return text


def region_like(text: str) -> bool:
    """Whether an id has the form of shipped data: a province or place of a country that exists."""
    form = COUNTRY_LIKE.fullmatch(text)
    return form is not None and (form[1] is None or form[1] in zones())


def country(text: str) -> str:
    """ISO 3166-1 alpha-2."""
    if text not in zones():
        remedy = "; did you mean GB?" if text == "UK" else meant(text.upper(), zones())
        raise ValueError(f"expected a country code of ISO 3166-1 such as IQ, found {quoted(text)}{remedy}")
    return text


def country_or_none(text: str) -> str:
    """ISO 3166-1 alpha-2, or XX for an actor of no single country."""
    return text if text == "XX" else country(text)


def language(text: str) -> str:
    """BCP 47, beginning with a code of ISO 639."""
    form = LANGUAGE.fullmatch(text)
    if not form or not (form[2] or TWO_LETTERS.fullmatch(form[1])):
        raise ValueError(f"expected a language code such as ar, fa, ckb or en, found {quoted(text)}")
    return text


@cache
def zone(text: str) -> str:
    """A name of the time zone database."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        remedy = meant(text, available_timezones())
        raise ValueError(f"expected a time zone such as Asia/Baghdad, found {quoted(text)}{remedy}") from None
    return text


def url(text: str) -> str:
    """An http or https address without name and password; a message never repeats those."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"expected an http or https URL, found {quoted(text)}") from None
    if "@" in parts.netloc:
        raise ValueError("the URL holds a name or password before the @; put them into headers as ${NAME}")
    if VARIABLE.search(text):
        raise ValueError(
            "${NAME} is not replaced in a URL, since URLs are logged and archived; put the secret into headers"
        )
    if parts.scheme not in ("http", "https") or not host or CONTROL.search(text) or " " in text:
        raise ValueError(f"expected an http or https URL, found {quoted(text)}")
    if len(text) > LONGEST_URL:
        raise ValueError(f"the URL has more than {LONGEST_URL} characters")
    return text


def host(text: str) -> str:
    """A host name alone, in lower case."""
    if not HOST.fullmatch(text):
        raise ValueError(
            f"expected a host name such as www.example.com, found {quoted(text)}; leave scheme and path out"
        )
    return text


def network(text: str) -> str:
    """A CIDR block without host bits."""
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        remedy = f"; did you mean {ip_network(text, strict=False)}?"
    except ValueError:
        remedy = ""
    raise ValueError(f"expected a network such as 127.0.0.0/8, found {quoted(text)}{remedy}")


def header_name(text: str) -> str:
    """The name of an HTTP header."""
    if not HEADER.fullmatch(text):
        raise ValueError(f"expected the name of an HTTP header such as Authorization, found {quoted(text)}")
    return text


def one_line(text: str) -> str:
    """A text that may stand in an HTTP header."""
    if not text.strip() or CONTROL.search(text):
        raise ValueError("expected a text on one line")
    return text


def page_line(text: str) -> str:
    """One line of a page's text; spaces around it do not count."""
    line = filled(text).strip()
    if "\n" in line:
        raise ValueError(f"expected one line of a page, found several, {quoted(line)}; make each an entry of its own")
    if not folded(line).strip(MASK):
        raise ValueError(f"expected a line with at least one letter, found {quoted(line)}; numbers do not count")
    return line


def folded(line: str) -> str:
    """What makes two lines one when cleaning compares them: folded letters, every number as one 0."""
    return letters(fold(line))


def path(text: str) -> str:
    """A file's path; the environment has no part in it."""
    if VARIABLE.search(text):
        raise ValueError(f"${{NAME}} is replaced only in headers and proxy, found {quoted(text)}")
    return filled(text)


def secret(text: str, environ: Mapping[str, str]) -> str:
    """The text with each `${NAME}` replaced; a message never repeats the text."""
    for name in VARIABLE.findall(text):
        if not environ.get(name):
            raise ValueError(f"the environment variable {name} is not set; set it before the start")
    if "${" in VARIABLE.sub("", text):
        raise ValueError("expected ${NAME} with a name of letters, digits and _")
    return one_line(VARIABLE.sub(lambda found: environ[found[1]], text))


def proxy(text: str, environ: Mapping[str, str]) -> str:
    """The address of a proxy; name and password may come from the environment only."""
    userinfo = text.partition("://")[2].rpartition("@")[0]
    if VARIABLE.sub("", userinfo).strip(":"):
        raise ValueError("the URL holds a name or password before the @; take them from the environment as ${NAME}")
    address = secret(text, environ)
    scheme, _, rest = address.partition("://")
    if scheme not in ("http", "https") or not rest:
        raise ValueError("expected the http or https URL of a proxy")
    return address

"""YAML as people mean it: `NO` is a country, `22:00` a time, and every key knows its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import file
from pipeline.config.file import DEEPEST, Plain, parse
from pipeline.model import ConfigError

RULES = Path("config/rules.yaml")


def read(text: str) -> Plain:
    """The value of a text."""
    return parse(RULES, text).value


def refusal(text: str) -> str:
    """The sentence for a text that is refused, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse(RULES, text)
    return str(caught.value).removeprefix("config/rules.yaml, ")


# What a scalar means


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "no", "yes", "Yes", "on", "off", "y", "22:00", "1:30:00", "2026-11-21", "2026-11-21T08:00:00Z"),
        *("017", "0o17", "0x1f", "0b1", "1_000", "007", ".inf", ".nan", "+", "1.2.3", "<<", "=", "12e", "e3", "9" * 19),
    ],
)
def test_what_yaml_1_1_would_change_is_text(text: str) -> None:
    assert read(text) == text
    assert read(f"- {text}") == (text,)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-5", -5), ("+5", 5), ("3600", 3600), ("5.5", 5.5), ("-0.25", -0.25), ("1.", 1.0), ("1e3", 1000.0)],
)
def test_a_number_is_a_number(text: str, value: float) -> None:
    found = read(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None)])
def test_the_words_of_yaml_1_2_are_read(text: str, value: object) -> None:
    assert read(f"[{text}, x]" if text else "- \n- x") == (value, "x")


@pytest.mark.parametrize("text", ['"5"', "'5'", "!!str 5", "|\n  5", ">-\n  5"])
def test_a_quoted_or_block_scalar_is_text(text: str) -> None:
    found = read(f"a: {text}")
    assert isinstance(found, dict)
    assert str(found["a"]).strip() == "5"
    assert isinstance(found["a"], str)


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("no: 1\n2: b\ntrue: c\n~: d\n") == {"no": 1, "2": "b", "true": "c", "~": "d"}


def test_all_our_scripts_and_the_zero_width_non_joiner_arrive_unchanged() -> None:
    names = ("خامنه‌ای", "پێشمەرگە", 'צה"ל', "Հեզբոլլահ", "İŞİD", "Pêşmerge", "États-Unis")
    assert read("- " + "\n- ".join(names)) == names


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "--- # nothing\n...\n", "%YAML 1.2\n---\n"])
def test_a_file_without_a_value_is_none(text: str) -> None:
    assert read(text) is None


def test_an_anchor_may_be_used_again() -> None:
    assert read("a: &war [PKK, TSK]\nb: *war\nc: &x 5\nd: *x\n") == {
        "a": ("PKK", "TSK"),
        "b": ("PKK", "TSK"),
        "c": 5,
        "d": 5,
    }


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert file.read(tmp_path / "a.yaml").value == {"a": 1, "b": 2}


def test_without_the_fast_parser_the_slow_one_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# rules\n- id: NO\n  send: &s [a, 'b', 1.5]\n  again: *s\n- {id: x, at: 22:00}\n"
    fast = parse(RULES, text)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    slow = parse(RULES, text)
    assert (slow.value, slow.lines) == (fast.value, fast.lines)
    assert refusal("a: [1\nb: 2\n").startswith("line 2: this is not YAML (")


# Lines


def test_every_key_and_item_knows_its_line() -> None:
    lines = parse(RULES, "# head\n\n- id: a\n  send:\n    - desk\n    - {x: 1,\n       y: 2}\n").lines
    assert lines == {
        (): 3,
        (0,): 3,
        (0, "id"): 3,
        (0, "send"): 4,
        (0, "send", 0): 5,
        (0, "send", 1): 6,
        (0, "send", 1, "x"): 6,
        (0, "send", 1, "y"): 7,
    }


def test_a_mistake_is_told_with_the_way_to_it() -> None:
    told = parse(RULES, "- id: a\n- id: b\n").error((1, "outlets", "id", 0), "no such outlet")
    assert str(told) == "config/rules.yaml, line 2, rules[1].outlets.id[0]: no such outlet"


def test_a_list_can_be_read_as_if_it_stood_under_a_key() -> None:
    places = parse(RULES, "\n- id: a\n").under("places")
    assert places.value == {"places": ({"id": "a"},)}
    assert str(places.error(("places", 0, "id"), "x")) == "config/rules.yaml, line 2, places[0].id: x"


# What is refused


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3, a: this key stands twice, first on line 1; keep one of them"),
        ("- {a: 1, a: 2}\n", "line 1, rules[0].a: this key stands twice, first on line 1; keep one of them"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document begins here; one file holds one, so take the line --- out"),
        (
            "a: !!python/name:os.system\n",
            "line 1, a: the tag tag:yaml.org,2002:python/name:os.system is not known here",
        ),
        ("a: !secret x\n", "line 1, a: the tag !secret is not known here; write the plain value"),
        ("a:\n  b: !!set {x}\n", "line 2, a.b: the tag tag:yaml.org,2002:set is not known here; leave it out"),
        ("a: 1\n? [b]\n: 2\n", "line 2: a key has to be a word; put quotes around one that begins with * or & or a"),
        ("a: *war\n", "line 1, a: *war names nothing that stands complete above it"),
        ("a: &x [*x]\n", "line 1, a[0]: *x names nothing that stands complete above it"),
        (
            "a: [1, 2\nb: 3\n",
            "line 2: this is not YAML (did not find expected ',' or ']'); check quotes, brackets, colons,",
        ),
        ("a:\n\tb: 1\n", "line 2: this is not YAML (found character that cannot start any token); check quotes,"),
        ("a: 'x\n", "line 2: this is not YAML (found unexpected end of stream); check quotes"),
        ("a: b: c\n", "line 1: this is not YAML (mapping values are not allowed in this context); check"),
        ("a: 1\nb: x\x07y\n", "line 2: holds the control character U+0007; delete it"),
        ("[" * 100_000, f"line 1: more than {DEEPEST} levels inside each other; check the brackets"),
        ("- " * 100_000, f"line 1: more than {DEEPEST} levels inside each other; check the brackets"),
    ],
)
def test_what_is_not_plain_yaml_is_told_with_its_line(text: str, told: str) -> None:
    assert refusal(text).startswith(told)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**16), 10**16)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyzءپێאա", min_size=1), inner, max_size=4),
    max_leaves=12,
)


def frozen(value: object) -> object:
    """The value with tuples for lists."""
    if isinstance(value, dict):
        return {key: frozen(part) for key, part in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value


@settings(deadline=None, derandomize=True)
@given(PLAIN)
def test_what_is_written_as_yaml_is_read_back(value: object) -> None:
    assert read(
        yaml.safe_dump(value, default_style='"' if isinstance(value, str) else None, allow_unicode=True)
    ) == frozen(value)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(st.sampled_from("ab:- \n\t#[]{}&*!|>'\"%@,?~1.é\x00\ud800\u2028\ufeff")))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    told = ""
    try:
        lines = parse(RULES, text).lines
    except ConfigError as error:
        told = str(error)
    if told:
        assert "\n" not in told
        assert told.startswith("config/rules.yaml, line ")
    else:
        assert all(1 <= line <= len(text.splitlines()) + 1 for line in lines.values())

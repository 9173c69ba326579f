from __future__ import annotations

import io
import json
import os
import resource
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts import Message, from_json
from pipeline.model import Retry, replace
from pipeline.notify import FSI, PDI, JsonLines, Terminal, check, plain, readable, senders
from pipeline.watchlist import Destination

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOLD = Message(
    id="guards/a/new",
    rule="guards",
    kind="new",
    story="a",
    article="a",
    url="https://example.org/a",
    title="The ferry left",
    outlet="harbour",
    outlet_name="Harbour News",
    outlet_country="IQ",
    outlet_affiliation="private",
    actor="irgc",
    actor_name="Islamic Revolutionary Guard Corps",
    alias="Revolutionary Guards",
    sentence="The Revolutionary Guards said that the ferry had left.",
    published_at=NOON,
    seen_at=NOON + timedelta(minutes=5),
)
ARABIC = replace(
    TOLD, title="العبّارة غادرت", alias="الحرس الثوري", sentence="قال الحرس الثوري إن العبّارة غادرت (IRGC)."
)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_terminal_shows_who_is_named_how_and_where() -> None:
    screen = io.StringIO()
    Terminal(screen)(TOLD)

    assert screen.getvalue() == (
        "ALERT guards: Islamic Revolutionary Guard Corps, named Revolutionary Guards\n"
        "  The ferry left\n"
        "  The Revolutionary Guards said that the ferry had left.\n"
        "  Harbour News (IQ, private), published 2026-11-21 12:00, seen 2026-11-21 12:05 UTC\n"
        "  https://example.org/a\n"
        "\n"
    )


def test_the_terminal_makes_do_with_what_is_known() -> None:
    bare = replace(
        TOLD, actor="", actor_name="", alias="", sentence="", title="", outlet_country="", outlet_affiliation=""
    )

    assert plain(bare).splitlines()[:2] == [
        "ALERT guards",
        "  Harbour News, published 2026-11-21 12:00, seen 2026-11-21 12:05 UTC",
    ]


def test_times_are_shown_in_utc() -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))

    assert "published 2026-11-21 08:30" in plain(replace(TOLD, published_at=NOON.replace(tzinfo=tehran)))


def test_right_to_left_text_is_isolated_from_its_surroundings() -> None:
    first, title, sentence, *_ = plain(ARABIC).splitlines()

    assert first == f"ALERT guards: Islamic Revolutionary Guard Corps, named {FSI}الحرس الثوري{PDI}"
    assert title == f"  {FSI}العبّارة غادرت{PDI}"
    assert sentence == f"  {FSI}قال الحرس الثوري إن العبّارة غادرت (IRGC).{PDI}"


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("plain", "plain"),
        ("red \x1b[31malert\x07", "red [31malert"),
        ("two\r\nlines\u2028three", "two lines three"),
        ("turned \u202egnorw", "turned gnorw"),
        ("\u2067open", "open"),
        ("می\u200cتوان", f"{FSI}می\u200cتوان{PDI}"),
        ("שלום", f"{FSI}שלום{PDI}"),
        ("Սահման, Əliyev, Şırnak", "Սահման, Əliyev, Şırnak"),
        ("", ""),
    ],
)
def test_a_strangers_text_keeps_to_its_line(given_: str, shown: str) -> None:
    assert readable(given_) == shown


@given(st.text())
@settings(deadline=None, derandomize=True)
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    lines = plain(replace(TOLD, title=text, sentence=text, alias=text, outlet_name=text)).split("\n")

    assert len(lines) <= 7
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for line in lines for char in line)
    assert all(line.count(FSI) == line.count(PDI) for line in lines)


def test_a_terminal_of_another_charset_shows_question_marks() -> None:
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, "ascii")
    Terminal(screen)(replace(TOLD, title="Ærø"))

    assert b"  ?r?\n" in raw.getvalue()
    screen.close()


class GoneTerminal(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_terminal_that_is_gone_is_told() -> None:
    with pytest.raises(Retry, match="the terminal takes no text: Broken pipe"):
        Terminal(GoneTerminal())(TOLD)


def test_alerts_are_appended_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "alerts.jsonl"
    send = JsonLines(path)
    send(TOLD)
    send(ARABIC)
    JsonLines(path)(TOLD)

    lines = path.read_text("utf-8").splitlines()
    assert [from_json(line) for line in lines] == [TOLD, ARABIC, TOLD]
    assert json.loads(lines[0])["id"] == json.loads(lines[2])["id"] == "guards/a/new"


def test_a_lone_surrogate_does_not_stop_an_alert(tmp_path: Path) -> None:
    JsonLines(tmp_path / "alerts.jsonl")(replace(TOLD, title="half \ud83d"))

    assert json.loads((tmp_path / "alerts.jsonl").read_text("utf-8"))["title"] == "half ?"


def test_a_line_that_found_no_room_is_told_and_the_next_one_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    send = JsonLines(path)
    send(TOLD)
    with room_for(path.stat().st_size + 20), pytest.raises(Retry, match="only a part of the line found room"):
        send(ARABIC)
    send(ARABIC)

    first, torn, whole = path.read_text("utf-8").splitlines()
    assert (from_json(first), len(torn), from_json(whole)) == (TOLD, 20, ARABIC)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Retry, match=r"cannot append to .*file/alerts.jsonl: "):
        JsonLines(tmp_path / "file" / "alerts.jsonl")(TOLD)
    with pytest.raises(Retry, match=r"cannot append to .*: Is a directory"):
        JsonLines(tmp_path)(TOLD)
    with pytest.raises(Retry, match=r"No space left"):
        JsonLines(Path("/dev/full"))(TOLD)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(Retry, match=r"cannot append to .*pipe: "):
        JsonLines(tmp_path / "pipe")(TOLD)
    with pytest.raises(Retry, match="is in the way"):
        check(Destination("desk", file=str(tmp_path / "pipe")))


def test_every_destination_has_its_sender(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = senders([Destination("desk", file=str(tmp_path / "desk.jsonl")), Destination("screen", terminal=True)])
    for send in found.values():
        send(TOLD)

    assert list(found) == ["desk", "screen"]
    assert "ALERT guards" in capsys.readouterr().out
    assert from_json((tmp_path / "desk.jsonl").read_text("utf-8")) == TOLD


def test_a_destination_is_checked_without_writing(tmp_path: Path) -> None:
    new, old = tmp_path / "folder" / "new.jsonl", tmp_path / "old.jsonl"
    old.write_text("")

    assert check(Destination("screen", terminal=True)) == "printed on the terminal"
    assert check(Destination("desk", file=str(new))) == f"appended to {new}"
    assert check(Destination("desk", file=str(old))) == f"appended to {old}"
    assert check(Destination("desk", file="alerts.jsonl")) == "appended to alerts.jsonl"
    assert list(tmp_path.iterdir()) == [old]


def test_a_destination_that_cannot_be_written_is_told_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for path in (tmp_path, tmp_path / "file" / "alerts.jsonl"):
        with pytest.raises(Retry, match="is in the way"):
            check(Destination("desk", file=str(path)))
    with pytest.raises(Retry, match="name too long"):
        check(Destination("desk", file=str(tmp_path / ("x" * 300))))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_destination_without_the_right_to_write_is_told_beforehand(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(Retry, match="no right to write to"):
        check(Destination("desk", file=str(tmp_path / "alerts.jsonl")))

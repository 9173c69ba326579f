"""`wireroom alerts`: what is due is sent once, the dry run sends nothing, and a destination can be tried."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.dedupe import Fingerprint
from pipeline.model import Article, Changes, Fate, Mention, Outlet, Seen, Stored
from tests.command_line import Desk, article, spawned, typed

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
ACTORS = "- {id: pkk, names: {en: PKK}}\n- {id: irgc, names: {en: IRGC}}\n"
SENTENCE = "وقال شهود إن PKK انسحب من الجبل."


def rules(log: Path, more: str = "") -> str:
    return (
        "rules:\n- {id: mountains, actors: [pkk], send: [desk, log]}\n"
        f"destinations:\n  desk: {{terminal: true}}\n  log: {{file: {log}}}\n{more}"
    )


def named(path: str, hours: int, **fields: object) -> Article:
    """An article that names the PKK, published and ingested so many hours ago."""
    at = NOW - hours * HOUR
    mention = Mention("pkk", "PKK", SENTENCE, SENTENCE.index("P"), SENTENCE.index("P") + 3, "text")
    told = article(
        f"https://desk.example/{path}",
        **{
            "title": f"العنوان {path}",
            "text": f"{SENTENCE} {' '.join(f'{path}{number}' for number in range(30))}",
            "language": "ar",
            "published_at": at,
            "fetched_at": at,
            "ingested_at": at,
            "outlet": Outlet("sada", "صدى", "IQ", ("ar",), "private"),
            "actors": ("pkk",),
            "mentions": (mention,),
            **fields,
        },
    )
    return Fingerprint()(told)


FRESH, OLD = named("fresh", 2), named("old", 20 * 24)
COPY = named("copy", 1, text=FRESH.text, story=FRESH.id, copy_of=FRESH.id, lead=False)
OTHER = named("other", 3, actors=("irgc",), mentions=())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Articles that came while rules had been listening for two days, and nobody has been told of yet."""
    made = Desk(tmp_path).write(actors=ACTORS, alerts=rules(tmp_path / "alerts.jsonl"))
    store, began = made.opened(), (NOW - 48 * HOUR).isoformat()
    store.save(
        Changes(
            articles=tuple(map(Stored, (FRESH, COPY, OLD, OTHER))),
            seen=tuple(Seen(each.id, each.fetched_at or NOW, Fate.KEPT) for each in (FRESH, COPY, OLD, OTHER)),
            states=(("rules", Stored(json.dumps({"mountains": began}))), ("alerted", Stored(began))),
        )
    )
    store.close()
    return made


def sent(desk: Desk) -> list[str]:
    log = desk.folder / "alerts.jsonl"
    return [json.loads(line)["url"] for line in log.read_text().splitlines()] if log.exists() else []


def test_what_is_due_is_sent_once_a_story_to_every_destination(desk: Desk) -> None:
    first, second = desk.typed("alerts"), desk.typed("alerts")

    assert (first.code, second.code) == (0, 0)
    assert sent(desk) == [FRESH.url]
    assert first.out.count("ALERT mountains") == 1
    assert first.err == "wireroom: 1 alerts sent\n"
    assert (second.out, second.err) == ("", "wireroom: 0 alerts sent\n")


def test_an_alert_shows_the_alias_the_sentence_and_where_it_stood(desk: Desk) -> None:
    told = desk.typed("alerts").out

    assert "named PKK" in told
    assert SENTENCE in told
    assert FRESH.title in told
    assert "صدى" in told
    assert "(IQ, private)" in told
    assert FRESH.url in told


def test_the_dry_run_shows_what_would_be_sent_and_sends_nothing(desk: Desk) -> None:
    told = desk.typed("alerts", "--dry-run")

    assert told.code == 0
    assert told.out.count("ALERT mountains") == 1
    assert told.err.startswith("wireroom: 1 alerts would have been sent since ")
    assert sent(desk) == []
    assert desk.typed("alerts").err == "wireroom: 1 alerts sent\n", "nothing was claimed"


def test_the_dry_run_knows_no_claims_and_looks_back_as_far_as_it_is_told(desk: Desk) -> None:
    desk.typed("alerts")

    assert desk.typed("alerts", "--dry-run", "--since", "30d").out.count("ALERT") == 2
    assert desk.typed("alerts", "--dry-run", "--since", "90m").out.count("ALERT") == 1
    assert desk.typed("alerts", "--dry-run", "--since", "10m").out == ""


def test_an_alert_nobody_accepted_is_sent_with_the_next_call(desk: Desk) -> None:
    (desk.folder / "alerts.jsonl").mkdir()
    first = desk.typed("alerts")
    (desk.folder / "alerts.jsonl").rmdir()

    second = desk.typed("alerts")

    assert first.code == 0
    assert "to log: cannot append to" in first.err
    assert "sent again with the next run" in first.err
    assert sent(desk) == [FRESH.url]
    assert "ALERT" not in second.out, "the terminal had accepted it"


@pytest.mark.parametrize("since", ["a week", "7", "2026-02-30"])
def test_a_beginning_that_is_none_is_wrong_use(desk: Desk, since: str) -> None:
    told = desk.typed("alerts", "--dry-run", "--since", since)

    assert (told.code, told.out) == (2, "")
    assert f"--since {since}: expected 7d, 12h or a date" in told.err


# alerts test


def test_a_destination_is_tried_with_a_made_up_alert(desk: Desk) -> None:
    terminal, file = desk.typed("alerts", "test", "desk"), desk.typed("alerts", "test", "log")

    assert terminal.out.startswith("ALERT test")
    assert (terminal.code, terminal.err) == (0, "wireroom: desk accepted a test alert\n")
    assert (file.code, file.out) == (0, "")
    assert sent(desk) == ["https://wireroom.example/test"]


def test_the_places_may_stand_before_the_word_test_too(desk: Desk) -> None:
    told = typed("alerts", *desk.places, "test", "desk")

    assert told.code == 0
    assert told.out.startswith("ALERT test")


def test_a_destination_that_takes_nothing_is_told(desk: Desk) -> None:
    (desk.folder / "alerts.jsonl").mkdir()

    told = desk.typed("alerts", "test", "log")

    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("wireroom: log: cannot append to ")


def test_a_destination_nobody_configured_is_wrong_use(desk: Desk) -> None:
    told = desk.typed("alerts", "test", "pager")

    assert (told.code, told.out) == (2, "")
    assert "alerts test pager: not in" in told.err
    assert "(there: desk, log)" in told.err


def test_a_word_that_is_no_part_of_alerts_is_wrong_use(desk: Desk) -> None:
    told = spawned("alerts", "why", *desk.places)

    assert told.code == 2
    assert "No such command 'why'" in told.err

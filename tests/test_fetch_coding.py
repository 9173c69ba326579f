"""Content codings: what comes out, and that a bomb does not."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from contextlib import suppress
from random import Random

import brotli  # type: ignore[import-untyped] # the package brings no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fetch.coding import MEMBERS, SLICE, Body
from pipeline.model import Drop, Retry

MEBIBYTE = 2**20
TEXT = "<p>خبر عاجل من بغداد</p>\n".encode() * 20_000  # 640 kB, more than one slice in any coding below
WELL_KNOWN = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "GZip ": gzip.compress(TEXT),
    "identity": TEXT,
    "": TEXT,
    "gzip, br": brotli.compress(gzip.compress(TEXT)),
    "utf-8": TEXT,  # seen in the wild
}


def opened(codings: str, data: bytes, *, limit: int = 15 * MEBIBYTE, cut: bool = False, step: int = 1_400) -> bytes:
    """The body that came in pieces of `step` bytes, as far as it was wanted."""
    body = Body(codings, limit, cut=cut)
    for start in range(0, len(data), step):
        body.add(data[start : start + step])
        if body.full:
            break
    return body.whole()


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the header that its name asks for, as some servers send it."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize("codings", WELL_KNOWN)
def test_h3_every_coding_we_ask_for_is_opened(codings: str) -> None:
    assert opened(codings, WELL_KNOWN[codings]) == TEXT


@pytest.mark.parametrize("step", [1, 7, SLICE, 3 * SLICE])
def test_h3_the_size_of_the_pieces_makes_no_difference(step: int) -> None:
    assert opened("br, gzip", gzip.compress(brotli.compress(TEXT)), step=step) == TEXT


def test_h3_deflate_is_opened_without_its_header_too() -> None:
    assert opened("deflate", raw_deflate(TEXT)) == TEXT


def test_h3_gzip_members_in_a_row_are_one_body() -> None:
    members = gzip.compress(b"one ") + gzip.compress(TEXT) + gzip.compress(b" three")

    assert opened("gzip", members) == b"one " + TEXT + b" three"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_h3_padding_behind_the_stream_is_passed_over(coding: str) -> None:
    assert opened(coding, WELL_KNOWN[coding] + bytes(512)) == TEXT


@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "gzip, gzip", "br, gzip"])
@pytest.mark.parametrize(
    "text",
    [TEXT, b'<?xml version="1.0"?><rss/>', b"<!doctype html><p>.", b'{"version": "https://jsonfeed.org/version/1.1"}'],
)
def test_h3_a_body_under_a_wrong_label_is_taken_as_it_is(label: str, text: bytes) -> None:
    assert opened(label, text) == text


def test_h3_of_two_labels_only_the_wrong_one_is_taken_off() -> None:
    assert opened("gzip, gzip", gzip.compress(TEXT)) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_c4_a_coding_that_comes_to_no_end_is_no_answer(coding: str) -> None:
    with pytest.raises(Retry, match="bad-encoding"):
        opened(coding, WELL_KNOWN[coding][:-20])


def test_c4_a_coding_broken_after_its_first_slice_is_no_answer() -> None:
    noise = zlib.compress(bytes(range(256)) * 1_000, 0)

    with pytest.raises(Retry, match="bad-encoding"):
        opened("deflate", noise[: 2 * SLICE] + b"\xff" * SLICE)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
def test_an_empty_body_is_empty_in_any_coding(coding: str) -> None:
    assert opened(coding, b"") == b""


def bomb(coding: str, size: int) -> bytes:
    """`size` bytes of nothing, some thousand times smaller."""
    if coding == "br":
        stream = brotli.Compressor(quality=5)
        return b"".join([*(stream.process(bytes(MEBIBYTE)) for _ in range(size // MEBIBYTE)), stream.finish()])
    deflater = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    return b"".join([*(deflater.compress(bytes(MEBIBYTE)) for _ in range(size // MEBIBYTE)), deflater.flush()])


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip", "gzip, br"])
def test_x5_a_bomb_takes_no_more_memory_than_the_limit_and_some_slices(coding: str) -> None:
    packed = bomb(coding.partition(",")[0], 32 * MEBIBYTE)
    if ", gzip" in coding:
        packed = gzip.compress(packed)
    if ", br" in coding:
        packed = brotli.compress(packed, quality=1)
    tracemalloc.start()
    with pytest.raises(Drop, match="too-large"):
        opened(coding, packed, limit=MEBIBYTE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2 * MEBIBYTE + len(packed)


def test_x5_what_is_received_counts_too_even_if_nothing_comes_out() -> None:
    empty_members = gzip.compress(b"") * 500

    with pytest.raises(Drop, match="too-large"):
        opened("gzip", empty_members, limit=5_000)


def test_x5_a_body_of_many_tiny_members_is_given_up() -> None:
    first = gzip.compress(Random(1).randbytes(2 * SLICE))  # noqa: S311 - noise, not a secret

    with pytest.raises(Retry, match="bad-encoding"):
        opened("gzip", first + gzip.compress(b"x") * (2 * MEMBERS))


def test_x5_the_limit_counts_what_comes_out_not_what_was_sent() -> None:
    packed = gzip.compress(bytes(MEBIBYTE))

    assert opened("gzip", packed, limit=MEBIBYTE) == bytes(MEBIBYTE)
    with pytest.raises(Drop, match="too-large"):
        opened("gzip", packed, limit=MEBIBYTE - 1)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", ""])
def test_r3_a_body_that_may_be_cut_ends_at_its_limit(coding: str) -> None:
    assert opened(coding, WELL_KNOWN[coding], limit=100_000, cut=True) == TEXT[:100_000]
    assert opened(coding, WELL_KNOWN[coding], limit=10, cut=True) == TEXT[:10]


@pytest.mark.parametrize("codings", ["gzip, gzip, gzip", "br,br,br,br", "gzip, deflate, identity, br"])
def test_x6_more_than_two_codings_are_refused(codings: str) -> None:
    with pytest.raises(Drop, match="bad-encoding"):
        Body(codings, MEBIBYTE)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(["gzip", "br", "deflate", "gzip, br", "br, deflate"]), st.binary(max_size=2_000))
def test_any_bytes_under_any_label_give_a_body_or_a_retry(codings: str, data: bytes) -> None:
    for sent in (data, gzip.compress(data)[:-4], brotli.compress(data) + data):
        with suppress(Retry):
            assert len(opened(codings, sent, limit=1_000, cut=True)) <= 1_000

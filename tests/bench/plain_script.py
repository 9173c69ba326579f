"""The yardstick, written in an afternoon: one feed and one page after the other, archived and stored."""

from __future__ import annotations

import io
import sqlite3
import sys
from pathlib import Path

import feedparser
import httpx
import langdetect
import trafilatura
import yaml
from trafilatura.settings import Document
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter


def main() -> None:
    """Read the sources of a file into a folder."""
    sources, folder = Path(sys.argv[1]), Path(sys.argv[2])
    db = sqlite3.connect(folder / "plain.db")
    db.execute("CREATE TABLE articles (url TEXT PRIMARY KEY, title TEXT, date TEXT, language TEXT, text TEXT)")
    kept = 0
    with httpx.Client(trust_env=False, follow_redirects=True) as client, (folder / "plain.warc.gz").open("wb") as out:
        writer = WARCWriter(out, gzip=True)
        for source in yaml.load(sources.read_text(), Loader=yaml.CSafeLoader):
            for entry in feedparser.parse(client.get(source["feed"]).content).entries:
                answer = client.get(entry.link)
                head = StatusAndHeaders("200 OK", list(answer.headers.items()), protocol="HTTP/1.1")
                payload = io.BytesIO(answer.content)
                writer.write_record(
                    writer.create_warc_record(entry.link, "response", payload, len(answer.content), http_headers=head)
                )
                found = trafilatura.bare_extraction(answer.text, include_comments=False, with_metadata=True)
                if not isinstance(found, Document) or not found.text:
                    continue
                try:
                    language = langdetect.detect(found.text)
                except langdetect.LangDetectException:
                    language = "und"
                row = (entry.link, found.title, found.date, language, found.text)
                kept += db.execute("INSERT OR IGNORE INTO articles VALUES (?, ?, ?, ?, ?)", row).rowcount
            db.commit()
    print(kept)


if __name__ == "__main__":
    main()

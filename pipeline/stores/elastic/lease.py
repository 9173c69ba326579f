"""One run at a time on a store that many machines share: a lease that its holder renews and a dead one loses.

Who waits watches the lease by its own clock: one that has not moved for LASTING seconds has no living holder. No two
clocks are compared (Gray and Cheriton 1989 on leases; Kleppmann 2016 on why writes are compare-and-set all the same).
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError, ConflictError, Elasticsearch, NotFoundError

from pipeline.stores.elastic.connection import be_patient
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.writing import SHARD_AWAITED

KEY = "lease"
LASTING = 20.0  # seconds
RENEWED = 5.0  # seconds between two renewals
LOOKED_AT = 0.5  # seconds between two looks of who waits

Version = tuple[int, int]


@dataclass
class Lease:
    """The lease of one store, as one process sees it."""

    client: Elasticsearch
    url: str
    index: str
    lasting: float = LASTING
    renewed: float = RENEWED
    lost: threading.Event = field(default_factory=threading.Event)
    """Set where another run took over, since this one stood still for too long."""

    @contextmanager
    def held(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the lease; where another holds it call `waiting` once and wait."""
        holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        with explained(self.url):
            version = self._take(holder, waiting)
        ended = threading.Event()
        renewal = threading.Thread(target=self._renew, args=(holder, version, ended), daemon=True)
        renewal.start()
        try:
            yield
        finally:
            ended.set()
            patience = be_patient(self.client, 0.0)  # to be free at once is not worth a wait
            renewal.join()
            be_patient(self.client, patience)
            self.lost.clear()

    def _take(self, holder: str, waiting: Callable[[], None]) -> Version:
        told, watched, since = False, None, time.monotonic()
        while True:
            current = self._read()
            free = current is None or current[0] in {"", holder}  # its own: the answer to its taking got lost
            if current != watched:
                watched, since = current, time.monotonic()
            if free or time.monotonic() - since > self.lasting:
                taken = self._write(holder, current[1] if current else None)
                if taken:
                    return taken
                continue
            if not told:
                waiting()
                told = True
            time.sleep(LOOKED_AT)

    def _renew(self, holder: str, version: Version, ended: threading.Event) -> None:
        """Renew until the work has ended, then free it; a server that is away is asked again the next time."""
        current: Version | None = version
        while current and not ended.wait(self.renewed):
            with suppress(TransportError, ApiError):
                current = self._write(holder, current) or self._still(holder)
        if current is None:
            self.lost.set()
            return
        with suppress(TransportError, ApiError):  # then the next run waits until it has lapsed
            if not self._write("", current) and (current := self._still(holder)):
                self._write("", current)

    def _still(self, holder: str) -> Version | None:
        """The version of the lease where it is still this holder's: the answer to its last renewal got lost."""
        current = self._read()
        return current[1] if current and current[0] == holder else None

    def _read(self) -> tuple[str, Version] | None:
        """Who holds the lease ("": nobody) and its version; None where it was never taken."""
        try:
            told = self.client.get(index=self.index, id=KEY)
        except NotFoundError:
            return None
        return told["_source"]["value"], (told["_seq_no"], told["_primary_term"])

    def _write(self, holder: str, version: Version | None) -> Version | None:
        """Write the lease over a version (None: create it) and give the new one; None where another was faster."""
        if version is None:
            over: dict[str, Any] = {"op_type": "create"}
        else:
            over = {"if_seq_no": version[0], "if_primary_term": version[1]}
        try:
            document = {"key": KEY, "value": holder}
            told = self.client.index(index=self.index, id=KEY, document=document, timeout=SHARD_AWAITED, **over)
        except ConflictError:
            return None
        return told["_seq_no"], told["_primary_term"]

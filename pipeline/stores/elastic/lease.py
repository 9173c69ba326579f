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
    _holder: str = ""
    _version: Version | None = None  # while it is held
    _until: float = 0.0  # by this process's clock; before, nobody can have taken over
    _renewing: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def held(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the lease; where another holds it call `waiting` once and wait."""
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        with explained(self.url):
            self._take(waiting)
        ended = threading.Event()
        renewal = threading.Thread(target=self._renew, args=(ended,), daemon=True)
        renewal.start()
        try:
            yield
        finally:
            ended.set()
            patience = be_patient(self.client, 0.0)  # to be free at once is not worth a wait
            renewal.join()
            be_patient(self.client, patience)
            self._version = None
            self.lost.clear()

    def stands(self) -> bool:
        """Whether what is held is held still; where it was not renewed in time, as the server says."""
        if self._version is None or time.monotonic() < self._until:
            return not self.lost.is_set()
        return self._renewed()

    def _take(self, waiting: Callable[[], None]) -> None:
        told, watched, since = False, None, time.monotonic()
        while True:
            began = time.monotonic()
            current = self._read()
            free = current is None or current[0] in {"", self._holder}  # its own: the answer to its taking got lost
            slow = time.monotonic() - began > self.renewed  # a server that was away kept its holder from renewing, too
            if current != watched or slow:
                watched, since = current, time.monotonic()
            if free or time.monotonic() - since > self.lasting:
                began = time.monotonic()
                self._version = self._write(self._holder, current[1] if current else None)
                self._until = began + self.lasting
                if self._version:
                    return
                continue
            if not told:
                waiting()
                told = True
            time.sleep(LOOKED_AT)

    def _renew(self, ended: threading.Event) -> None:
        """Renew until the work has ended, then free it; a server that is away is asked again the next time."""
        while not ended.wait(self.renewed):
            with suppress(TransportError, ApiError):
                if not self._renewed():
                    return
        with suppress(TransportError, ApiError):  # then the next run waits until it has lapsed
            if self._version and not self._write("", self._version) and (current := self._still()):
                self._write("", current)

    def _renewed(self) -> bool:
        """Renew now; False where another run holds it."""
        with self._renewing:
            began = time.monotonic()
            current = self._version and (self._write(self._holder, self._version) or self._still())
            if not current:
                self.lost.set()
                return False
            self._version, self._until = current, began + self.lasting
            return True

    def _still(self) -> Version | None:
        """The version of the lease where it is still this holder's: the answer to its last renewal got lost."""
        current = self._read()
        return current[1] if current and current[0] == self._holder else None

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

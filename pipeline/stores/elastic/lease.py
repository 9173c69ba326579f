"""Turns on a store that many machines share: a lease that each holder renews and a dead one loses.

One document names all holders with their turns, each with a beat that it raises. Who waits watches the beats by its own
clock: a holder whose beat has not moved for LASTING seconds is dead, and taken off. No two clocks are compared (Gray
and Cheriton 1989 on leases; Kleppmann 2016 on why writes are compare-and-set all the same).

Every change is read, made and written over what was read; who loses does so again. There is no bound to that: a loser
implies a winner, and a holder writes once in RENEWED seconds.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError, ConflictError, Elasticsearch, NotFoundError

from pipeline.model import ALL_WORK, Turn
from pipeline.stores.elastic.connection import be_patient
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.holders import Holder, Holders, Watch, read, written
from pipeline.stores.elastic.writing import SHARD_AWAITED

KEY = "lease"
LASTING = 20.0  # seconds
RENEWED = 5.0  # seconds between two renewals
LOOKED_AT = 0.5  # seconds between two looks of who waits
APART = 0.03  # seconds a holder: about what a change takes; who lost tries again within those of all holders

Version = tuple[int, int]


@dataclass
class Lease:
    """The lease of one store, as one process sees it: it holds it once at a time."""

    client: Elasticsearch
    url: str
    index: str
    lasting: float = LASTING
    renewed: float = RENEWED
    looked_at: float = LOOKED_AT
    lost: threading.Event = field(default_factory=threading.Event)
    """Set where others took this one off, since it stood still for too long."""
    _name: str = ""  # while it is held or waited for
    _beat: int = 0  # the last that was written, or tried to
    _until: float = 0.0  # by this process's clock; before, nobody can have taken it off
    _renewing: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def held(self, waiting: Callable[[], None], turns: Collection[Turn] = ALL_WORK) -> Iterator[None]:
        """Hold these turns; where others hold what contends call `waiting` once and wait."""
        if self._name:
            raise RuntimeError(f"this store object on {self.url} holds turns already, or waits for some")
        ended = threading.Event()
        renewal = threading.Thread(target=self._renew, args=(ended,), daemon=True)
        try:
            self._name = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
            with explained(self.url):
                self._take(frozenset(turns), waiting)
            renewal.start()
            yield
        finally:  # also where a signal ends the wait by an exception
            ended.set()
            patience = be_patient(self.client, 0.0)  # to be free at once is not worth a wait
            try:
                if renewal.ident:
                    renewal.join()
                self._leave()
            finally:
                be_patient(self.client, patience)
                self._name, self._beat, self._until = "", 0, 0.0
                self.lost.clear()

    def stands(self) -> bool:
        """Whether what is held is held still; where it was not renewed in time, as the server says."""
        if not self._name or time.monotonic() < self._until:
            return not self.lost.is_set()
        return self._renewed()

    def _take(self, turns: frozenset[Turn], waiting: Callable[[], None]) -> None:
        told, watch = False, Watch(self.lasting, self.looked_at + self.renewed)
        while True:
            began = time.monotonic()
            holders, version = self._read()
            if self._name in holders:  # the answer to its taking got lost; when it came is not known
                return
            living = watch.living(holders)
            if not any(holder.keeps_out(turns) for holder in living.values()):
                self._beat = 1
                if self._write({**living, self._name: Holder(turns, self._beat)}, version):
                    self._until = began + self.lasting
                    return
                continue
            if not told:
                waiting()
                told = True
            time.sleep(self.looked_at)

    def _renew(self, ended: threading.Event) -> None:
        """Renew until the work has ended; a server that is away is asked again the next time."""
        while not ended.wait(random.uniform(self.renewed / 2, self.renewed)):  # noqa: S311 - no secret
            with suppress(TransportError, ApiError):
                if not self._renewed():
                    return

    def _renewed(self) -> bool:
        """Renew now; False where others took this holder off."""
        with self._renewing:
            began, self._beat = time.monotonic(), self._beat + 1
            while True:
                holders, version = self._read()
                mine = holders.get(self._name)
                if not mine:
                    self.lost.set()
                    return False
                renewed = {**holders, self._name: mine._replace(beat=self._beat)}
                if mine.beat == self._beat or self._write(renewed, version):  # or it was, and the answer got lost
                    self._until = began + self.lasting
                    return True

    def _leave(self) -> None:
        """Free what is held; where that fails others wait until it has lapsed."""
        with suppress(TransportError, ApiError):
            while self._beat:
                holders, version = self._read()
                left = {name: holder for name, holder in holders.items() if name != self._name}
                if left == holders or self._write(left, version):
                    return

    def _read(self) -> tuple[Holders, Version | None]:
        """Who holds it, and the version of the document; None where it was never taken."""
        try:
            told = self.client.get(index=self.index, id=KEY)
        except NotFoundError:
            return {}, None
        return read(told["_source"]["value"], told["_seq_no"]), (told["_seq_no"], told["_primary_term"])

    def _write(self, holders: Holders, version: Version | None) -> bool:
        """Write the holders over a version (None: create it); False where another was faster."""
        if version is None:
            over: dict[str, Any] = {"op_type": "create"}
        else:
            over = {"if_seq_no": version[0], "if_primary_term": version[1]}
        try:
            document = {"key": KEY, "value": written(holders)}
            self.client.index(index=self.index, id=KEY, document=document, timeout=SHARD_AWAITED, **over)
        except ConflictError:
            time.sleep(random.uniform(0, APART * (1 + len(holders))))  # noqa: S311 - no secret
            return False
        return True

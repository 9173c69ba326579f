"""Datasette's server on a socket of this machine alone."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from pipeline.model import ConfigError

if TYPE_CHECKING:
    from datasette.app import Datasette

HOST = "127.0.0.1"
TAKEN = (errno.EADDRINUSE, errno.EACCES)


def listen(port: int) -> socket.socket:
    """A socket that listens on a port, any free one for 0; raises ConfigError where it cannot."""
    try:
        return socket.create_server((HOST, port))
    except OSError as fault:
        if fault.errno not in TAKEN:
            raise
        raise ConfigError(
            f"--port {port}: {os.strerror(fault.errno)}; name another one, or 0 for any that is free."
        ) from None


def serve(datasette: Datasette, listening: socket.socket) -> None:
    """Answer until Ctrl-C."""
    import uvicorn

    settings = uvicorn.Config(datasette.app(), log_level="warning", access_log=False, server_header=False)
    try:
        uvicorn.Server(settings).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn raises it again when all is closed
        return

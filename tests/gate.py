"""A gate between a client and a server on this machine: it is shut, opened, or lets nothing pass."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

HOST = "127.0.0.1"


class Gate:
    """Passes bytes on to a server's port, while it is open.

    Args:
        server_port: of a server that listens on this machine.
    """

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.connections: list[socket.socket] = []
        self.passing = threading.Event()
        self.port = 0
        self.open()

    def open(self) -> None:
        """Takes connections, always on the same port."""
        self.passing.set()
        self.listener = socket.create_server((HOST, self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def shut(self) -> None:
        """Ends every connection and refuses new ones, as a server that has stopped."""
        for one in (self.listener, *self.connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.connections.clear()

    def hold(self) -> None:
        """Keeps connections and passes nothing on, as a server that is stuck."""
        self.passing.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((HOST, self.server_port))
                self.connections += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(1 << 16):
                self.passing.wait()
                target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

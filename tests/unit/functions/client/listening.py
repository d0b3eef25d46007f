"""A table that listens on a socket of this machine."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}"
SLOW = 0.1


class Table:
    """A table that listens on 127.0.0.1, and keeps what each connection has sent."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.sent: list[bytes] = []
        self.answers, self.shakes_hands = True, False
        self._tls, self._socket = tls, socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        number = len(self.sent)
        self.sent.append(b"")
        try:
            if self._tls:
                time.sleep(SLOW)
                self.shakes_hands = True
                connection = self._tls.wrap_socket(connection, server_side=True)
            while data := connection.recv(65536):
                self.sent[number] += data
                if self.answers and self.sent[number].endswith(b"}"):
                    connection.sendall(HEAD)
        except OSError:
            return

    def close(self) -> None:
        self._socket.close()

"""The end of what a process prints."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import IO

#: Bytes of output that are kept; of more, the end.
LOG_LIMIT = 200_000


class StreamTail:
    """Reads a stream to its end in a thread and keeps the last `LOG_LIMIT` bytes."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        if self._stream is None:
            return
        while chunk := os.read(self._stream.fileno(), 65536):
            self._chunks.append(chunk)
            self._size += len(chunk)
            while self._size - len(self._chunks[0]) >= LOG_LIMIT:
                dropped = self._chunks.popleft()
                self._size -= len(dropped)
                self._dropped += len(dropped)

    def text(self) -> str:
        """All that was kept, when the stream has ended."""
        self._thread.join(timeout=1.0)
        data = b"".join(tuple(self._chunks))
        dropped = self._dropped + max(0, len(data) - LOG_LIMIT)
        text = data[-LOG_LIMIT:].decode("utf-8", errors="replace")
        return f"[{dropped:,} bytes of earlier output are not kept]\n{text}" if dropped else text

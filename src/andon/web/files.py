"""Answers that are files: made for who asks, and gone when they are sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from andon.base.temporary import Temporary

ZIP = "application/zip"


class SentFile:
    """A file that is sent.

    Args:
        place: the folder that it lies in, which goes with it.
        path: the file. name: as who asks is to call it.
    """

    def __init__(self, place: Temporary, path: Path, name: str, media: str) -> None:
        self._place = place
        self._path = path
        self._name = name
        self._media = media

    def response(self) -> FileResponse:
        """What is sent; afterwards the folder is gone, also where nobody listened to the end."""
        return _Passing(self._place, self._path, media_type=self._media, filename=self._name)


class _Passing(FileResponse):
    def __init__(self, place: Temporary, path: Path, *, media_type: str, filename: str) -> None:
        super().__init__(path, media_type=media_type, filename=filename, headers={"Cache-Control": "no-store"})
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Starlette."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.close()

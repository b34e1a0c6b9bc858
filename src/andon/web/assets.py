"""Files of pages."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles


class Assets:
    """Files of pages."""

    address = "/static/x"

    def routes(self) -> list[Mount]:
        """Where they are served."""
        return [Mount("/static/x", StaticFiles(directory=Path(__file__).parent / "static"))]

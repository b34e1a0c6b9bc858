"""The backend that matplotlib draws with in an analysis: pictures that are saved or shown are kept beside the numbers in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import _andon_display as display  # type: ignore[import-not-found]
import matplotlib  # type: ignore[import-not-found]
from matplotlib.backend_bases import FigureManagerBase  # type: ignore[import-not-found]
from matplotlib.backends.backend_agg import FigureCanvasAgg  # type: ignore[import-not-found]

matplotlib.rcParams["svg.hashsalt"] = "andon"  # else names within an SVG are drawn by chance


class FigureManager(FigureManagerBase):  # type: ignore[misc]
    """Shows a figure by keeping it."""

    def show(self) -> None:
        """Keep this figure."""
        display.run.picture(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:  # noqa: ARG003
        """Keep all open figures (`plt.show()`)."""
        figures = display.open_figures()
        for figure in figures:
            display.run.picture(figure)
        display.close_figures(figures)


class FigureCanvas(FigureCanvasAgg):  # type: ignore[misc]
    """Draws, and notes what was drawn into a file."""

    manager_class = FigureManager

    def print_figure(self, filename: Any, *args: Any, **kwargs: Any) -> Any:
        """See matplotlib."""
        made = super().print_figure(filename, *args, **kwargs)
        if isinstance(filename, str | os.PathLike) and "." in Path(filename).name:
            display.run.drawn(Path(filename), self.figure)
        return made

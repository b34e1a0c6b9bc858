"""What is shown of a value, as files: tables as Parquet, figures as pictures beside their data, else HTML or text."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import _andon_results as results  # type: ignore[import-not-found]

#: The run that figures are shown in.
run: Any = None
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_DPI = 100
Shown = list[tuple[str, str | None]]


def shown(connection: Any, folder: Path, name: str, value: Any, *, or_text: bool) -> Shown:
    """Write what is shown of a value: `(file, file with its data)`s below `folder`, named by `name`.

    Raises:
        ResultError: `or_text` is off, and it is nothing that can be kept.
    """
    if value is None:
        return []
    figure = figure_of(value)
    if figure is not None:
        path = _place(folder, f"{name}.png")
        figure.savefig(path, format="png", dpi=_DPI)
        return [(f"{name}.png", figure_data(connection, folder, name, figure))]
    package = type(value).__module__.split(".")[0]
    if package == "plotly" and hasattr(value, "to_json"):
        return [(_write(folder, f"{name}.plotly.json", _sorted_json(value.to_json())), None)]
    if package == "altair" and hasattr(value, "to_json"):
        return [(_write(folder, f"{name}.vega.json", _sorted_json(value.to_json())), None)]
    if is_table(value):
        try:
            return [(_table(connection, folder, f"{name}.parquet", value), None)]
        except results.ResultError:
            if not or_text:
                raise
    return _rich(folder, name, value, or_text=or_text)


def is_table(value: Any) -> bool:
    """Whether a value is a table as the lake knows them."""
    package, kind = type(value).__module__.split(".")[0], type(value).__name__
    if package == "andon" and kind == "Result":
        return True
    if kind == "DuckDBPyRelation" or (package, kind) in (("pandas", "DataFrame"), ("polars", "LazyFrame")):
        return True
    if kind == "Series":
        return False
    if hasattr(value, "__arrow_c_stream__"):
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _table(connection: Any, folder: Path, name: str, value: Any) -> str:
    if type(value).__name__ == "Result":
        value = value._relation
    elif type(value).__module__.split(".")[0] == "pandas" and _has_index(value):
        value = value.reset_index()
    results.to_relation(connection, value).write_parquet(str(_place(folder, name)), compression="zstd")
    return name


def _has_index(frame: Any) -> bool:
    """Whether an index says something: it becomes a column, since no table of the lake has one."""
    named = any(each is not None for each in frame.index.names)
    return named or getattr(frame.index.dtype, "kind", "") not in "iu"


def _rich(folder: Path, name: str, value: Any, *, or_text: bool) -> Shown:
    markup = _called(value, "_repr_html_")
    if markup is None and type(value).__module__.split(".")[0] == "marimo":
        markup = getattr(value, "text", None)
    if isinstance(markup, str):
        return [(_write(folder, f"{name}.html", markup), None)]
    for method, ending in (("_repr_svg_", "svg"), ("_repr_png_", "png"), ("_repr_markdown_", "md")):
        said = _called(value, method)
        if said is not None:
            return [(_write(folder, f"{name}.{ending}", said), None)]
    if isinstance(value, dict) and not or_text:
        return [(_write(folder, f"{name}.json", _sorted_json(json.dumps(value, default=str))), None)]
    if or_text:
        return [(_write(folder, f"{name}.txt", _ADDRESS.sub("", repr(value))), None)]
    kind = type(value)
    raise results.ResultError(
        f"`andon.keep` was given a `{kind.__module__}.{kind.__name__}` as `{name}`, which is nothing that it can keep",
        "keep a table, a figure or a number; any other file that the analysis writes is kept by itself",
    )


def _called(value: Any, method: str) -> Any:
    found = getattr(type(value), method, None)
    return value.__getattribute__(method)() if callable(found) else None


def _sorted_json(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False)


def _write(folder: Path, name: str, said: str | bytes) -> str:
    _place(folder, name).write_bytes(said.encode() if isinstance(said, str) else bytes(said))
    return name


def _place(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


# -- figures of matplotlib


def figure_of(value: Any) -> Any:
    """The figure that a value is, or is part of; None for what is none."""
    if type(value).__module__.split(".")[0] in ("list", "builtins"):
        first = value[0] if isinstance(value, (list, tuple)) and value else None
        return figure_of(first) if type(first).__module__.split(".")[0] == "matplotlib" else None
    if "matplotlib" not in sys.modules:
        return None
    from matplotlib.artist import Artist  # type: ignore[import-not-found]
    from matplotlib.figure import Figure  # type: ignore[import-not-found]

    if isinstance(value, Figure):
        return value
    return value.get_figure() if isinstance(value, Artist) else None


def open_figures() -> list[Any]:
    """Figures that were drawn and not closed."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return [pyplot.figure(number) for number in pyplot.get_fignums()] if pyplot is not None else []


def close_figures(figures: list[Any]) -> None:
    """They were shown."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    for figure in figures if pyplot is not None else ():
        pyplot.close(figure)  # type: ignore[union-attr]


def figure_data(connection: Any, folder: Path, name: str, figure: Any) -> str | None:
    """Write the numbers that a figure shows, by axes, series and point; None where it shows none that are known."""
    rows = [row for number, axes in enumerate(figure.axes, 1) for row in _axes_rows(number, axes)]
    if not rows:
        return None
    return _table(connection, folder, f"{name}.data.parquet", rows)


def _axes_rows(number: int, axes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def add(kind: str, series: str, points: Any) -> None:
        for point, (x, y) in enumerate(points, 1):
            place = {"axes": number, "title": axes.get_title(), "kind": kind, "series": series, "point": point}
            found.append({**place, "x": float(x), "y": float(y)})

    for index, line in enumerate(axes.lines, 1):
        add("line", _label(line, index), line.get_xydata())
    for index, container in enumerate(axes.containers, 1):
        bars = [patch for patch in container if hasattr(patch, "get_height")]
        across = getattr(container, "orientation", "vertical") == "horizontal"
        points = [
            (bar.get_y() + bar.get_height() / 2, bar.get_x() + bar.get_width())
            if across
            else (bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height())
            for bar in bars
        ]
        add("bar", _label(container, index), points)
    for index, collection in enumerate(axes.collections, 1):
        values = collection.get_array()
        if values is not None and type(collection).__name__ != "PathCollection":
            add("area", _label(collection, index), enumerate(values.ravel().tolist(), 1))
        else:
            add("points", _label(collection, index), collection.get_offsets().tolist())
    for index, image in enumerate(axes.images, 1):
        add("image", _label(image, index), enumerate(image.get_array().ravel().tolist(), 1))
    return found


def _label(artist: Any, index: int) -> str:
    label = str(artist.get_label() or "")
    return label if label and not label.startswith("_") else str(index)

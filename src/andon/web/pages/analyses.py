"""Analyses: which there are, and what a run of one made; and the files of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from andon.base.record import Record
from andon.model.analysis import AnalysisOutput, AnalysisRun, OutputKind
from andon.render.code import code_lines
from andon.render.insights import cell_words
from andon.web.asking import AtCommit, Count
from andon.web.pages.page import PageCall, PageRoute, Shown

if TYPE_CHECKING:
    from andon.service.analysis_documents import AnalysisHead

#: Rows of a table, and characters of a text, that a page shows.
_ROWS, _TEXT = 20, 20_000
#: Bytes of a CSV file up to which its rows are looked at.
_LARGEST = 5_000_000
#: Bytes of HTML up to which a small and a larger frame will do.
_SMALL, _LARGER = 1_500, 20_000
_LAMPS = {"done": "ok", "failed": "fail"}
#: What is sent with a file that an analysis made: nothing in it runs, asks anybody, or is more than this page's.
_SHUT = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; sandbox; "
    "frame-ancestors 'self'"
}
#: For a part of HTML, which says nothing of how it looks.
_FONT = b"<style>body{font:14px/20px system-ui,sans-serif;margin:12px}h1{font-size:20px}td,th{padding:2px 8px;text-align:right}</style>"
#: What a browser may show; all else is given as a file.
_MEDIA = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".html": "text/html; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
}


class AnalysisLooked(AtCommit, kw_only=True):
    """Which run of an analysis is shown.

    Attributes:
        run: its number; the newest without it.
    """

    run: Count | None = None


class FileLooked(AtCommit, kw_only=True):
    """How a file of a run is sent.

    Attributes:
        framed: within a page: a part of HTML is given a font.
    """

    framed: bool = False


class ShownOutput(Record):
    """A thing that a run made, as a page shows it.

    Attributes:
        address: of its file. data: of the file with the numbers in it. size: of the frame that HTML is shown in.
        head: of a table. text: of a text.
    """

    output: AnalysisOutput
    address: str
    data: str = ""
    size: str = ""
    head: AnalysisHead | None = None
    text: str = ""


def _analyses(call: PageCall) -> Shown:
    found = call.service.analyses.list(call.query.at)
    return {"analyses": found, "lamps": _LAMPS, "branch": call.service.workspace.reading(call.query.at)}


def _analysis(call: PageCall) -> Shown:
    name, number = call.path["name"], call.query.run
    verbs = call.service.analyses
    info = next((each for each in verbs.list(call.query.at) if each.name == name), None)
    is_new = info is not None and not info.runs and number is None
    run = None if is_new else verbs.show(f"{name}@{number}" if number is not None else name)
    return {
        "name": name,
        "info": info,
        "run": run,
        "runs": verbs.log(name) if run is not None else [],
        "shown": _shown(call, run) if run is not None else {},
        "notes": run.notes if run is not None else [],
        "code": _code(call, run) if run is not None else [],
        "lamps": _LAMPS,
        "cell_words": cell_words,
        "may_change": call.may_change,
        "here": f"/analyses/{name}",
    }


def _code(call: PageCall, run: AnalysisRun) -> list[tuple[str, Any]]:
    """The texts of a run; of a notebook its cells are shown in their place."""
    objects = call.service.workspace.lake.objects
    texts = objects.texts(run.code.values())
    return [
        (path, code_lines(texts[sha].decode("utf-8", errors="replace"), path))
        for path, sha in sorted(run.code.items(), key=lambda each: each[0] != run.file)
        if sha in texts and not path.endswith(".ipynb")
    ]


def _shown(call: PageCall, run: AnalysisRun) -> dict[str, ShownOutput]:
    data = {each.data for each in run.outputs}
    return {each.name: _output(call, run, each) for each in run.outputs if each.name not in data}


def _output(call: PageCall, run: AnalysisRun, output: AnalysisOutput) -> ShownOutput:
    verbs = call.service.analyses
    place = f"/analyses/{run.name}/{run.number}/files/"
    address = place + quote(output.name)
    if output.kind is OutputKind.TABLE and (output.size <= _LARGEST or output.name.lower().endswith(".parquet")):
        return ShownOutput(output, address, head=verbs.head(run, output.name, _ROWS))
    if output.kind is OutputKind.HTML:
        size = "small" if output.size <= _SMALL else "larger" if output.size <= _LARGER else "large"
        return ShownOutput(output, address, size=size)
    if output.kind is OutputKind.TEXT:
        with verbs.place(run, output.name)[1].open("rb") as file:
            return ShownOutput(output, address, text=file.read(_TEXT).decode("utf-8", errors="replace"))
    return ShownOutput(output, address, data=place + quote(output.data) if output.data is not None else "")


def _file(call: PageCall) -> Shown:
    verbs = call.service.analyses
    name = call.path["file"]
    output, place = verbs.place(verbs.show(f"{call.path['name']}@{call.path['run']}"), name)
    media = next((kind for ending, kind in _MEDIA.items() if name.lower().endswith(ending)), None)
    file = name.rpartition("/")[2]
    if call.query.framed and output.kind is OutputKind.HTML:
        text = place.read_bytes()
        whole = b"<html" in text[:1000].lower()
        return Response(text if whole else _FONT + text, media_type=_MEDIA[".html"], headers=_SHUT)
    return FileResponse(
        place,
        media_type=media or "application/octet-stream",
        filename=None if media else file,
        headers={**_SHUT, "ETag": f'"{output.sha256[:32]}"'},
    )


PAGES = (
    PageRoute("/analyses", "analyses.html", _analyses),
    PageRoute("/analyses/{name}", "analysis.html", _analysis, AnalysisLooked),
    PageRoute("/analyses/{name}/{run}/files/{file:path}", "", _file, FileLooked),
)

"""`andon query`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from andon.base.document import UNSET
from andon.base.names import is_name_part
from andon.base.text import plural, seconds
from andon.cli.app import App, Command, pass_app
from andon.cli.interruptible import apart
from andon.cli.options import json_option
from andon.cli.output import Cell
from andon.cli.sql_text import sql_text
from andon.cli.table import lay_out, note_lines, note_of
from andon.cli.table import vertical as vertical_lines
from andon.errors import UsageError
from andon.render.values import as_json_text, cell_text, is_number, is_solid
from andon.render.words import short
from andon.service.documents import AnswerFile, LiveAnswerFile
from andon.service.trust import notes_text

if TYPE_CHECKING:
    from andon.query.ask import Answer
    from andon.query.live import LiveAnswer
    from andon.service.trust import TrustNote

FORMATS = ("table", "csv", "json", "parquet", "arrow")
#: Rows of a table when no limit is given; more is for the other formats.
_TABLE_ROWS = 200
_ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow"}
_CHUNK = 1 << 20


@click.command(
    cls=Command,
    examples=[
        'andon query "select * from marts.revenue_by_month order by month"',
        'andon query "from shop.orders limit 3" --vertical',
        'andon query "from shop.orders" --at main~1 --format csv > orders.csv',
        "andon query 'from shop.orders where customer = $name' --param name=ada",
        "andon query -f question.sql -o answer.parquet",
        "andon query monthly --param month=2026-10",
        'andon query --connection shop "select count(*) from orders"',
    ],
)
@click.argument("sql", required=False)
@click.option("-f", "--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="Read the SQL from a file.")
@click.option(
    "--param", "-p", "given", multiple=True, metavar="NAME=VALUE", help="The value of $NAME; 1=VALUE of the first `?`."
)
@click.option("--saved", metavar="NAME", help="Ask a saved query; its name in place of SQL does the same.")
@click.option(
    "--connection", metavar="NAME", help="Ask the database itself, in its own SQL; such an answer can't be repeated."
)
@click.option("--at", metavar="REF", help="A branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Of the result; `table` unless -o says otherwise.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the result to a file.")
@click.option("--limit", type=click.IntRange(min=0), help=f"Rows of a table; 0 is all. [default: {_TABLE_ROWS}]")
@click.option("--vertical", "-x", is_flag=True, help="A line per value, nothing cut or left out.")
@json_option
@pass_app
def query(
    app: App,
    sql: str | None,
    file: Path | None,
    given: tuple[str, ...],
    saved: str | None,
    connection: str | None,
    at: str | None,
    form: str | None,
    output: Path | None,
    limit: int | None,
    vertical: bool,
) -> None:
    """Ask one SELECT over the datasets of one commit, the branch's newest unless --at names another.

    The value of a parameter stands for a quoted text, and takes the type of its place: `where amount > $n`, `limit $n`; where the
    place leaves that open say it, `$n::int + 1`.

    SQL is the text, `-` or nothing reads it from stdin. The commit, the number of rows and the time stand on stderr. On a terminal a
    table fits its width: numbers and dates are never cut, what is cut or left out is told, and --vertical shows all.
    """
    if saved is None and sql is not None and is_name_part(sql.strip()):  # no SELECT is of one word
        saved, sql = sql.strip(), None
    text = sql_text(sql, file) if saved is None else _no_text(sql, file)
    chosen = _format(form, output)
    if vertical and (output is not None or chosen != "table"):
        raise UsageError(
            "usage.bad_argument", "`--vertical` is a way to show a table", hint="leave it or the format out"
        )
    parameters = _parameters(given)
    if connection is not None:
        if at is not None or parameters is not None or saved is not None:
            message = "`--connection` asks a database as it is now: it knows no commit and no parameters"
            raise UsageError("usage.bad_argument", message, hint="leave `--at`, `--saved` and `--param` out")
        _ask_live(app, connection, text, chosen, output, limit, vertical)
        return
    if saved is not None:
        name = saved
        answer = apart(lambda: app.service.saved_queries.ask(name, parameters, at, face="cli"))
    else:
        answer = apart(lambda: app.service.querying.ask(text, at, face="cli", parameters=parameters))
    notes = app.service.trust.notes(answer.commit, answer.datasets, at)
    if output is not None:
        rows = _save(lambda path: answer.write(path, chosen, notes_text(notes)), output)
        app.console.show(AnswerFile(str(output), chosen, rows, answer.commit.id, notes or UNSET).to_json, lambda: ())
    elif app.console.as_json:
        app.console.out.write(_document(answer, limit, notes))
        return
    elif chosen == "table":
        rows = _table(app, answer, limit, vertical or answer.is_plan)
    else:
        rows = _stream(app, lambda path: answer.write(path, chosen, notes_text(notes)), chosen)
    place = f"{at or app.workspace.branch()} at {short(answer.commit.id)}"
    app.console.note(f"{plural(rows, 'row')} · {place} · {seconds(answer.seconds)}")
    app.tell(notes)
    if not app.service.querying.is_logged:
        app.console.note("not logged: this account may read the lake and not write it")


def _ask_live(
    app: App, connection: str, text: str, form: str, output: Path | None, limit: int | None, vertical: bool
) -> None:
    """Ask a database itself, and say that the answer is of this moment."""
    from andon.query.live import Live

    with Live(app.workspace, connection, text) as answer:
        notes = app.service.trust.of_live(connection, text)
        if output is not None:
            rows = _save(lambda path: answer.write(path, form), output)
            app.console.show(LiveAnswerFile(str(output), form, rows, connection, notes or UNSET).to_json, lambda: ())
        elif app.console.as_json:
            head = {"columns": answer.columns, "types": answer.types, "connection": connection}
            rows_ = apart(lambda: answer.fetch(limit or None))
            told = {"notes": [note.to_json() for note in notes]} if notes else {}
            app.console.out.write(
                as_json_text({**head, "seconds": round(answer.seconds, 4), "rows": rows_, **told}) + "\n"
            )
            return
        elif form == "table":
            rows = _table(app, answer, limit, vertical)
        else:
            rows = _stream(app, lambda path: answer.write(path, form), form)
        seen = f"live from {connection}: as it is now, not in the lake"
        app.console.note(f"{plural(rows, 'row')} · {seen} · {seconds(answer.seconds)}")
        app.tell(notes)


def _parameters(given: tuple[str, ...]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        name = name.strip().removeprefix("$")
        if not sign or not name:
            raise UsageError("usage.bad_argument", f"`--param {text}` has no name", hint="write `--param n=5` for `$n`")
        if name in found:
            raise UsageError("usage.bad_argument", f"`{name}` is given twice", hint="leave one of them out")
        found[name] = value
    return found or None


def _no_text(sql: str | None, file: Path | None) -> str:
    """Nothing, where a saved query is named.

    Raises:
        UsageError: `usage.bad_argument` where SQL is given beside it.
    """
    if sql is not None or file is not None:
        raise UsageError("usage.bad_argument", "both a saved query and SQL are given", hint="leave one of them out")
    return ""


def _format(form: str | None, output: Path | None) -> str:
    if output is None:
        return form or "table"
    guessed = form or _ENDINGS.get(output.suffix.lower())
    if guessed is None or guessed == "table":
        raise UsageError(
            "usage.bad_argument",
            f"the format of `{output}` is not known",
            where=str(output),
            hint=f"`--format` with one of {', '.join(FORMATS[1:])}, or a name that ends in {', '.join(_ENDINGS)}",
        )
    return guessed


def _table(app: App, answer: Answer | LiveAnswer, limit: int | None, vertical: bool) -> int:
    wanted = _TABLE_ROWS if limit is None else limit
    rows = apart(lambda: answer.fetch(wanted + 1) if wanted else answer.fetch())
    cut = bool(wanted) and len(rows) > wanted
    rows = rows[:wanted] if cut else rows
    cells: list[list[Cell]] = [[("NULL", "dim") if v is None else cell_text(v) for v in row] for row in rows]
    ink, width = app.console.out, app.console.width
    if vertical:
        for line in vertical_lines(cells, ink, answer.columns, width):
            ink.line(line)
    else:
        numbers = [i for i, kind in enumerate(answer.types) if is_number(kind)]
        solid = [i for i, kind in enumerate(answer.types) if is_solid(kind)]
        laid = lay_out(cells, ink, headers=answer.columns, right=numbers, whole=solid, width=width)
        for line in laid.lines:
            ink.line(line)
        err = app.console.err
        for line in note_lines(note_of(laid, answer.columns, "`--vertical` shows all"), err, width):
            err.line(line)
    if cut:
        app.console.note(f"only the first {plural(wanted, 'row')}: `--limit 0` shows all", "warn")
    return len(rows)


def _document(answer: Answer, limit: int | None, notes: list[TrustNote]) -> str:
    rows = apart(lambda: answer.fetch(limit) if limit else answer.fetch())
    head: dict[str, Any] = {
        "columns": answer.columns,
        "types": answer.types,
        "commit": answer.commit.id,
        "seconds": round(answer.seconds, 4),
        "rows": rows,
        **({"notes": [note.to_json() for note in notes]} if notes else {}),
    }
    return as_json_text(head) + "\n"


def _stream(app: App, write: Callable[[Path], int], form: str) -> int:
    out = app.console.out
    if form in ("parquet", "arrow") and out.is_terminal:
        raise UsageError(
            "usage.bad_argument", f"{form} can't be shown on a terminal", hint=f"write it to a file: `-o answer.{form}`"
        )
    from andon.workspace.engine_settings import temporary

    with temporary(app.workspace.settings, app.workspace.folder, "answer") as folder:
        path = folder / f"answer.{form}"
        rows = apart(lambda: write(path))
        out.write_bytes(_chunks(path))
    return rows


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _save(write: Callable[[Path], int], output: Path) -> int:
    """Write beside the file and put it in place whole, so that nobody reads half an answer."""
    if not output.parent.is_dir():
        raise UsageError("usage.bad_argument", f"there is no folder `{output.parent}`", where=str(output))
    temporary = output.with_name(f".{output.name}.tmp")
    try:
        rows = apart(lambda: write(temporary))
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
    return rows

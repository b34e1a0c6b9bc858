"""What of the clock a Python file reads, as its text says: that is part of the recipe of what it makes.

What a package reads by itself is not seen; it shows the time of the run all the same, and hangs on it no more than on what else the
package is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from andon.model.dataset import ClockUse, latest
from andon.project.files.named import Imported
from andon.sql.names import words

_DAYS = frozenset(("datetime.date.today",))
_INSTANTS = words(
    """andon.logical_time datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today time.time time.time_ns
    time.clock_gettime time.clock_gettime_ns pandas.Timestamp.now pandas.Timestamp.today pandas.Timestamp.utcnow uuid.uuid1
    email.utils.localtime email.utils.formatdate
    arrow.now arrow.utcnow pendulum.now pendulum.today"""
)
#: Those that read the clock where they are not given a time, by how many arguments say one.
_WITHOUT = {"time.gmtime": 1, "time.localtime": 1, "time.ctime": 1, "time.asctime": 1, "time.strftime": 2}
#: Those that take `"now"` and `"today"` for a time.
_READERS = frozenset(("pandas.Timestamp", "pandas.to_datetime", "pandas.DatetimeIndex", "numpy.datetime64"))
#: Methods that are called so whatever has them: `clock = datetime`, then `clock.now()`.
_METHODS = frozenset(("now", "utcnow", "today"))
_SQL_DAY = re.compile(r"\btoday\(\s*\)|\bcurrent_date\b", re.IGNORECASE)
_SQL_INSTANT = re.compile(
    r"\b(?:now|get_current_timestamp|get_current_time|transaction_timestamp)\(\s*\)|\bago\(|\bage\([^,()]*\)"
    r"|\b(?:current_timestamp|current_time|localtimestamp|localtime|current_localtime|current_localtimestamp)\b",
    re.IGNORECASE,
)


def clock_of(tree: ast.Module) -> ClockUse:
    """What of the clock a file reads; rather more than it does than less."""
    imported = Imported(tree)
    days = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "date"
    }
    texts = {id(part) for node in ast.walk(tree) for whole in _unread(node) for part in ast.walk(whole)}
    return latest(_uses(tree, imported, days, texts))


def _unread(node: ast.AST) -> Sequence[ast.AST]:
    """What of a node holds texts that are no SQL: docstrings, settings of the mark, names of columns."""
    if isinstance(node, ast.Expr):
        return [node.value] if isinstance(node.value, ast.Constant) else ()
    if isinstance(node, ast.Dict):
        return [key for key in node.keys if key is not None]
    if isinstance(node, ast.Subscript):
        return [node.slice]
    return node.decorator_list if isinstance(node, ast.FunctionDef) else ()


def _uses(tree: ast.Module, imported: Imported, days: set[int], texts: set[int]) -> Iterator[ClockUse]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            use = _of_call(node, imported)
            # `datetime.now().date()`
            yield ClockUse.DATE if use is ClockUse.INSTANT and id(node) in days else use
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield _of_text(node.value)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            yield _of_name(imported.meant(node))  # handed on: `default_factory=datetime.now`


def _of_name(name: str | None) -> ClockUse:
    if name in _DAYS:
        return ClockUse.DATE
    return ClockUse.INSTANT if name in _INSTANTS or name in _WITHOUT else ClockUse.NONE


def _of_call(node: ast.Call, imported: Imported) -> ClockUse:
    name = imported.meant(node.func)
    if name in _WITHOUT:
        return ClockUse.INSTANT if len(node.args) + len(node.keywords) < _WITHOUT[name] else ClockUse.NONE
    if name in _READERS:
        said = {argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)}
        return ClockUse.INSTANT if "now" in said else ClockUse.DATE if "today" in said else ClockUse.NONE
    known = _of_name(name)
    is_method = isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS
    return ClockUse.INSTANT if is_method and known is ClockUse.NONE else known


def _of_text(text: str) -> ClockUse:
    """Texts may be SQL."""
    if _SQL_INSTANT.search(text):
        return ClockUse.INSTANT
    return ClockUse.DATE if _SQL_DAY.search(text) else ClockUse.NONE

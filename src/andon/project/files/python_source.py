"""Sources in Python, read statically as Python datasets are: one function with the mark `@source`, which is given at most a `state`."""

from __future__ import annotations

import ast
import re
from typing import Any

from andon.base.record import replace
from andon.model.dataset import ClockUse, Kind
from andon.model.load import LoadPolicy, Taking
from andon.project.files.facts import DatasetFacts, FileFacts, NameUse
from andon.project.files.fields import FIELDS, SOURCE_KEYS, with_column_checks
from andon.project.files.hosts import hosts_of
from andon.project.files.loading import as_schema
from andon.project.files.nodes import FileFlaw, PlacedValue
from andon.project.files.problems import of_flaws
from andon.project.files.python import DatasetReader, marked, parsed
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec

_FORM = 'from andon import source\n\n@source(hosts=["api.example.com"])\ndef name(state): …'
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
#: What the child is told by itself.
_TAKEN = re.compile(r"(?i)(?:ANDON_.*|PATH|HOME|TMPDIR|PYTHON.*|LD_.*|DYLD_.*|.*_PROXY)\Z")


def _read_hosts(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    pairs = reader.texts(known.name, node)
    return None if pairs is None else hosts_of(reader, pairs, below=True)


def _read_secrets(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    pairs = reader.texts(known.name, node)
    if pairs is None:
        return None
    for text, place in pairs:
        if not _VARIABLE.match(text):
            hint = "such as `SHOP_TOKEN`: a secret itself never stands in the project"
            reader.wrong(place, "`secrets` are names of environment variables", "found something else", hint)
        elif _TAKEN.match(text):
            reader.wrong(place, "`secrets` are variables of your own", f"found `{text}`", "give it another name")
    return tuple(text for text, _ in pairs if _VARIABLE.match(text) and not _TAKEN.match(text))


_OWN: tuple[FieldSpec, ...] = (
    FieldSpec(
        "hosts",
        "list of hosts",
        "none: no network",
        "Hosts that the function may reach, each with or without a port; `*.example.com` means all below.",
        _read_hosts,
    ),
    FieldSpec(
        "secrets",
        "list of names",
        "none",
        "Environment variables that the function is given; it sees no other. They are never printed.",
        _read_secrets,
    ),
)
_SHARED = (*SOURCE_KEYS, "load", "timeout")

#: Arguments of `@source`. The reference page of project files is made from it.
SOURCE_FIELDS: tuple[FieldSpec, ...] = (
    *_OWN,
    *(spec for spec in FIELDS if spec.name in (*_SHARED, "new_columns")),
)


def read_python_source(path: str, text: str) -> FileFacts:
    """The facts of the file of a source in Python."""
    tree = parsed(text)
    if isinstance(tree, FileFlaw):
        return FileFacts(DatasetFacts(Kind.SOURCE), tuple(of_flaws(path, text, [tree])))
    reader = SourceReader(path, text, tree)
    said = reader.read()
    return FileFacts(
        replace(said, hosts=reader.hosts, secrets=reader.secrets), tuple(of_flaws(path, text, reader.flaws))
    )


def source_decorator(path: str, text: str) -> ast.expr | None:
    """The `@source` or `@source(…)` of a file, as it stands in its tree; None if there is none."""
    return marked(SourceReader, path, text)


class SourceReader(DatasetReader):
    """Reads one file; gathers flaws."""

    mark = "source"
    form = _FORM
    kind = Kind.SOURCE

    def __init__(self, path: str, text: str, tree: ast.Module) -> None:
        super().__init__(path, text, tree)
        self.hosts: tuple[str, ...] = ()
        self.secrets: tuple[str, ...] = ()

    def _clock(self) -> ClockUse:
        """It is asked whenever it is due, whatever it reads."""
        return ClockUse.NONE

    def _parameters(self, function: ast.FunctionDef) -> tuple[tuple[tuple[str, str], ...], tuple[NameUse, ...]]:
        """`state`, or nothing: a source reads no dataset."""
        arguments = function.args
        found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        extra = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        for wrong in (*extra, *(each for each in found if each.arg != "state")):
            hint = "what it must remember from one load to the next stands in `state`; what reads datasets is a dataset"
            self._flaw(wrong, f"a source is given `state` or nothing, and this one has a parameter `{wrong.arg}`", hint)
        for plain in arguments.posonlyargs:
            self._flaw(plain, f"`{plain.arg}` can't be given by name", "leave out the `/`")
        return tuple((each.arg, each.arg) for each in found if each.arg == "state"), ()

    def _declared(self, decorator: ast.expr) -> DeclaredFields:
        if not isinstance(decorator, ast.Call):
            return DeclaredFields()
        root = self._given(decorator, [spec.name for spec in SOURCE_FIELDS], ())
        reader = FieldReader(self._path)
        declared = with_column_checks(as_schema(reader.read(root, SOURCE_FIELDS)), reader)
        self.flaws += declared.flaws
        values: dict[str, Any] = dict(declared.values)
        self.hosts, self.secrets = values.pop("hosts", ()), values.pop("secrets", ())
        policy: LoadPolicy | None = values.get("load")
        if policy is not None:
            self._check_load(policy, values, root.keys["load"])
        return DeclaredFields(values, declared.places, declared.named)

    def _check_load(self, policy: LoadPolicy, values: dict[str, Any], place: tuple[int, int]) -> None:
        wrong: tuple[str, str] | None = None
        if policy.taking is Taking.CURSOR:
            wrong = (
                "`load` by `cursor` is for databases",
                'a function keeps in `state` how far it came: `load="append"`',
            )
        elif policy.taking is Taking.MERGE and not values.get("key"):
            wrong = ("`load` by `merge` needs a `key`", 'add `key="id"`')
        if wrong is not None:
            self.flaws.append(FileFlaw("project.bad_value", wrong[0], *place, wrong[1]))
            values.pop("load")

"""Which tool a file is of, and what it says."""

from __future__ import annotations

from andon.base.names import is_name_part
from andon.contracts.dbt.reading import NODES, SOURCES, read_dbt
from andon.contracts.known import KnownDatasets
from andon.contracts.odcs.reading import read_odcs
from andon.errors import Problem, ProjectError, UsageError
from andon.model.contract import ForeignContract
from andon.project.files.nodes import PlacedValue
from andon.project.files.yaml_nodes import parse_yaml

_HINT = "a contract of the Open Data Contract Standard has `apiVersion` and `kind`, a property file of dbt `models` or `sources`"


def read_contract(text: str, file: str, known: KnownDatasets) -> ForeignContract:
    """What the file `file` says of datasets.

    Raises:
        ProjectError: all that is wrong with it, each with its place.
        UsageError: `usage.bad_argument` for a file of another kind, or a name that can't be for its datasets.
    """
    named = known.named
    if (named is not None and not all(is_name_part(part) for part in named.split(".")[:2])) or (named or "").count(
        "."
    ) > 1:
        hint = "name a schema, or a dataset: `--as marts`, `--as marts.orders`"
        raise UsageError("usage.bad_argument", f"`{named}` can't name a dataset", where=named, hint=hint)
    root, flaws = parse_yaml(text, is_foreign=True)
    if flaws:
        raise ProjectError.of([Problem(f.code, f.message, file, f.line, f.column, f.hint) for f in flaws])
    if root is None or root.kind != "map":
        raise UsageError("usage.bad_argument", "the file holds no contract", where=file, hint=_HINT)
    read = read_odcs if _is_odcs(root) else read_dbt if _is_dbt(root) else None
    if read is None:
        raise UsageError(
            "usage.bad_argument", "the file is neither a contract nor a property file", where=file, hint=_HINT
        )
    found = read(root, file, known)
    if named is not None and "." in named and len(found.datasets) > 1:
        hint = f"`--as {named.partition('.')[0]}` names their schema"
        message = f"`{named}` is one dataset, and the file has {len(found.datasets)}"
        raise UsageError("usage.bad_argument", message, where=named, hint=hint)
    twice = _twice(found, file)
    if twice:
        raise ProjectError.of(twice)
    return found


def _twice(found: ForeignContract, file: str) -> list[Problem]:
    """Datasets of the project that several of the file are."""
    seen: dict[str, str] = {}
    problems = []
    for one in found.datasets:
        if one.dataset is not None and one.dataset in seen:
            message = f"`{one.name}` is {one.dataset} here, as `{seen[one.dataset]}` is"
            hint = "`--as` says what they are called; put them into files of their own"
            problems.append(Problem("project.bad_value", message, file, one.line, one.column, hint))
        elif one.dataset is not None:
            seen[one.dataset] = one.name
    return problems


def _is_odcs(root: PlacedValue) -> bool:
    return "apiVersion" in root.value or ("kind" in root.value and root.value["kind"].value == "DataContract")


def _is_dbt(root: PlacedValue) -> bool:
    return any(key in root.value for key in (*NODES, SOURCES)) or set(root.value) == {"version"}

"""The public surface: names and signatures, dependencies with reasons, a light import, no paths of somebody's machine."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import andon
from andon.python import lake as api
from andon.python import remote, remote_nouns
from andon.python.contracts import LakeContracts, RemoteContracts
from andon.python.remote_catalog import RemoteSuggestions
from andon.python.remote_simplify import RemoteHints
from andon.python.simplify import LakeHints
from andon.python.suggestions import LakeSuggestions

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).parent / "api.txt"
#: What only a command or a call that needs it may load.
_HEAVY = ("duckdb", "pyarrow", "click", "yaml", "rich", "fastavro", "pyiceberg", "numpy", "pandas", "polars")
_HEAVY += (
    "starlette",
    "uvicorn",
    "anyio",
    "prometheus_client",
    "urllib3",
    "asyncio",
    "andon.web",
    "andon.query.workers",
)

#: The package that a line imports.
_IMPORTED = re.compile(r"^\s*(?:import|from) (\w+)[\w. ]*(?: import|$| as)", re.MULTILINE)
#: Nouns of a lake, with those of a served one.
_NOUNS = {
    api.Branches: remote_nouns.RemoteBranches,
    api.LakeSources: remote_nouns.RemoteSources,
    LakeSuggestions: RemoteSuggestions,
    LakeHints: RemoteHints,
    LakeContracts: RemoteContracts,
}


def _verbs(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_public_names_and_signatures_are_those_of_the_snapshot():
    found = "\n".join(_surface()) + "\n"
    if os.environ.get("GOLDEN") == "update":
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert SNAPSHOT.read_text(encoding="utf-8") == found, "a change of the API is a decision: GOLDEN=update writes it"


def test_all_names_are_documented():
    for name in andon.__all__:
        thing = getattr(andon, name)
        assert name == "__version__" or inspect.getdoc(thing), name
    for cls in (
        api.Lake,
        api.Result,
        api.Branches,
        api.LakeSources,
        LakeSuggestions,
        LakeHints,
        LakeContracts,
        remote.RemoteLake,
        *_NOUNS.values(),
    ):
        for name in _verbs(cls):
            assert inspect.getdoc(getattr(cls, name)), f"{cls.__name__}.{name}"


def test_a_served_lake_has_every_verb():
    assert _verbs(api.Lake) <= _verbs(remote.RemoteLake)
    for here, there in _NOUNS.items():
        assert _verbs(here) <= _verbs(there), here.__name__


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = andon.nonsense  # type: ignore[attr-defined]


def test_what_is_imported_is_a_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    names = {re.split(r"[^\w.-]", each)[0].lower().replace("_", "-") for each in stated}
    packages = packages_distributions()
    # what lies in `child` runs in the environments of Python datasets, with their packages
    sources = [path for path in (ROOT / "src/andon").rglob("*.py") if path.parent.name != "child"]
    found = {top for path in sources for top in _IMPORTED.findall(path.read_text(encoding="utf-8"))}
    assert {"duckdb", "starlette"} <= found
    foreign = {top: {d.lower().replace("_", "-") for d in packages[top]} for top in found if top in packages}
    assert {top for top, dists in foreign.items() if dists.isdisjoint(names | {"andon"})} == set()


def test_every_dependency_has_a_reason_beside_it():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    assert wanted
    missing = [d for d in wanted if not re.search(rf'^\s*"{re.escape(d)}",\s*# \S', text, re.MULTILINE)]
    assert missing == []


@pytest.mark.parametrize("code", ["import andon", "import andon.cli.overview", "from andon.cli.main import main"])
def test_the_import_is_light(code: str):
    assert _loaded(code) == []


def test_help_needs_no_parser_and_no_engine():
    code = "import sys; sys.argv = ['andon', '--help']\ntry:\n    from andon.cli.main import main; main()\nexcept SystemExit: pass"
    assert _loaded(code) == []


def test_opening_a_lake_needs_no_engine(tmp_path: Path):
    (tmp_path / "andon.toml").touch()
    assert _loaded(f"import andon; andon.open({str(tmp_path)!r}).close()") == []


def test_a_run_that_finds_nothing_keeps_no_incidents(tmp_path: Path):
    """What must be kept up after each run costs next to nothing where there is nothing to keep up."""
    (tmp_path / "andon.toml").touch()
    (tmp_path / "datasets" / "marts").mkdir(parents=True)
    (tmp_path / "datasets" / "marts" / "one.sql").write_text("select 1 as n\n")
    ask = f"import andon\nlake = andon.open({str(tmp_path)!r})\nassert lake.run().published\nlake.close()"
    assert "duckdb" in _loaded(ask)
    found = "import sys; assert not [m for m in sys.modules if m.startswith('andon.operations.incidents')]"
    assert _loaded(f"{ask}\n{found}") == []


def test_no_file_holds_paths_of_a_machine():
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    pattern = re.compile(rb"/(?:work|root|Users|home)/(?!ana\b)[a-z.]")
    found = []
    for name in filter(None, done.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and path != Path(__file__) and pattern.search(path.read_bytes()):
            found.append(name)
    assert found == []


def _loaded(code: str) -> list[str]:
    """Heavy modules that are loaded after `code` ran in a process of its own."""
    ask = f"{code}\nimport sys; print('loaded:', *[m for m in {_HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, encoding="utf-8", check=True)
    return done.stdout.splitlines()[-1].split()[1:]


def _surface() -> Iterator[str]:
    for name in sorted(andon.__all__):
        thing = getattr(andon, name)
        if inspect.isclass(thing):
            yield from _class(name, thing)
        elif callable(thing):
            yield f"{name}{_signature(thing)}"
        else:
            yield name
    yield from _class("Branches", api.Branches)
    yield from _class("LakeSources", api.LakeSources)
    yield from _class("LakeSuggestions", LakeSuggestions)
    yield from _class("LakeHints", LakeHints)


def _class(name: str, cls: type) -> Iterator[str]:
    bases = ", ".join(b.__name__ for b in cls.__bases__ if b is not object)
    yield f"{name}({bases})" if bases else name
    own = [c for c in cls.__mro__ if c is cls or c.__module__.startswith("andon.python.")]
    for member, value in sorted((n, m) for c in own for n, m in vars(c).items() if not n.startswith("_")):
        if member.startswith("_"):
            continue
        if isinstance(value, property):
            yield f"  .{member}: {inspect.signature(value.fget).return_annotation}"  # type: ignore[arg-type]
        elif inspect.isfunction(value):
            yield f"  .{member}{_signature(value)}"
    for field in getattr(cls, "__dataclass_fields__", {}).values():
        yield f"  field {field.name}: {field.type}"


def _signature(function: object) -> str:
    text = str(inspect.signature(function))  # type: ignore[arg-type]
    return re.sub(r"<function (\w+) at [^>]*>", r"\1", text)

"""The engines that there are, as the settings want them, made when first asked for. The only place that picks concrete ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.cancel import Cancelled
from andon.base.record import replace
from andon.engines.answers import AnsweredBy, Answers
from andon.engines.engine import Capabilities, Engine, EngineKind, EngineSettings
from andon.engines.other import OtherEngine
from andon.errors import DatasetError
from andon.model.dataset import Definition, Kind
from andon.workspace.engine_settings import cores, engine_settings, python_settings, temporary

if TYPE_CHECKING:
    from andon.engines.python.analysis import AnalysisEngine
    from andon.engines.python.task import PythonSettings
    from andon.lake.lake import Lake
    from andon.relations.sides import Sides
    from andon.workspace.workspace import Workspace


def capabilities(other: OtherEngine, definition: Definition, size: int = 0) -> Capabilities:
    """What the engine can do that builds a dataset over `size` bytes of input; nothing is loaded for it."""
    kind = other(definition, size)
    if kind is not None:
        return kind.capabilities
    if definition.kind is Kind.PYTHON:
        from andon.engines.python.engine import CAPABILITIES

        return CAPABILITIES
    if definition.connection is not None:
        from andon.sources.databases.loading import CAPABILITIES as OF_DATABASES

        return OF_DATABASES
    if definition.rest is not None:
        from andon.sources.apis.loading import CAPABILITIES as OF_APIS

        return OF_APIS
    if definition.is_function:
        from andon.sources.functions.loading import CAPABILITIES as OF_FUNCTIONS

        return OF_FUNCTIONS
    from andon.engines.duckdb.capabilities import NARROW

    return NARROW


class Engines:
    """Gives the engines of one run; use as a context manager, which closes them and clears up.

    Args:
        run: the run's number, or None where there is no run.
        moment: the logical time that the engines show.
        lake: what is read and written; None: the workspace's.
    """

    def __init__(self, workspace: Workspace, run: int | None, moment: datetime, lake: Lake | None = None) -> None:
        self._workspace = workspace
        self._lake = workspace.lake if lake is None else lake
        name = f"run-{run}" if run is not None else "ask"
        self._temporary = temporary(workspace.settings, workspace.folder, name)
        self._moment = moment
        self._sides: Sides | None = None
        self._others: dict[str, Engine] = {}
        self._python: Engine | None = None
        self._loading: Engine | None = None
        self._apis: Engine | None = None
        self._functions: Engine | None = None
        self._analyses: AnalysisEngine | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def __call__(self) -> Sides:
        """The embedded engine, which reads what is there, whoever built it.

        Raises:
            Cancelled: all was stopped before.
        """
        with self._lock:
            if self._stopped:
                raise Cancelled
            if self._sides is None:
                from andon.relations.sides import Sides

                self._sides = Sides(self._lake, self.settings, self._moment)
            return self._sides

    def __enter__(self) -> Engines:
        return self

    def __exit__(self, *_: object) -> None:
        for engine in (*self._others.values(), *self._loads):
            engine.close()
        if self._sides is not None:
            self._sides.__exit__()
        self._temporary.close()

    def interrupt(self) -> None:
        """Stop what is running, for good: an interrupt that comes between two statements is no statement's, so nothing new is begun."""
        with self._lock:
            self._stopped = True
            others = [*self._others.values(), *self._loads, *([self._python] if self._python is not None else [])]
        for engine in others:
            engine.interrupt()
        if self._analyses is not None:
            self._analyses.interrupt()
        if self._sides is not None:
            self._sides.interrupt()

    @contextmanager
    def builder(self, definition: Definition, size: int) -> Iterator[Engine]:
        """The engine that builds a dataset over `size` bytes of input, for as long as it is needed."""
        other = self._workspace.other_engine(definition, size)
        if other is not None:
            if other.capabilities.unusable is not None:
                code, message, hint = other.capabilities.unusable
                raise DatasetError(code, message, where=definition.entry, hint=hint)
            engine = self._other(other)
            yield self._for_frames(engine) if definition.kind is Kind.PYTHON else engine
        elif definition.kind is Kind.PYTHON:
            yield self._for_python()
        elif definition.connection is not None:
            yield self._for_databases()
        elif definition.rest is not None:
            yield self._for_apis()
        elif definition.is_function:
            yield self._for_functions()
        else:
            with self().for_size(size) as side:
                yield side.engine

    def answers(self, definition: Definition, size: int) -> AnsweredBy | None:
        """Who is asked about a dataset where `size` bytes are read for it; None: the embedded engine."""
        kind = self._workspace.other_engine(definition, size)
        if kind is None or kind.answers_above is None or size <= kind.answers_above:
            return None
        name = kind.capabilities.name
        if kind.capabilities.unusable is not None:
            return AnsweredBy(name, None, kind.capabilities.unusable[1])
        engine = self._other(kind)
        return AnsweredBy(name, engine) if isinstance(engine, Answers) else None

    def _other(self, kind: EngineKind) -> Engine:
        with self._lock:
            engine = self._others.get(kind.capabilities.name)
            if engine is None:
                engine = self._others[kind.capabilities.name] = kind.open(self.settings, self._embedded)
            return engine

    def _for_frames(self, engine: Engine) -> Engine:
        """What runs functions that take DataFrames of another engine."""
        from andon.engines.python.engine import PythonEngine
        from andon.engines.spark.engine import SparkEngine

        assert isinstance(engine, SparkEngine), "no other engine builds Python"
        narrow, name = self().narrow.engine, f"{engine.capabilities.name}, Python"
        with self._lock:
            if name not in self._others:
                self._others[name] = PythonEngine(narrow, self.settings, self.python, engine.frames())
            return self._others[name]

    @contextmanager
    def _embedded(self, size: int) -> Iterator[Engine]:
        """See `Embedded`."""
        with self().for_size(size) as side:
            yield side.engine

    def _for_python(self) -> Engine:
        from andon.engines.python.engine import PythonEngine

        narrow = self().narrow.engine
        with self._lock:
            if self._python is None:
                self._python = PythonEngine(narrow, self.settings, self.python)
            return self._python

    def for_analyses(self) -> AnalysisEngine:
        """What runs analyses.

        Raises:
            Cancelled: all was stopped before.
        """
        from andon.engines.python.analysis import AnalysisEngine

        narrow = self().narrow.engine
        with self._lock:
            if self._analyses is None:
                self._analyses = AnalysisEngine(narrow, self.settings, self.python)
            return self._analyses

    @property
    def _loads(self) -> Sequence[Engine]:
        return [engine for engine in (self._loading, self._apis, self._functions) if engine is not None]

    def _for_functions(self) -> Engine:
        from andon.sources.functions.loading import FunctionEngine

        narrow = self().narrow.engine
        with self._lock:
            if self._functions is None:
                python = self.python
                self._functions = FunctionEngine(narrow, self.settings, python, self._workspace.environ)
            return self._functions

    def _for_apis(self) -> Engine:
        from andon.sources.apis.loading import ApiEngine

        narrow = self().narrow.engine
        with self._lock:
            if self._apis is None:
                self._apis = ApiEngine(narrow, self.settings, self._workspace.resolve)
            return self._apis

    def _for_databases(self) -> Engine:
        from andon.sources.databases.loading import LoadingEngine

        with self._lock:
            if self._loading is None:
                writes = [self._lake.storage.root / "data"]
                self._loading = LoadingEngine(self._workspace.databases, self.settings, writes)
            return self._loading

    @property
    def cores(self) -> int:
        """Cores that may be used."""
        return cores(self._workspace.settings)

    @property
    def workers(self) -> int:
        """Tasks at the same time."""
        return int(self._workspace.settings.get("run.parallel")) or self.cores

    @property
    def settings(self) -> EngineSettings:
        """How engines are set."""
        return engine_settings(self._workspace.settings, self._temporary)

    @property
    def python(self) -> PythonSettings:
        """How Python datasets are run."""
        workspace = self._workspace
        own = python_settings(
            workspace.settings, workspace.folder, workspace.lake.packages, keeps=self._lake is workspace.lake
        )
        return replace(own, seed=self.seed)

    @property
    def seed(self) -> int | None:
        """By which Python datasets are seeded; None: each by its own."""
        return None

    @property
    def temporary(self) -> Path:
        """Where this run puts temporary files."""
        return self._temporary.path

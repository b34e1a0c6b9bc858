"""Python datasets, read statically: one function with the mark `@dataset`, inputs as parameters, literals only. Nothing is run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from andon.base.hashing import content_id
from andon.base.names import did_you_mean
from andon.model.dataset import ClockUse, Kind
from andon.project.files.facts import DatasetFacts, DatasetKeys, FileFacts, ModuleFile, NameUse
from andon.project.files.fields import ELSEWHERE, FIELDS, OF_SOURCES, read_fields
from andon.project.files.growth import growth_problem
from andon.project.files.history import history_problem
from andon.project.files.nodes import FileFlaw, Flawed, PlacedValue
from andon.project.files.packages import lock_inputs
from andon.project.files.problems import of_flaws
from andon.project.files.python_clock import clock_of
from andon.project.files.reading import DeclaredFields
from andon.project.files.tokens import Range, normal_tokens

_FORM = 'from andon import dataset, read\n\n@dataset()\ndef name(orders=read("shop.orders")): …'
#: By what `engine` says: what is wrong where parameters say otherwise, and what to write.
_OTHER_ENGINE = {
    "spark": (
        "no parameter takes a Spark DataFrame, so Spark has nothing to do here",
        'write `orders=read("shop.orders").spark()`, or take `engine` out',
    ),
    "duckdb": ("a parameter takes a Spark DataFrame, which DuckDB does not give", "take `engine`, or `.spark()`, out"),
}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_python_dataset(path: str, text: str) -> FileFacts:
    """The facts of a Python dataset's file."""
    tree = parsed(text)
    if isinstance(tree, FileFlaw):
        return FileFacts(DatasetFacts(Kind.PYTHON), tuple(of_flaws(path, text, [tree])))
    reader = DatasetReader(path, text, tree)
    said = reader.read()
    return FileFacts(said, tuple(of_flaws(path, text, reader.flaws)))


def read_module(path: str, text: str) -> FileFacts:
    """The facts of a local module. Its path counts: two modules that swap their contents are others."""
    tree = parsed(text)
    if isinstance(tree, FileFlaw):
        return FileFacts(ModuleFile("", ()), tuple(of_flaws(path, text, [tree])))
    package = path.removeprefix("modules/").removesuffix(".py").split("/")[:-1]
    normal = content_id([path, normal_tokens(text)])
    return FileFacts(ModuleFile(normal, _imports(tree, text, package), clock_of(tree)))


def marked(reader: type[DatasetReader], path: str, text: str) -> ast.expr | None:
    """The mark of a file's function, such as `@dataset(…)`, as it stands in its tree; None if there is none."""
    tree = parsed(text)
    found = None if isinstance(tree, FileFlaw) else reader(path, text, tree)._function()
    return None if found is None else found[1]


def parsed(text: str) -> ast.Module | FileFlaw:
    """The tree of a Python file, or what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is the author's, and shown when the task runs
            return ast.parse(text)
    except SyntaxError as error:
        message = f"the Python can't be read: {error.msg}"
        column = max(1, error.offset or 1)
        return FileFlaw("project.bad_python", message, error.lineno or 1, column, None)
    except (ValueError, RecursionError, MemoryError) as error:
        return FileFlaw("project.bad_python", f"the Python can't be read: {error}", 1, 1, None)


def imported_names(tree: ast.Module) -> list[str]:
    """Every module that is imported anywhere, as dotted names; see `_imports`."""
    return [use.name for use in _imports(tree, "")]


def _imports(tree: ast.Module, text: str, package: list[str] | None = None) -> tuple[NameUse, ...]:
    """Every module that is imported anywhere, as dotted names, with those that `from x import y` may mean."""
    found: dict[str, NameUse] = {}

    def add(name: str, node: ast.AST) -> None:
        if name and name not in found:
            line, column = _place(text, node)
            found[name] = NameUse(name, line, column)

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                add(alias.name, node)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = (package or [])[: len(package or []) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            add(base, node)
            for alias in node.names:
                add(f"{base}.{alias.name}" if base else "", node)
    return tuple(found.values())


def _place(text: str, node: ast.AST) -> tuple[int, int]:
    """Line and column, both from 1, in characters (`ast` counts bytes)."""
    line, offset = int(getattr(node, "lineno", 1)), int(getattr(node, "col_offset", 0))
    if text.isascii():
        return line, offset + 1
    written = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    return line, len(written.encode()[:offset].decode(errors="ignore")) + 1


def _no_source(text: str, place: tuple[int, int], parameters: Mapping[str, str]) -> FileFlaw:
    """What `lineage` names is no column of an input."""
    inputs = ", ".join(f"`{name}`" for name in parameters) or "none"
    message = f"`{text}` in `lineage` is no column of an input; inputs are {inputs}"
    example = f"{next(iter(parameters), 'orders')}.amount"
    return FileFlaw("project.bad_value", message, *place, f"name the parameter and the column: `{example}`")


@dataclass
class _Names:
    """What the file calls `andon`, and what of it by a name of its own."""

    modules: set[str] = field(default_factory=set)
    own: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: ast.Module) -> _Names:
        names = cls()
        for node in tree.body:
            if isinstance(node, ast.Import):
                names.modules |= {alias.asname or alias.name for alias in node.names if alias.name == "andon"}
            elif isinstance(node, ast.ImportFrom) and node.module == "andon" and not node.level:
                for alias in node.names:
                    names.own.setdefault(alias.name, set()).add(alias.asname or alias.name)
        return names

    def is_(self, node: ast.expr, what: str) -> bool:
        """Whether `node` names andon's `what`."""
        if isinstance(node, ast.Name):
            return node.id in self.own.get(what, ())
        return (
            isinstance(node, ast.Attribute)
            and node.attr == what
            and isinstance(node.value, ast.Name)
            and node.value.id in self.modules
        )


class DatasetReader:
    """Reads one file; gathers flaws."""

    #: What marks the function, and how a file with it looks.
    mark = "dataset"
    form = _FORM
    kind = Kind.PYTHON

    def __init__(self, path: str, text: str, tree: ast.Module) -> None:
        self._path = path
        self._text = text
        self._tree = tree
        self._names = _Names.of(tree)
        self.frames: list[str] = []
        self.flaws: list[FileFlaw] = []

    def read(self) -> DatasetFacts:
        """The facts."""
        dependencies: tuple[str, ...] = ()
        inputs = ""
        try:
            locked = lock_inputs(self._text)
            dependencies, inputs = locked.dependencies, locked.digest
        except Flawed as flawed:
            self.flaws.append(flawed.flaw)
        imports = _imports(self._tree, self._text)
        found = self._function()
        if found is None:
            return DatasetFacts(self.kind, imports=imports, dependencies=dependencies, inputs_digest=inputs)
        function, decorator = found
        declared = self._declared(decorator)
        parameters, tables = self._parameters(function)
        start_line, start = decorator.lineno, decorator.col_offset
        outside: Range = (start_line, start, decorator.end_lineno or start_line, decorator.end_col_offset or start)
        return DatasetFacts(
            kind=self.kind,
            keys=DatasetKeys(**self._with_lineage(self._with_engine(declared), dict(parameters))),
            normal=normal_tokens(self._text, [self._in_characters(outside)]),
            tables=tables,
            function=function.name,
            parameters=parameters,
            frames=tuple(self.frames),
            imports=imports,
            dependencies=dependencies,
            inputs_digest=inputs,
            clock=self._clock(),
        )

    def _clock(self) -> ClockUse:
        return clock_of(self._tree)

    def _with_engine(self, declared: DeclaredFields) -> Mapping[str, Any]:
        """The values with the engine that hands over what the parameters ask for."""
        values = dict(declared.values)
        said = values.get("engine", "")
        if said and (said == "spark") != bool(self.frames):
            message, hint = _OTHER_ENGINE[said]
            self.flaws.append(FileFlaw("project.bad_value", message, *declared.places["engine"], hint))
        return {**values, "engine": "spark"} if self.frames else values

    def _with_lineage(self, values: Mapping[str, Any], parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """The values with the sources of `lineage` as `(dataset, column)`s; an input is named by parameter or by dataset."""
        if "lineage" not in values:
            return values
        found = []
        for column, sources in values["lineage"]:
            known = []
            for text, place in sources:
                first, _, rest = text.partition(".")
                dataset, of = parameters.get(first), rest
                if dataset is None:
                    parts = text.split(".", 2)
                    dataset, of = ".".join(parts[:2]), parts[2] if len(parts) > 2 else ""
                if dataset not in parameters.values() or not of:
                    self.flaws.append(_no_source(text, place, parameters))
                else:
                    known.append((dataset, of))
            found.append((column, tuple(known)))
        return {**values, "lineage": tuple(found)}

    def _flaw(self, node: ast.AST, message: str, hint: str | None = None, code: str = "project.bad_python") -> None:
        self.flaws.append(FileFlaw(code, message, *_place(self._text, node), hint))

    def _in_characters(self, found: Range) -> Range:
        lines = self._text.split("\n")

        def column(line: int, offset: int) -> int:
            return len(lines[line - 1].encode()[:offset].decode(errors="ignore"))

        return found[0], column(found[0], found[1]), found[2], column(found[2], found[3])

    def _function(self) -> tuple[ast.FunctionDef, ast.expr] | None:
        marked: list[tuple[_Function, ast.expr]] = []
        for node in self._tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for decorator in node.decorator_list:
                    target = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if self._names.is_(target, self.mark):
                        marked.append((node, decorator))
        if not marked:
            self._no_function()
            return None
        for node, _ in marked[1:]:
            message = f"a second {self.mark} in one file: `{node.name}`, after `{marked[0][0].name}`"
            self._flaw(node, message, f"a file makes one {self.mark}; put the other into a file of its own")
        function, decorator = marked[0]
        if isinstance(function, ast.AsyncFunctionDef):
            self._flaw(function, f"`{function.name}` is async; a {self.mark} is a plain function", "write `def`")
            return None
        return function, decorator

    def _no_function(self) -> None:
        functions = [n for n in self._tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in functions:
            for decorator in node.decorator_list:
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(target, ast.Name) and target.id == self.mark:
                    self._flaw(decorator, f"`{self.mark}` is not imported", f"add `{self.form.splitlines()[0]}`")
                    return
        place = functions[0] if functions else self._tree
        message = f"no function has the mark `@{self.mark}(…)`"
        self._flaw(place, message, f"a Python {self.mark} is one function:\n{self.form}")

    def _parameters(self, function: ast.FunctionDef) -> tuple[tuple[tuple[str, str], ...], tuple[NameUse, ...]]:
        arguments = function.args
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                self._flaw(
                    extra, f"`{extra.arg}` takes any number of inputs", 'name each input: `orders=read("shop.orders")`'
                )
        for plain in arguments.posonlyargs:
            self._flaw(plain, f"`{plain.arg}` can't be given by name", "leave out the `/`")
        missing = len(arguments.args) - len(arguments.defaults)
        pairs = [*zip(arguments.args, [None] * missing + list(arguments.defaults), strict=False)]
        pairs += [*zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
        parameters: list[tuple[str, str]] = []
        tables: dict[str, NameUse] = {}
        for argument, default in pairs:
            name = self._input(argument, default)
            if name is None:
                continue
            dataset, place = name
            parameters.append((argument.arg, dataset))
            tables.setdefault(dataset, NameUse(dataset, *_place(self._text, place)))
        return tuple(parameters), tuple(tables.values())

    def _input(self, argument: ast.arg, default: ast.expr | None) -> tuple[str, ast.expr] | None:
        hint = f'name its dataset: `{argument.arg}=read("schema.name")`'
        if default is None:
            self._flaw(argument, f"the parameter `{argument.arg}` names no dataset", hint)
            return None
        match default:
            case ast.Call(func=ast.Attribute(value=ast.Call() as inner, attr="spark"), args=[], keywords=[]):
                if self._names.is_(inner.func, "read"):
                    self.frames.append(argument.arg)
                    default = inner
        if not isinstance(default, ast.Call) or not self._names.is_(default.func, "read"):
            if isinstance(default, ast.Call) and isinstance(default.func, ast.Name) and default.func.id == "read":
                hint = "add `from andon import dataset, read`"
            self._flaw(default, f"the default of `{argument.arg}` is not `read(…)`", hint)
            return None
        given = default.args
        if (
            len(given) != 1
            or default.keywords
            or not isinstance(given[0], ast.Constant)
            or not isinstance(given[0].value, str)
        ):
            self._flaw(default, "`read` takes one text, written out", hint)
            return None
        return given[0].value, given[0]

    def _declared(self, decorator: ast.expr) -> DeclaredFields:
        if not isinstance(decorator, ast.Call):
            return DeclaredFields()
        root = self._given(decorator, [f.name for f in FIELDS], ELSEWHERE)
        declared = read_fields(root, self._path)
        self.flaws += declared.flaws
        values = dict(declared.values)
        for name in OF_SOURCES:
            if name in values:
                line, column = declared.places[name]
                self.flaws.append(
                    FileFlaw("project.bad_value", f"`{name}` is for sources", line, column, "take it out")
                )
                values.pop(name)
        if values.pop("sort", ()):
            message = "`sort` is for SQL: return the rows in the order that you want"
            self.flaws.append(FileFlaw("project.bad_value", message, *declared.places["sort"], "take it out"))
        if values.pop("partition", ()):
            message = "`partition` is for SQL: read this dataset with one of SQL that is parted"
            self.flaws.append(FileFlaw("project.bad_value", message, *declared.places["partition"], "take it out"))
        wrong = growth_problem(values, root.keys, "python")
        if wrong is not None:
            key, message, hint = wrong
            self.flaws.append(FileFlaw("project.bad_value", message, *root.keys[key], hint))
            values.pop("incremental", None)
            values["materialize"] = "table"
        if values.get("materialize") == "view":
            line, column = root.keys["materialize"]
            message = "a Python dataset is always a table"
            self.flaws.append(FileFlaw("project.bad_value", message, line, column, "take `materialize` out"))
            values.pop("materialize")
        unkept = history_problem(values, declared.places, "python")
        if unkept is not None:
            name, message, hint = unkept
            line, column = root.keys[name]
            self.flaws.append(FileFlaw("project.bad_value", message, line, column, hint))
            for key in ("history", "materialize"):
                values.pop(key, None)
        return DeclaredFields(values, declared.places, declared.named)

    def _given(self, decorator: ast.Call, known: Sequence[str], elsewhere: Collection[str]) -> PlacedValue:
        """The arguments of the mark, as a mapping."""
        for argument in decorator.args:
            self._flaw(argument, f"`@{self.mark}` takes its settings by name", f'such as `@{self.mark}(owner="ana")`')
        root = PlacedValue("map", {}, *_place(self._text, decorator))
        for keyword in decorator.keywords:
            if keyword.arg is None:
                self._flaw(keyword.value, "settings can't be computed (`**`)", "write them out")
                continue
            if keyword.arg not in known and keyword.arg not in elsewhere:
                message = f"`@{self.mark}` has no setting `{keyword.arg}`"
                self._flaw(keyword, message, did_you_mean(keyword.arg, known), "project.unknown_key")
                continue
            node = self._node(keyword.value, keyword.arg)
            if node is not None:
                root.value[keyword.arg] = node
                root.keys[keyword.arg] = _place(self._text, keyword)
        return root

    def _node(self, value: ast.expr, name: str) -> PlacedValue | None:
        """A literal as a node; what is none is a flaw."""
        line, column = _place(self._text, value)
        match value:
            case ast.Constant(value=bool() as flag):
                return PlacedValue("flag", flag, line, column, str(flag))
            case ast.Constant(value=int() | float() as number):
                return PlacedValue("number", number, line, column, str(number))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return PlacedValue("number", -number, line, column, f"-{number}")
            case ast.Constant(value=str() as text):
                return self._text_node(value, text, line, column)
            case ast.Constant(value=None):
                return PlacedValue("null", None, line, column, "None")
            case ast.List(elts=items) | ast.Tuple(elts=items):
                nodes = [self._node(item, name) for item in items]
                return PlacedValue("list", [n for n in nodes if n is not None], line, column)
            case ast.Dict():
                return self._map_node(value, name, line, column)
        self._flaw(
            value, f"`{name}` must be written out: it is read without running the file", "write the value itself"
        )
        return None

    def _map_node(self, value: ast.Dict, name: str, line: int, column: int) -> PlacedValue | None:
        node = PlacedValue("map", {}, line, column)
        for key, item in zip(value.keys, value.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                self._flaw(key or item, f"keys of `{name}` must be texts, written out")
                continue
            if key.value in node.value:
                self._flaw(key, f"`{key.value}` is there twice in `{name}`", "keep one of them", "project.bad_value")
                continue
            child = self._node(item, name)
            if child is not None:
                node.keys[key.value] = _place(self._text, key)
                node.value[key.value] = child
        return node

    def _text_node(self, value: ast.Constant, text: str, line: int, column: int) -> PlacedValue:
        """A text; each line of one in triple quotes is a line of the file, unless lines are joined or escaped in it."""
        node = PlacedValue("text", text, line, column, text)
        last = getattr(value, "end_lineno", line)
        if "\n" in text and last - line == text.count("\n"):
            node.lines = line
        return node

"""Places of a Python file by which two runs over the same inputs may differ, each with the form that is exact. Nothing is run.

What a dataset's process makes the same (the clock, the seeds, threads of packages, the order of sets of texts) is no such place.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping

from andon.base.record import replace
from andon.project.files.named import Imported
from andon.project.files.nodes import FileFlaw
from andon.project.files.python import parsed
from andon.sql.constructs import OpenPlace
from andon.sql.names import words

_UNSEEDED = "without a seed it draws other numbers at each run"
_BY_SYSTEM = "it is another one at each call, and no seed changes that"
_GOES_ON = "it goes on while the function runs"
_MACHINE_CLOCK = "it shows the machine's clock, not the run's"
_LISTED = "the order in which a folder is listed hangs on the disk"
_READY = "results come in the order in which they are ready"
_APART = "a process of its own sees the machine's clock, and draws by no seed"
_ANY_ORDER = "the order of its rows is another one at each run"
_MEET = "what threads do meets in another order at each run"
_ASKS = "who is asked may say something else next time; a dataset has no network"
_TELLS = "it tells of the machine or the process, not of what is read"
_ADDRESS = "it is an address in memory, another one at each run"

_SEED = "after `from andon import seed`"
_HASH = "a hash of the row's key: `hashlib.sha256(key).hexdigest()`"
_SOURCE = "load it with a source in Python, and read that"

#: Generators that draw by the system's chance where nobody gives them a seed.
_GENERATORS = {
    "random.Random": f"`random.Random(seed())`, {_SEED}",
    "random.seed": f"leave it out, or `random.seed(seed())`, {_SEED}",
    "numpy.random.seed": f"leave it out, or `numpy.random.seed(seed() % 2**32)`, {_SEED}",
    **{
        f"numpy.random.{name}": f"`numpy.random.{name}(seed())`, {_SEED}"
        for name in ("default_rng", "RandomState", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64", "SeedSequence")
    },
}
#: Calls and names by their dotted name: why, and the form that is exact.
_NAMED: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        words("os.urandom os.getrandom uuid.uuid4 uuid.uuid1 uuid.uuid6 uuid.uuid7 uuid.uuid8 torch.seed"),
        (_BY_SYSTEM, _HASH),
    ),
    "random.SystemRandom": (_BY_SYSTEM, f"`random.Random(seed())`, {_SEED}"),
    **dict.fromkeys(
        words(
            """time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns time.process_time time.process_time_ns
            time.thread_time time.thread_time_ns timeit.default_timer os.times"""
        ),
        (_GOES_ON, "print what you measure, and leave it out of the result"),
    ),
    **dict.fromkeys(words("os.listdir os.scandir glob.glob glob.iglob"), (_LISTED, "`sorted(…)` around it")),
    **dict.fromkeys(words("os.walk os.fwalk"), (_LISTED, "sort the names of each folder")),
    "concurrent.futures.as_completed": (_READY, "`executor.map(…)`, which keeps the order"),
    "asyncio.as_completed": (_READY, "`asyncio.gather(…)`, which keeps the order"),
    "threading.Thread": (_MEET, "`executor.map(…)` of a `ThreadPoolExecutor`, which keeps the order"),
    **dict.fromkeys(
        words(
            """multiprocessing.Process multiprocessing.Pool multiprocessing.pool.Pool concurrent.futures.ProcessPoolExecutor
            subprocess.run subprocess.Popen subprocess.call subprocess.check_call subprocess.check_output os.system os.popen os.fork
            joblib.Parallel"""
        ),
        (_APART, "do it in the function itself"),
    ),
    **dict.fromkeys(
        words(
            """os.getpid os.getppid os.cpu_count os.getcwd os.uname os.getlogin os.getenv os.environ platform.node platform.platform
            platform.machine platform.processor platform.uname platform.system platform.release socket.gethostname getpass.getuser
            pathlib.Path.cwd pathlib.Path.home multiprocessing.cpu_count"""
        ),
        (_TELLS, "write the value itself, or make it an input"),
    ),
}
#: What begins with one of these asks over a network, and what is secret by chance.
_BEGINNINGS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("secrets.", (_BY_SYSTEM, _HASH)),
    *(
        (f"{name}.", (_ASKS, _SOURCE))
        for name in (
            "requests",
            "httpx",
            "aiohttp",
            "urllib.request",
            "urllib3",
            "http.client",
            "ftplib",
            "smtplib",
            "paramiko",
        )
    ),
    *((name, (_ASKS, _SOURCE)) for name in ("socket.socket", "socket.create_connection")),
)
#: Methods, whatever has them.
_METHODS: dict[str, tuple[str, str]] = {
    "iterdir": (_LISTED, "`sorted(…)` around it"),
    "rglob": (_LISTED, "`sorted(…)` around it"),
    "imap_unordered": (_READY, "`imap(…)`, which keeps the order"),
}
#: Methods of Polars' frames that give their rows in any order, unless they are told otherwise or sorted.
_POLARS = frozenset(("group_by", "unique"))
_READS_WEB = re.compile(r"(?:pandas|polars)\.(?:read|scan)_\w+")
_SAID = re.compile(r"#\s*exact:[ \t]*(.*)")


def python_places(text: str) -> list[OpenPlace]:
    """The places of a Python file by which two runs may differ, by line, what stands twice in one line once; none where it can't be read.

    `# exact: REASON` silences its line, and alone on a line the next one.
    """
    tree = parsed(text)
    if isinstance(tree, FileFlaw):
        return []
    found: dict[tuple[int, str], OpenPlace] = {}
    for node, what, (why, exact) in _found(tree):
        line = int(getattr(node, "lineno", 1))
        found.setdefault((line, what), OpenPlace(what, line, why, exact))
    said = _said_exact(text) if found else {}
    return [_silenced(found[key], said) for key in sorted(found)]


_Told = tuple[ast.AST, str, tuple[str, str]]


def _found(tree: ast.Module) -> Iterator[_Told]:
    imported = Imported(tree)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    ordered = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("sorted", "len", "set", "min", "max")
        for argument in node.args[:1]
        for part in ast.walk(argument)
    } | set(_sorted_after(tree))
    is_polars = imported.has("polars")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, imported, ordered)
            if any(word.arg == "n_jobs" and not _is_one_thread(word.value) for word in node.keywords):
                yield node, "n_jobs", (_MEET, "leave it out, or `n_jobs=-1`: all that the process has is one thread")
            if is_polars and _is_unordered(node) and id(node) not in ordered:
                method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                yield (
                    node,
                    f".{method}()",
                    (_ANY_ORDER, f"`.{method}(…, maintain_order=True)`, or `.sort(…)` behind it"),
                )
        elif isinstance(node, ast.Attribute | ast.Name) and not {id(node)} & (called | ordered):
            name = imported.meant(node)
            # handed on as it is; a part of a longer name only where it is a value itself
            known = _NAMED.get(name or "") if id(node) not in inner or name == "os.environ" else None
            if name is not None and known is not None:
                yield node, name, known


def _of_call(node: ast.Call, imported: Imported, ordered: set[int]) -> Iterator[_Told]:
    name = imported.meant(node.func)
    if name is None:
        if isinstance(node.func, ast.Name) and node.func.id == "id" and node.args:
            yield node, "id()", (_ADDRESS, "a key of the row")
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method in _METHODS and id(node) not in ordered:
            yield node, f".{method}()", _METHODS[method]
        return
    if name in _GENERATORS:
        if _is_unseeded(node):
            yield node, f"{name}()", (_UNSEEDED, _GENERATORS[name])
        return
    first = node.args[0] if node.args else None
    literal = first.value if isinstance(first, ast.Constant) else None
    if name == "numpy.datetime64" and literal in ("now", "today"):
        yield (
            node,
            f'numpy.datetime64("{literal}")',
            (_MACHINE_CLOCK, "`numpy.datetime64(datetime.now())`, which shows the run's time"),
        )
    elif (
        _READS_WEB.fullmatch(name)
        and isinstance(literal, str)
        and literal.startswith(("http://", "https://", "s3://", "ftp://"))
    ):
        yield node, f"{name}(…)", (_ASKS, _SOURCE)
    elif name.startswith("pathlib.") and (method := name.rpartition(".")[2]) in _METHODS and id(node) not in ordered:
        yield node, f".{method}()", _METHODS[method]
    elif (known := _known(name)) is not None and id(node) not in ordered:
        yield node, f"{name}()", known


def _is_one_thread(value: ast.expr) -> bool:
    """Whether a number of jobs is one, or as many as there are for a dataset's process."""
    try:
        return ast.literal_eval(value) in (None, 1, -1)
    except ValueError:
        return False


def _is_unordered(node: ast.Call) -> bool:
    is_method = isinstance(node.func, ast.Attribute) and node.func.attr in _POLARS
    return is_method and not any(each.arg == "maintain_order" for each in node.keywords)


def _sorted_after(tree: ast.Module) -> Iterator[int]:
    """The calls of a chain that ends with `.sort(…)` or goes through it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sort":
            below: ast.expr = node.func.value
            while isinstance(below, ast.Call | ast.Attribute):
                if isinstance(below, ast.Call):
                    yield id(below)
                    below = below.func
                else:
                    below = below.value


def _known(name: str) -> tuple[str, str] | None:
    return _NAMED.get(name) or next((told for begin, told in _BEGINNINGS if name.startswith(begin)), None)


def _is_unseeded(node: ast.Call) -> bool:
    given = [*node.args, *(each.value for each in node.keywords if each.arg in ("seed", "entropy", "x", "a", None))]
    return not given or (isinstance(given[0], ast.Constant) and given[0].value is None)


def _said_exact(text: str) -> dict[int, str]:
    """By line what a comment says of why it may stay."""
    said = {}
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        match = _SAID.match(token.string) if token.type == tokenize.COMMENT else None
        if match is not None:
            line = token.start[0]
            is_alone = not lines[line - 1][: token.start[1]].strip()
            said[line + is_alone] = match[1].strip()
    return said


def _silenced(place: OpenPlace, said: Mapping[int, str]) -> OpenPlace:
    reason = said.get(place.line)
    if reason is None:
        return place
    if not reason:
        return replace(place, why=f"{place.why}; `# exact:` gives no reason")
    return replace(place, silenced=reason)

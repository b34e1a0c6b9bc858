"""The parts of others that pages use: exact, with their licences, and as they were made; asked of files alone."""

import importlib.util
import json
import re
import tempfile
from pathlib import Path

import pytest

from andon.web.assets import STATIC, Assets
from andon.web.pages.rendering import Renderer
from kit.builds import ROOT

_BROWSER = ROOT / "browser"
_WEB = ROOT / "src" / "andon" / "web"
_ALLOWED = {"0BSD", "BSD-0-Clause", "BSD-3-Clause", "ISC", "MIT", "OFL-1.1", "Unlicense"}
#: How a template, a script or a page names an icon.
_ICON = re.compile(r"""(?:\bicon\w*\s*[(=:]\s*|icons\.svg#)["']?([a-z][a-z0-9-]+)["']""")


def _maker():
    spec = importlib.util.spec_from_file_location("andon_browser_parts", _BROWSER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_MAKER = _maker()
_LOCK = json.loads((_BROWSER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
_MANIFEST = json.loads((STATIC / "vendor" / "manifest.json").read_text(encoding="utf-8"))


def test_what_lies_there_is_what_the_inputs_make():
    assert _MAKER.differences(STATIC / "vendor", _MANIFEST) == []
    assert _MAKER.is_made(), "run `make pages`"
    assert _MAKER.is_made(_MAKER.FOR_TESTS), "run `make pages`"


@pytest.mark.parametrize("change", ["changed", "missing", "more"])
def test_a_file_that_is_not_what_was_made_is_told(tmp_path, change):
    (tmp_path / "a.js").write_text("a", encoding="utf-8")
    manifest = {"files": {"a.js": _MAKER._figures(tmp_path / "a.js")}}
    assert _MAKER.differences(tmp_path, manifest) == []
    match change:
        case "changed":
            (tmp_path / "a.js").write_text("b", encoding="utf-8")
        case "missing":
            (tmp_path / "a.js").unlink()
        case "more":
            (tmp_path / "b.js").touch()
    assert _MAKER.differences(tmp_path, manifest) == ["b.js" if change == "more" else "a.js"]


def test_versions_are_exact_and_their_bytes_are_named_but_no_place_is():
    described = json.loads((_BROWSER / "package.json").read_text(encoding="utf-8"))
    wanted = {**described["dependencies"], **described["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    packages = {path: said for path, said in _LOCK.items() if path}
    assert {f"node_modules/{name}": version for name, version in wanted.items()}.items() <= {
        path: said["version"] for path, said in packages.items()
    }.items()
    assert all(said["integrity"].startswith("sha512-") for said in packages.values())
    assert [path for path, said in packages.items() if "resolved" in said] == []


def test_what_is_shipped_may_be_and_says_so():
    said = {name: package["license"] for name, package in _MANIFEST["packages"].items()}
    assert set(said.values()) <= _ALLOWED
    assert {
        "htmx.org",
        "@codemirror/view",
        "@observablehq/plot",
        "d3-scale",
        "@dagrejs/dagre",
        "lucide-static",
    } < said.keys()
    assert not {"axe-core", "esbuild"} & said.keys()
    texts = (STATIC / "vendor" / "LICENSES.txt").read_text(encoding="utf-8")
    for name, package in _MANIFEST["packages"].items():
        assert f"{name} {package['version']} ({package['license']})\n" in texts
        assert package["integrity"] == _LOCK[f"node_modules/{name}"]["integrity"]


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "None", "SEE LICENSE IN x"])
def test_a_licence_that_is_not_on_the_list_stops_the_build(tmp_path, licence):
    package = tmp_path / "node_modules" / "evil"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": "1.0.0", "license": licence}), encoding="utf-8")
    (package / "LICENSE").write_text("yours", encoding="utf-8")
    (package / "evil.js").write_text("1", encoding="utf-8")
    lock = {"packages": {"node_modules/evil": {"integrity": "sha512-x"}}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")

    def fill(folder: Path):
        return _MAKER._copy(_MAKER.Modules(tmp_path), {"evil.js": "evil/evil.js"}, folder)

    with pytest.raises(_MAKER.PartsError, match=r"evil 1\.0\.0: the licence .* is not on the list"):
        _MAKER._fill(tmp_path / "vendor", frozenset({"MIT"}), fill)
    assert not (tmp_path / "vendor").exists()


def test_a_package_whose_bytes_differ_from_the_lock_stops_every_build(tmp_path, monkeypatch):
    (tmp_path / "evil.tgz").write_bytes(b"something else")
    package = {"version": "1.0.0", "resolved": "file:evil.tgz", "integrity": f"sha512-{'A' * 86}=="}
    wanted = {"name": "x", "dependencies": {"evil": "file:evil.tgz"}}
    lock = {"lockfileVersion": 3, "packages": {"": wanted, "node_modules/evil": package}}
    (tmp_path / "package.json").write_text(json.dumps(wanted), encoding="utf-8")
    (tmp_path / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(_MAKER.PartsError, match="EINTEGRITY") as caught:
        _MAKER._install(tmp_path, with_tests=False)
    assert not isinstance(caught.value, _MAKER.NotReachable)


def test_every_icon_that_a_page_names_is_in_the_sprite():
    sources = [p for ending in ("*.html", "*.js", "*.py") for p in _WEB.rglob(ending) if "vendor" not in p.parts]
    texts = {path: path.read_text(encoding="utf-8") for path in sources}
    named = {name: path.name for path, text in texts.items() for name in _ICON.findall(text)}
    known = set(_MAKER.icon_names())
    assert {name: place for name, place in named.items() if name not in known} == {}, "add them to browser/icons.txt"
    assert "search" in named


def test_every_icon_in_the_sprite_is_named_by_a_page():
    sources = [p for ending in ("*.html", "*.js", "*.py") for p in _WEB.rglob(ending) if "vendor" not in p.parts]
    named = set(re.findall(r"""["']([a-z][a-z0-9-]*)["']""", "\n".join(p.read_text(encoding="utf-8") for p in sources)))
    assert sorted(set(_MAKER.icon_names()) - named) == [], "take them out of browser/icons.txt"


def test_a_page_that_names_no_icon_is_not_drawn():
    found = Renderer(Assets())._environment.from_string("{{ icon(name) }}")
    assert "icons.svg#search" in found.render(name="search")
    with pytest.raises(ValueError, match=r"no icon is called serch: browser/icons\.txt lists them"):
        found.render(name="serch")


def test_nothing_of_where_it_was_made_is_in_what_was_made():
    files = [path for path in (STATIC / "vendor").rglob("*") if path.suffix in (".js", ".css", ".svg", ".json")]
    assert len(files) > 7
    places = [str(place).encode() for place in (ROOT, Path.home(), Path(tempfile.gettempdir()), "andon-browser-")]
    assert [path.name for path in files if any(place in path.read_bytes() for place in places)] == []
    assert [path.name for path in files if b"sourceMappingURL" in path.read_bytes()] == []

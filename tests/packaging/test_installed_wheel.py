"""The wheel as it is installed: it has all that pages load, and serves it where there is no network."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from andon.web.assets import STATIC
from kit.browsing import CHROMIUM
from kit.builds import ROOT, BuildFolder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built without npm of what `make pages` made."""
    folder = BuildFolder.copied(tmp_path_factory.mktemp("wheel"), with_parts=True)
    done = folder.build("wheel", folder.without_npm(), ANDON_PAGES="require")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder.made(".whl")


def test_the_wheel_has_all_files_of_pages_and_nothing_of_tests(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    wanted = {path.relative_to(STATIC.parents[2]).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    templates = {
        path.relative_to(STATIC.parents[2]).as_posix() for path in (STATIC.parent / "templates").rglob("*.html")
    }
    assert wanted | templates <= names
    assert {"andon/web/static/vendor/LICENSES.txt", "andon/web/static/vendor/htmx.js"} < wanted
    assert not [name for name in names if "axe" in name or name.startswith(("browser/", "tests/", "hatch_build"))]


def test_it_shows_its_pages_in_a_network_namespace_without_network(wheel, tmp_path):
    for program in (shutil.which("bwrap"), CHROMIUM):
        if program is None:
            assert not os.environ.get("CI"), "CI installs bubblewrap and chromium"
            pytest.skip("bubblewrap and chromium are needed")
    site = tmp_path / "site"
    install = [shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv", "pip", "install", "--quiet"]
    subprocess.run([*install, "--offline", "--no-deps", "--target", str(site), str(wheel)], check=True)
    apart = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT / "tests")))}
    visit = [sys.executable, "-X", "faulthandler", "-m", "kit.offline_visit", str(tmp_path / "acme")]
    done = subprocess.run([*apart, *visit], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert Path(found["package"]).is_relative_to(site)
    assert not found["others"]
    assert found["wrong"] == []
    assert found["titles"]["/"] == "All 4 datasets are healthy · Andon"
    assert len(found["titles"]) > 2
    assert set(found["files"].values()) == {200}
    assert "vendor/codemirror.js" in found["files"]
    assert "loaded" in found["fonts"]
    assert "error" not in found["fonts"]

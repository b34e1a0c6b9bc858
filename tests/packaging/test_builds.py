"""What a build does where npm is there, is not there, or reaches nothing."""

import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from andon.version import __version__
from kit.builds import VENDOR, BuildFolder
from kit.clones import FILES, Clone
from kit.up import up

#: Early 3.11 unpacks without asking how.
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> BuildFolder:
    """A checkout without the parts of the pages; builds that fail or warn leave it so."""
    return BuildFolder.copied(tmp_path_factory.mktemp("bare"), with_parts=False)


def test_a_release_without_npm_fails_and_says_what_to_do(bare):
    done = bare.build("sdist", bare.without_npm())
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "andon can't be built for others without the parts of its pages: there is no npm here" in said
    assert "ANDON_PAGES=try" in said
    assert "Traceback" not in said
    assert not list(bare.made_in.glob("*.tar.gz"))


def test_a_release_whose_npm_reaches_nothing_fails_with_what_npm_says(bare):
    done = bare.build("sdist", bare.unreachable())
    assert done.returncode != 0
    assert "ECONNREFUSED" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def poor(bare) -> tuple[str, Path]:
    """A wheel of a checkout where there was no npm, and what the build said."""
    done = bare.build("wheel", bare.without_npm())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr, bare.made(".whl")


def test_a_wheel_of_a_checkout_without_npm_warns_unless_pages_are_required(bare, poor):
    said, wheel = poor
    assert "andon goes without its pages; the command line works" in said
    names = zipfile.ZipFile(wheel).namelist()
    assert "andon/web/static/css/base.css" in names
    assert not [name for name in names if "static/vendor" in name]
    refused = bare.build("wheel", bare.without_npm(), ANDON_PAGES="require")
    assert refused.returncode != 0
    assert "without the parts of its pages" in refused.stdout + refused.stderr


def test_without_its_pages_it_works_and_says_what_makes_them(poor, tmp_path):
    with zipfile.ZipFile(poor[1]) as file:
        file.extractall(tmp_path / "site")
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    with up(clone.root, PYTHONPATH=str(tmp_path / "site")) as (process, client):
        page = client.get("/")
        assert page.status == 503
        assert b"its pages are not made yet" in page.data
        sheet = client.get(re.search(rb'href="(/static/[^"]+base.css)"', page.data)[1].decode())
        assert sheet.status == 200
        assert b"marts.best" in client.get("/datasets").data
        process.terminate()
        assert f"`pip install --force-reinstall --no-deps andon=={__version__}` makes them" in process.stderr.read()


def test_an_editable_install_without_npm_warns(bare):
    done = bare.build_editable(bare.without_npm())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "andon goes without its pages; the command line works" in done.stdout + done.stderr
    assert not bare.has_parts


def test_what_the_variable_says_is_one_of_three_words(bare):
    done = bare.build("wheel", bare.without_npm(), ANDON_PAGES="maybe")
    assert done.returncode != 0
    assert "ANDON_PAGES is 'maybe': it is one of require, try, skip" in done.stdout + done.stderr


def test_a_source_distribution_carries_the_parts_so_that_its_wheel_needs_no_npm(tmp_path):
    whole = BuildFolder.copied(tmp_path, with_parts=True)
    done = whole.build("sdist", whole.without_npm())
    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(whole.made(".tar.gz")) as file:
        file.extractall(tmp_path / "unpacked", **SAFELY)
    (root,) = (tmp_path / "unpacked").iterdir()
    unpacked = BuildFolder(root, tmp_path)
    done = unpacked.build("wheel", unpacked.without_npm(), ANDON_PAGES="require")
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(unpacked.made(".whl")) as wheel:
        for name in ("manifest.json", "LICENSES.txt", "codemirror.js", "fonts/geist.woff2"):
            place = f"{VENDOR.removeprefix('src/')}/{name}"
            assert wheel.read(place) == (whole.root / VENDOR / name).read_bytes()

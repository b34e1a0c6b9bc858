"""Files of pages: an address that changes with what they hold, and answers that are kept, packed and never outside of the folder."""

import gzip
import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from andon.version import __version__
from andon.web.assets import STATIC, Assets, how_to_make

_ASSETS = Assets()
_SCRIPT, _FONT = _ASSETS.address_of("vendor/htmx.js"), _ASSETS.address_of("vendor/fonts/geist.woff2")


@pytest.fixture
def ask(looking):
    """Asks the server for an address as it is written: nothing puts it right on its way."""

    def asked(path, method="GET", **headers):
        connection = HTTPConnection(urlsplit(looking.address).netloc, timeout=60)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    return asked


def test_a_file_is_sent_packed_and_kept_for_good(ask):
    status, headers, text = ask(_SCRIPT, accept_encoding="gzip")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["x-content-type-options"] == "nosniff"
    assert gzip.decompress(text) == (STATIC / "vendor" / "htmx.js").read_bytes()
    status, _, text = ask(_SCRIPT, accept_encoding="gzip", if_none_match=headers["etag"])
    assert (status, text) == (304, b"")


@pytest.mark.parametrize("taken", ["identity", "br", "gzip;q=0", ""])
def test_a_file_is_sent_as_it_is_to_whom_can_t_unpack_it(ask, taken):
    _, headers, text = ask(_SCRIPT, accept_encoding=taken)
    assert "content-encoding" not in headers
    _, others, packed = ask(_SCRIPT, accept_encoding="br, gzip;q=0.5")
    assert others["etag"] != headers["etag"]
    assert gzip.decompress(packed) == text


def test_what_is_dense_already_is_not_packed(ask):
    _, headers, text = ask(_FONT, accept_encoding="gzip")
    assert "content-encoding" not in headers
    assert (headers["content-type"], text[:4]) == ("font/woff2", b"wOF2")


def test_head_tells_the_same_without_the_file(ask):
    _, told, text = ask(_SCRIPT)
    status, headers, nothing = ask(_SCRIPT, "HEAD")
    assert (status, nothing) == (200, b"")
    assert headers["content-length"] == told["content-length"] == str(len(text))


@pytest.mark.parametrize(
    "path",
    [
        *("", "vendor", "vendor/none.js", "../assets.py", "%2e%2e/assets.py", "vendor/..%2f..%2fassets.py"),
        *("..\\assets.py", "//etc/passwd", "vendor/htmx.js/", "vendor/htmx.js%00", "vendor//htmx.js"),
    ],
)
def test_nothing_else_is_there(ask, path):
    assert ask(f"{_ASSETS.address}/{path}")[0] == 404


def test_the_address_of_another_content_holds_nothing(ask):
    assert ask("/static/0123456789ab/vendor/htmx.js")[0] == 404


def test_another_content_has_another_address(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "base.css").write_text("body { margin: 0 }", encoding="utf-8")
    (tmp_path / "notes.md").write_text("nobody's business", encoding="utf-8")
    before = Assets(tmp_path)
    assert list(before.files) == ["css/base.css"]
    (tmp_path / "css" / "base.css").write_text("body { margin: 1px }", encoding="utf-8")
    after = Assets(tmp_path)
    assert before.address != after.address
    assert after.address == Assets(tmp_path).address


def test_what_was_not_made_is_told(tmp_path):
    assets = Assets(tmp_path)
    assert (assets.is_complete, assets.missing, assets.icon_names) == (False, ("vendor/manifest.json",), frozenset())


_AGAIN = "pip install --force-reinstall --no-deps "


@pytest.mark.parametrize(
    ("noted", "source"),
    [
        (None, f"andon=={__version__}"),
        ({"url": "file:///home/ana/an%20don", "dir_info": {}}, "file:///home/ana/an%20don"),
        ({"url": "file:///home/ana/andon (2)", "dir_info": {}}, "'file:///home/ana/andon (2)'"),
        (
            {"url": "https://host/andon.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            "git+https://host/andon.git@c0ffee",
        ),
    ],
)
def test_it_is_installed_again_from_where_it_came(tmp_path, noted, source):
    known = tmp_path / "site" / f"andon-{__version__}.dist-info"
    known.mkdir(parents=True)
    (known / "METADATA").write_text(f"Metadata-Version: 2.4\nName: andon\nVersion: {__version__}\n", encoding="utf-8")
    if noted is not None:
        (known / "direct_url.json").write_text(json.dumps(noted), encoding="utf-8")
    assert how_to_make(tmp_path / "site" / "andon") == _AGAIN + source


def test_a_file_that_was_changed_or_went_is_missing(tmp_path):
    (tmp_path / "vendor").mkdir()
    for name in ("manifest.json", "icons.svg", "plot.js"):
        (tmp_path / "vendor" / name).write_bytes((STATIC / "vendor" / name).read_bytes())
    (tmp_path / "vendor" / "plot.js").write_text("changed", encoding="utf-8")
    missing = Assets(tmp_path).missing
    assert "vendor/icons.svg" not in missing
    assert {"vendor/plot.js", "vendor/htmx.js"} < set(missing)


def test_the_package_has_all_its_files():
    assert _ASSETS.is_complete, f"{_ASSETS.missing}: run {how_to_make()}"
    assert "search" in _ASSETS.icon_names
    assert how_to_make().endswith(" pages")

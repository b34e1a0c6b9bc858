"""A path that a row names is no path of the storage unless it is written as the storage lists it, and lies in it."""

from __future__ import annotations

import pytest

from andon.errors import MachineError
from andon.lake.local_storage import LocalStorage
from andon.lake.stored_paths import files_there, normal, require_inside


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data/m/a.parquet", "data/m/a.parquet"),
        ("data/m/../n/a.parquet", "data/n/a.parquet"),
        ("data//m/./a.parquet", "data/m/a.parquet"),
        ("data/../../outside", None),
        ("../data/a", None),
        ("/data/a", None),
        ("iceberg/a", None),
        ("data", None),
        ("", None),
    ],
)
def test_one_path_has_one_form(path, found):
    assert normal(path) == found


def test_what_lies_elsewhere_is_refused_and_no_link_is_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.parquet").write_bytes(b"mine")
    storage = LocalStorage(tmp_path / "lake")
    storage.write("data/m/a.parquet", b"a")
    (tmp_path / "lake/data/n").symlink_to(outside)
    assert dict(files_there(storage)) == {"data/m/a.parquet": 1}
    require_inside(storage, ["data/m/a.parquet", "data/m/gone.parquet"])
    for path in ("data/n/mine.parquet", "data/m/../../../outside/mine.parquet", "/etc/passwd", "data/./m/a.parquet"):
        with pytest.raises(MachineError, match="no file of this storage"):
            require_inside(storage, [path])

"""Files that were put together are as they were: what changed of a table is rows, not how they lie in files."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from andon.model.version import DataFile, Version, contents_of
from andon.relations.changed_files import changed_files

NAMES = st.lists(st.sampled_from("abcdefgh"), max_size=8)


def table(names: list[str], cuts: list[int]) -> Version:
    """A version of one file for each name, those between two cuts put together."""
    files = [DataFile(f"data/{name}", 1, name, 1) for name in names]
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < len(names)}), len(names)]
    packed = []
    for start, end in pairwise(bounds):
        some = files[start:end]
        if len(some) > 1:
            together = "".join(f.sha256 for f in some)
            packed.append(
                DataFile(f"data/{together}", 1, f"packed {together}", len(some), {}, tuple(f.sha256 for f in some))
            )
        else:
            packed += some
    return Version("v", "shop.orders", (), tuple(packed))


@given(NAMES, st.lists(st.integers(0, 8)), st.lists(st.integers(0, 8)), NAMES, st.lists(st.integers(0, 8)))
def test_what_was_put_together_did_not_change(names, cuts, others, more, again):
    single = table(names, list(range(9)))
    came = table(more, again).files
    grown = changed_files(single, Version("w", "shop.orders", (), (*table(names, others).files, *came)))
    assert (grown.gone, grown.new, grown.kept) == ((), came, len(names))
    back = changed_files(table(names, cuts), single)
    assert (back.gone, back.new) == ((), ())
    lost = changed_files(Version("w", "shop.orders", (), (*single.files, *came)), single)
    assert sorted(content for file in lost.gone for content in contents_of(file)) == sorted(more)

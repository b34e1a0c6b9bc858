"""Laws of the folder merge: whatever base, head and folder are, nothing is lost without a word."""

from hypothesis import given
from hypothesis import strategies as st

from andon.model.commit import Cause
from andon.project.folder.merge import Newer, merge, next_base, rejected_by_path
from andon.project.folder.text_merge import merge_texts

paths = st.sampled_from(["a.sql", "b.sql", "c.sql", "d.sql"])
contents = st.sampled_from(["1", "2", "3"])
trees = st.dictionaries(paths, contents)
causes = st.sets(st.builds(Cause, paths, st.one_of(st.none(), contents)))


def run(base, head, folder, rejected=(), **options):
    return merge(base, head, folder, rejected=rejected_by_path(tuple(rejected)), **options)


@given(trees, trees)
def test_a_folder_without_changes_takes_the_head(base, head):
    assert run(base, head, base).files == head


@given(trees, trees)
def test_an_unmoved_head_takes_the_folder(base, folder):
    assert run(base, base, folder).files == folder


@given(st.one_of(st.none(), trees), trees)
def test_equal_sides_never_conflict(base, tree):
    merged = run(base, tree, tree)
    assert merged.files == tree
    assert merged.conflicts == ()


@given(trees, trees)
def test_without_a_base_nothing_is_dropped_and_what_differs_is_to_be_decided(head, folder):
    differ = {p for p in head.keys() & folder.keys() if head[p] != folder[p]}
    merged = run(None, head, folder)
    assert set(merged.conflicts) == differ
    assert merged.files == {**folder, **head}
    assert run(None, head, folder, drop=True).files.keys() == folder.keys()


@given(st.one_of(st.none(), trees), trees, trees, st.sampled_from(list(Newer)))
def test_what_git_knows_goes_before_what_the_base_says_unless_that_is_for_the_head(base, head, folder, newer):
    asked = []
    merged = run(base, head, folder, history=lambda paths: asked.extend(paths) or dict.fromkeys(paths, newer))
    assert not any(folder.get(p) == head.get(p) for p in asked)
    for path in asked:
        chosen = {Newer.MINE: folder, Newer.THEIRS: head, Newer.BOTH: head}[newer].get(path)
        assert merged.files.get(path) == chosen
    assert set(merged.conflicts) == (set(asked) if newer is Newer.BOTH else set())


@given(st.one_of(st.none(), trees), trees, trees, st.sampled_from([Newer.MINE, Newer.THEIRS]))
def test_what_somebody_decides_ends_every_conflict_and_changes_nothing_else(base, head, folder, side):
    before = run(base, head, folder)
    merged = run(base, head, folder, decide=lambda _: side)
    assert not merged.conflicts
    assert merged.decided == before.conflicts
    assert merged.taken == (before.conflicts if side is Newer.THEIRS else ())
    for path in {*head, *folder}:
        expected = (
            (folder if side is Newer.MINE else head).get(path) if path in merged.decided else before.files.get(path)
        )
        assert merged.files.get(path) == expected


@given(trees, trees, trees)
def test_a_conflict_is_where_both_changed_differently(base, head, folder):
    conflicts = {
        p
        for p in {*base, *head, *folder}
        if head.get(p) != base.get(p) and folder.get(p) != base.get(p) and head.get(p) != folder.get(p)
    }
    assert set(run(base, head, folder).conflicts) == conflicts


@given(st.one_of(st.none(), trees), trees, trees, causes)
def test_what_was_rejected_never_comes_back_by_itself(base, head, folder, rejected):
    merged = run(base, head, folder, rejected)
    for cause in rejected:
        if head.get(cause.path) != cause.content:
            assert merged.files.get(cause.path) != cause.content


@given(trees, trees)
def test_after_an_undo_the_undone_folder_keeps_the_head_and_a_new_edit_passes(head, published):
    """The folder published `published`, an undo brought the head back; base and folder still hold `published`."""
    rejected = {Cause(p, published.get(p)) for p in {*head, *published} if head.get(p) != published.get(p)}
    base = {**dict.fromkeys(head), **published}
    merged = run(base, head, published, rejected, unmoved=lambda _: True)
    assert merged.files == head
    assert merged.conflicts == ()
    edited = {**published, "a.sql": "new"}
    after = run(base, head, edited, rejected, unmoved=lambda _: True)
    assert after.conflicts == ()
    assert after.files == {**head, "a.sql": "new"}


@given(trees, trees, trees)
def test_an_undo_counts_as_no_change_of_the_head(head, published, folder):
    """What an undo took back and nothing keeps out is pending: the folder wins as over a head that never moved."""
    base = {**dict.fromkeys(head), **published}
    merged = run(base, head, folder, unmoved=lambda _: True)
    assert merged.files == folder
    assert merged.conflicts == ()


@given(trees, trees, trees)
def test_what_the_folder_never_had_in_common_is_not_deleted_by_it(base, head, folder):
    merged = run(base, head, folder, unmoved=lambda _: True)
    for path in head.keys() - base.keys() - folder.keys():
        assert merged.files[path] == head[path]


@given(st.one_of(st.none(), trees), trees, trees)
def test_the_next_base_is_what_both_have(base, head, folder):
    after = next_base(base, head, folder)
    for path in {*head, *folder}:
        if head.get(path) == folder.get(path):
            assert after[path] == head[path]
        else:
            assert after.get(path) == (base or {}).get(path)
    for path in (base or {}).keys() - head.keys() - folder.keys():
        assert after[path] is None


lines = st.lists(st.sampled_from([b"one\n", b"two\n", b"three\n", b"four\n"]), max_size=6).map(b"".join)


@given(lines, lines)
def test_a_text_that_one_side_changed_is_that_sides(base, changed):
    assert merge_texts(base, base, changed) == (changed, True)
    assert merge_texts(base, changed, base) == (changed, True)
    assert merge_texts(base, changed, changed) == (changed, True)


@given(lines, lines, lines)
def test_a_merge_in_doubt_shows_markers(base, ours, theirs):
    merged, clean = merge_texts(base, ours, theirs)
    assert clean == (b"<<<<<<<" not in merged)


def test_edits_in_different_places_both_pass():
    base = b"select\n  a,\n  b\nfrom t\nwhere x\n"
    ours = base.replace(b"  a,", b"  a, c,")
    theirs = base.replace(b"where x", b"where y")
    assert merge_texts(base, ours, theirs) == (b"select\n  a, c,\n  b\nfrom t\nwhere y\n", True)

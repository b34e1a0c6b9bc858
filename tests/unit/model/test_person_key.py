"""A person is the same however the name is written."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from andon.model.letter import person_key
from andon.runs.planning.owners import is_owner


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
@example("Zoë", "NFD")
def test_an_owner_is_who_acts_under_that_name_however_it_is_typed(name, form):
    written = unicodedata.normalize(form, f" {name} ")
    assert is_owner(written, unicodedata.normalize("NFC", name))
    assert person_key(written) == person_key(unicodedata.normalize("NFC", name))
    assert not is_owner(written, f"{name}x")

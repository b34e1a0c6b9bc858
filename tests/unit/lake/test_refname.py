from datetime import UTC, datetime

import pytest

from andon.errors import UsageError
from andon.lake.refname import At, Back, check_new_name, parse_ref


@pytest.mark.parametrize(
    ("text", "base", "steps"),
    [
        ("main", "main", ()),
        ("main~", "main", (Back(1),)),
        ("main~3", "main", (Back(3),)),
        ("fix/orders~2~1", "fix/orders", (Back(2), Back(1))),
        ("run:41", "run:41", ()),
        ("run:41~1", "run:41", (Back(1),)),
        ("0a1b2c3d", "0a1b2c3d", ()),
        ("main@2026-11-01T10:00", "main", (At(datetime(2026, 11, 1, 10, tzinfo=UTC)),)),
        ("main@2026-11-01T10:00+02:00", "main", (At(datetime(2026, 11, 1, 8, tzinfo=UTC)),)),
        ("v1.2", "v1.2", ()),
    ],
)
def test_parses(text, base, steps):
    name = parse_ref(text)
    assert (name.base, name.steps) == (base, steps)


def test_a_date_is_the_end_of_that_day():
    (step,) = parse_ref("main@2026-11-01").steps
    assert step == At(datetime(2026, 11, 1, 23, 59, 59, 999999, tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["", "~1", "main~x", "main@", "main@soon", "a b", "run:", "-x", "main@2026-13-01", "a//b"]
)
def test_refuses(text):
    with pytest.raises(UsageError) as caught:
        parse_ref(text)
    assert caught.value.code == "lake.ref_invalid"
    assert caught.value.hint


@pytest.mark.parametrize("name", ["deadbeef", "a..b", "x.lock", "a~b", "run:3", "", "a b"])
def test_refuses_new_names_that_mean_something_else(name):
    with pytest.raises(UsageError):
        check_new_name(name)

"""What values say of people: found wherever they are such, and never in what merely has digits, dots or names."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.operations.signals.personal_values import personal_kind

LISTS = {"min_size": 5, "max_size": 40, "unique": True}
DIGITS = st.text("0123456789", min_size=1, max_size=20)
#: What clean columns hold.
CLEAN = st.one_of(
    st.lists(st.uuids().map(str), **LISTS),
    st.lists(st.text(string.ascii_letters + " ", min_size=1), **LISTS),
    st.lists(st.dates().map(str), **LISTS),
    st.lists(st.datetimes().map(str), **LISTS),
    st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str), **LISTS),
    st.lists(st.tuples(*[st.integers(0, 30)] * 3).map(lambda v: ".".join(map(str, v))), **LISTS),
    st.lists(st.tuples(*[st.integers(0, 60)] * 4).map(lambda v: ".".join(map(str, v))), **LISTS),
    st.lists(st.from_regex(r"[A-Z]{3}-[0-9]{4,6}", fullmatch=True), **LISTS),
    st.integers(1, 10**15).map(lambda start: [str(start + n) for n in range(30)]),
    st.integers(4 * 10**15, 5 * 10**15).map(lambda start: [str(start + n) for n in range(30)]),
    st.integers(10**8, 10**9 - 40).map(lambda start: [str(start + n) for n in range(30)]),
    st.integers(10**10, 10**11 - 40).map(lambda start: [str(start + n) for n in range(30)]),
)


def luhn(body: str) -> str:
    doubled = [int(each) * (2 if place % 2 == 0 else 1) for place, each in enumerate(reversed(body))]
    return body + str(-sum(each - 9 if each > 9 else each for each in doubled) % 10)


def iban(bank: str) -> str:
    number = int("".join(str(int(each, 36)) for each in bank + "DE00"))
    return f"DE{98 - number % 97:02}{bank}"


PERSONAL = {
    "e-mail addresses": st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@[a-z]{2,9}\.(de|com|org)", fullmatch=True),
    "bank accounts (IBAN)": st.text("0123456789", min_size=18, max_size=18).map(iban),
    "card numbers": st.text("0123456789", min_size=14, max_size=14).map(lambda body: luhn(f"4{body}")),
    "IP addresses": st.one_of(
        st.ip_addresses(v=6).map(str),
        st.tuples(st.integers(100, 255), *[st.integers(0, 255)] * 3).map(lambda v: ".".join(map(str, v))),
    ),
    "national numbers of people": st.tuples(st.integers(1, 665), st.integers(1, 99), st.integers(1, 9999)).map(
        lambda v: f"{v[0]:03}-{v[1]:02}-{v[2]:04}"
    ),
    "phone numbers": st.text("0123456789", min_size=7, max_size=9).map(lambda rest: f"+49 30 {rest}"),
}


@given(CLEAN)
@settings(max_examples=300)
def test_clean_columns_say_nothing(values: list[str]):
    assert personal_kind(values) is None


@given(st.data())
@settings(max_examples=120)
def test_what_is_of_people_is_found_among_a_few_others_and_nulls(data: st.DataObject):
    kind = data.draw(st.sampled_from(sorted(PERSONAL)))
    values = data.draw(st.lists(PERSONAL[kind], min_size=20, max_size=40, unique=True))
    assert personal_kind([*values, None, "", "n/a"]) == kind
    assert personal_kind(values[:4]) is None, "too few to say"


def test_national_numbers_are_told_by_the_digit_that_checks_them():
    known = {
        "DE": ["86095742719", "47036892816", "65929970489", "57549285017", "25768131411"],
        "NL": ["111222333", "123456782", "232262536", "010464554", "192837461"],
        "ES": ["12345678Z", "X1234567L", "00000001R", "87654321X", "11111111H"],
        "GB": ["AB123456C", "CE 12 34 56 D", "JM123456A", "AA123456B", "PR654321C"],
    }
    for country, numbers in known.items():
        assert personal_kind(numbers) == "national numbers of people", country
        wrong = [each[:-2] + ("1" if each[-2] != "1" else "2") + each[-1] for each in numbers]
        if country != "GB":
            assert personal_kind(wrong) is None, country

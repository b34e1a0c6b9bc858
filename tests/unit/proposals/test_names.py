"""What the names of columns say."""

from __future__ import annotations

import pytest

from andon.proposals.names import looks_personal, pattern_of


@pytest.mark.parametrize(
    "name",
    [
        *("email", "e_mail", "customerEmail", "mail_address", "PHONE", "home_telephone", "mobile2"),
        *("first_name", "firstName", "lastname", "full_name", "surname", "birthDate", "date_of_birth", "birthplace"),
        *("street", "address_line_2", "addressLine1", "ip", "ipAddress", "iban", "tax_id", "passport_no"),
    ],
)
def test_what_tells_about_a_person(name):
    assert looks_personal(name)


@pytest.mark.parametrize(
    "name", ["id", "order_id", "name", "product_name", "zip", "shipped_at", "tax", "script", "mailbox"]
)
def test_what_does_not(name):
    assert not looks_personal(name)


def test_the_pattern_of_a_name_is_found_by_its_words():
    assert pattern_of("customerEmail") == "email"
    assert pattern_of("ship_country") == "country"
    assert pattern_of("chip") is None

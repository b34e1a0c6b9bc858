"""Named patterns of `a is NAME`: each a predicate over a text. NULL gives NULL, which passes."""

from __future__ import annotations

from andon.base.names import literal

_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF "
    "CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH "
    "GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW "
    "KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG "
    "NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN "
    "SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT "
    "ZA ZM ZW"
)
_CURRENCIES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP "
    "CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR "
    "ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD "
    "SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR "
    "ZMW ZWG"
)
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_H = "[0-9a-fA-F]{1,4}"
_IPV6 = "|".join(
    [f"({_H}:){{7}}{_H}", f"({_H}:){{1,7}}:", "::"]
    + [f"({_H}:){{1,{7 - n}}}(:{_H}){{1,{n}}}" for n in range(1, 7)]
    + [f":(:{_H}){{1,7}}", f"::([fF]{{4}}:)?{_IPV4}"]
)

#: Patterns that one regular expression decides.
REGEXES: dict[str, str] = {
    "email": r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+",
    "uuid": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "url": r"[Hh][Tt][Tt][Pp][Ss]?://[^\s/$.?#][^\s]*",
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "ip": f"{_IPV4}|{_IPV6}",
    "phone": r"\+?[0-9]([ ./()-]{0,2}[0-9]){5,14}|\(?[0-9]([ ./()-]{0,2}[0-9]){5,14}",
    "slug": r"[a-z0-9]+(-[a-z0-9]+)*",
    "hex": r"[0-9a-fA-F]+",
    "digits": r"[0-9]+",
}

#: What each pattern accepts, with a text that is of it and one that is not.
MEANINGS: dict[str, tuple[str, str, str]] = {
    "country": ("a code of two capital letters of ISO 3166-1", "DE", "XX"),
    "currency": ("a code of three capital letters of ISO 4217", "EUR", "EURO"),
    "date": ("a day that exists, as `YYYY-MM-DD`", "2024-02-29", "2023-02-29"),
    "digits": ("digits only", "0042", "4.2"),
    "email": ("an address with a domain of two parts or more", "ana@shop.example", "ana@shop"),
    "hex": ("hexadecimal digits only", "00ff", "0x1f"),
    "iban": (
        "an account number without blanks, its check digits right",
        "DE89370400440532013000",
        "DE88370400440532013000",
    ),
    "ip": ("an IPv4 or IPv6 address", "10.0.0.1", "10.0.0"),
    "ipv4": ("four numbers up to 255 without leading zeros", "192.168.0.1", "192.168.0.256"),
    "ipv6": ("an IPv6 address, also shortened", "2001:db8::1", "2001:db8::1::2"),
    "luhn": (
        "a number, blanks and hyphens allowed, whose Luhn digit is right",
        "4111 1111 1111 1111",
        "4111 1111 1111 1112",
    ),
    "phone": ("6 to 15 digits with the usual marks between them", "+49 (30) 901820", "+49 30 call"),
    "slug": ("small letters and digits, parted by single hyphens", "summer-sale-2", "Summer--sale"),
    "url": ("an address with http or https", "https://shop.example/a?b=1", "shop.example"),
    "uuid": ("a UUID with hyphens", "0b1f6e7a-1c1d-4e4b-9c8e-3f2a9c1d0b1f", "0b1f6e7a1c1d4e4b9c8e3f2a9c1d0b1f"),
}

#: All names that `is` knows without the project's own.
NAMES = tuple(sorted({*REGEXES, "iban", "luhn", "date", "country", "currency"}))


def predicate(name: str, value: str) -> str:
    """SQL that is true for texts of the pattern: `value` is an SQL expression of type VARCHAR.

    Raises:
        KeyError: for a name that is not among `NAMES`.
    """
    match name:
        case "country":
            return f"{value} in ({_quoted(_COUNTRIES)})"
        case "currency":
            return f"{value} in ({_quoted(_CURRENCIES)})"
        case "date":
            day = f"regexp_full_match({value}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
            return f"({day} and (try_cast({value} as date) is not null or {value} is null))"
        case "iban":
            return f"(regexp_full_match({value}, '[A-Z]{{2}}[0-9]{{2}}[A-Z0-9]{{11,30}}') and {_iban(value)})"
        case "luhn":
            return f"(regexp_full_match({value}, '[0-9]([ -]?[0-9])+') and {_luhn(value)})"
    return f"regexp_full_match({value}, {literal(REGEXES[name])})"


def _quoted(names: str) -> str:
    return ", ".join(literal(name) for name in names.split())


def _iban(value: str) -> str:
    """ISO 13616: the first four characters moved to the end, letters as 10 to 35, the whole modulo 97 is 1."""
    turned = f"substr({value}, 5) || substr({value}, 1, 4)"
    digit = "case when c between '0' and '9' then ascii(c) - 48 else ascii(c) - 55 end"
    values = f"list_transform(string_split({turned}, ''), lambda c: ({digit})::bigint)"
    step = "lambda r, d: (r * case when d > 9 then 100 else 10 end + d) % 97"
    return f"list_reduce(list_prepend(0::bigint, {values}), {step}) = 1"


def _luhn(value: str) -> str:
    """Every second digit from the right is doubled (its digits added); the sum divides by 10."""
    digits = f"string_split(reverse(regexp_replace({value}, '[^0-9]', '', 'g')), '')"
    number = "coalesce(try_cast(c as bigint), 0)"
    doubled = f"case when i % 2 = 1 then {number} when {number} > 4 then {number} * 2 - 9 else {number} * 2 end"
    return f"list_sum(list_transform({digits}, lambda c, i: {doubled})) % 10 = 0"

"""A contract that is written says all that its dataset says; whatever is read, nothing but an AndonError comes of it."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.checks.language.parse import parse_check
from andon.contracts.known import KnownDatasets
from andon.contracts.merge import carry
from andon.contracts.odcs.export import Published, contract_of
from andon.contracts.odcs.words import OPERATORS
from andon.contracts.reading import read_contract
from andon.contracts.standing import standing_of
from andon.contracts.writing import yaml_of
from andon.errors import AndonError
from andon.model.check import Check
from andon.model.dataset import CheckLine, ColumnSpec, Dataset, Definition, Kind, Materialize
from andon.model.standing import Caveat, Certification, Deprecation, Handling
from andon.project.add_settings import NewSettings, add_settings
from andon.project.files.front_matter import read_front_matter

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TYPES = (
    ("id", "BIGINT"),
    ("code", "VARCHAR"),
    ("Amount", "DECIMAL(18,2)"),
    ("order", "VARCHAR"),
    ("seen_at", "TIMESTAMP WITH TIME ZONE"),
    ("parts", "STRUCT(a BIGINT, b VARCHAR[])[]"),
)
FORMS = """
not null id
not null code, "order"
key id
key id, code
unique code
unique id, code
id -> shop.others
code -> shop.others.name
(id, code) -> shop.others (id, name)
code in a, 'b c', 3
id in 1, 2
code not in x
Amount 0..1_000.5
Amount > 0
seen_at 2020-01-01..
"order" is email
code matches '[A-Z]{3}|x'
Amount = id * 2 +- 1%
rows 1_000..
rows = 12
rows 0.5..3
sum(Amount) > 0
avg(Amount) 1..2
share(code is null) < 5%
distinct(code) <> 3
sum(Amount) = sum(shop.others.amount) +- 0.1%
rows >= 90% of published
lost keys = 0
max_age 26h by seen_at
max_age 30 min by seen_at
schema exact
schema add, widen ok
watch rows
length(code) 2..3
code like '%''x"%'
""".strip().split("\n")
WORDS = st.text(st.sampled_from(string.ascii_letters + " .,:'`#-{}[]&*!|>%@é€0123456789\\"), min_size=1, max_size=30)
TEXT = WORDS.map(str.strip).filter(bool)
LONG = st.lists(TEXT, min_size=1, max_size=3).map("\n".join)
NAMES = st.sampled_from(["", "", "one: ", "two: ", "three: "])
REFRESH = st.dictionaries(
    st.sampled_from(["max_age", "every"]), st.sampled_from(["6h", "30 min", "2d", "1w", "3 mo"]), max_size=2
) | st.sampled_from(
    [{"cron": "0 6 * * 1-5", "tz": "Europe/Berlin"}, {"manual": "true"}, {"when": "select max(id) from x.y"}]
)


def checked(text: str, key: tuple[str, ...] = ("id",)) -> Check | None:
    found = parse_check(text, dataset="shop.orders", columns=TYPES, key=key)
    return found if isinstance(found, Check) else None


@st.composite
def lines(draw: st.DrawFn) -> str:
    text = draw(NAMES) + draw(st.sampled_from(FORMS))
    for more in (" where id > 3", " allow 5%", " allow 7 rows", " quarantine 2%", " warn", " info", ' "so they say"'):
        longer = text + more
        if draw(st.booleans()) and checked(longer) is not None:
            text = longer
    return text


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    found: list[str] = []
    names: set[str] = set()
    ids: set[str] = set()
    key = draw(st.sampled_from([(), ("id",), ("code", "id")]))
    for text in draw(st.lists(lines(), max_size=8)):
        check = checked(text, key)  # some need a key
        if check is not None and check.id not in ids and check.name not in names:
            found.append(text)
            ids.add(check.id)
            names |= {check.name} if check.name else set()
    columns = [
        ColumnSpec(
            name,
            draw(st.none() | LONG),
            draw(st.none() | st.just(kind)),
            (">= 0",) if name == "Amount" and draw(st.booleans()) else (),
            pii=draw(st.booleans()),
        )
        for name, kind in TYPES
    ]
    columns = [c for c in columns if c.description or c.type or c.pii or c.checks]
    declared = [CheckLine(text, "x.sql", 1) for text in found]
    declared += [CheckLine(text, "x.sql", 1, 1, c.name) for c in columns for text in c.checks]
    return Dataset(
        Definition("shop.orders", Kind.SQL, Materialize.TABLE, "datasets/shop/orders.sql", "m", key=key),
        draw(st.none() | LONG),
        draw(st.none() | TEXT),
        tuple(draw(st.lists(TEXT, max_size=3, unique=True))),
        tuple(columns),
        tuple(declared),
        tuple(
            Caveat(
                str(at), text, draw(st.sampled_from([(), ("id", "code")])), draw(st.sampled_from([None, "2026-01-31"]))
            )
            for at, text in enumerate(draw(st.lists(LONG, max_size=2, unique=True)))
        ),
        refresh=tuple(draw(REFRESH).items()),
        handles=draw(st.sampled_from([(), (Handling("shop.others/x", "by hand", 3, 4), Handling("y", "not"))])),
        deprecated=draw(
            st.none() | st.builds(Deprecation, st.just("shop.new"), st.just("2027-01-31"), st.none() | TEXT, st.just(7))
        ),
        certified=draw(st.none() | st.builds(Certification, TEXT, st.none() | st.just("2026-01-31"))),
    )


@QUICK
@given(datasets())
def test_what_is_written_is_read_again(dataset: Dataset):
    """Lines, types, keys, owner, descriptions, tags, caveats, refresh: read into a dataset that says nothing, and into itself."""
    contract = contract_of(Published(dataset, TYPES, {"shop.others": ("id",)}))
    known = KnownDatasets({"shop.orders": TYPES, "shop.others": None}, {"shop.orders": (), "shop.others": ("id",)})
    found = read_contract(yaml_of(contract), "x.yaml", known)
    (foreign,) = found.datasets
    bare = Dataset(Definition("shop.orders", Kind.SQL, Materialize.TABLE, "datasets/shop/orders.sql", "m"))
    types = known.columns("shop.orders")
    judge = lambda texts: [  # noqa: E731
        parse_check(text, dataset="shop.orders", columns=TYPES, key=dataset.definition.key) for text in texts
    ]
    carried = carry("x.yaml", foreign, bare, types, judge, [])
    # what is somebody's word is told, and taken over by hand; nothing else is left out
    assert {one.what.partition(":")[0] for one in carried.left} == standing_of(dataset).keys()
    assert found.left == ()
    assert contract["status"] == ("active" if dataset.deprecated is None else "deprecated")
    new = carried.new
    assert (new.description, new.owner, new.tags) == (dataset.description, dataset.owner, dataset.tags)
    assert (new.caveats, new.refresh, new.key) == (
        tuple(c.text for c in dataset.caveats),
        dataset.refresh,
        dataset.definition.key,
    )
    assert {(c.name, c.description, c.type, c.pii) for c in new.columns} == {
        (c.name, c.description, c.type, c.pii) for c in dataset.columns if c.description or c.type or c.pii
    }
    own = [f"{c.for_column} {c.text}" if c.for_column else c.text for c in dataset.checks]
    assert sorted(new.checks) == sorted(own)
    again = carry(
        "x.yaml",
        foreign,
        dataset,
        types,
        judge,
        [c for text in own if (c := checked(text, dataset.definition.key)) is not None],
    )
    assert (again.new, again.left) == (NewSettings(), ())
    # and what is written into a file says just that
    text = add_settings("datasets/shop/orders.sql", "-- ours\nselect 1 as id\n", new)
    declared = read_front_matter(text, "datasets/shop/orders.sql")
    assert declared.flaws == ()
    assert declared.get("description") == dataset.description
    assert sorted(check.text for check in declared.get("checks", ())) == sorted(own)
    assert text.endswith("-- ours\nselect 1 as id\n")


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-9, 10**6)
    | st.floats(allow_nan=False)
    | TEXT
    | st.sampled_from(["{{ x }}", "ref('a')", "id"])
)
_WORDS = (
    "name columns tests data_tests models sources tables config meta tags description version severity where error_if warn_if values"
    " arguments not_null unique accepted_values relationships to field freshness error_after count period loaded_at_field contract"
    " enforced constraints type apiVersion kind id status schema properties quality metric rule mustBe mustBeBetween unit team members"
    " role username slaProperties property value element required primaryKey primaryKeyPosition logicalType physicalType"
    " logicalTypeOptions minimum pattern relationships from enum customProperties classification implementation engine dbt_utils.recency"
    " dbt_utils.accepted_range min_value"
)
KEYS = st.sampled_from(_WORDS.split())
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)
KNOWN = KnownDatasets({"shop.orders": TYPES, "shop.id": None}, {})


@QUICK
@given(
    st.dictionaries(KEYS, TREES, min_size=1, max_size=5),
    st.sampled_from(["models", "schema", ""]),
    st.sampled_from([None, "shop", "shop.orders", "a.b.c", "X"]),
)
def test_whatever_is_read_raises_nothing_but_what_is_told(tree: dict[str, Any], kind: str, name: str | None):
    if kind == "models":
        tree = {"models": [{"name": "orders", **{k: v for k, v in tree.items() if k != "name"}}]}
    elif kind == "schema":
        head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "1", "version": "1", "status": "x"}
        tree = {
            **head,
            "schema": [
                {"name": "orders", "properties": [{"name": "id", **{k: v for k, v in tree.items() if k != "name"}}]}
            ],
        }
    try:
        found = read_contract(yaml_of(tree), "x.yaml", KnownDatasets(KNOWN.types, {}, name))
    except AndonError:
        return
    assert all(one.line > 0 and one.why for one in found.left)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e400", "9" * 400, "'9" + "9" * 4999 + "'", "1e-400", ".nan"])
def test_a_number_beyond_all_is_read_or_told(number: str):
    """No float, no int, no text of an int: wherever a number may stand."""
    head = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: '1'\nstatus: active\n"
    column = "schema:\n- name: orders\n  properties:\n  - {{name: id, {}}}\n"
    places = [
        *(f"quality: [{{metric: nullValues, {sign}: {number}}}]" for sign in OPERATORS),
        *(f"quality: [{{metric: rowCount, {sign}: [{number}, 5]}}]" for sign in OPERATORS),
        *(f"logicalTypeOptions: {{{name}: {number}}}" for name in ("minLength", "maxLength", "minimum", "maximum")),
        f"primaryKey: true, primaryKeyPosition: {number}",
        f"physicalType: 'decimal({number.strip(chr(39))},2)'",
    ]
    texts = [head + column.format(place) for place in places]
    for unit in ("d", "s", "q", "y"):
        level = f"{{property: latency, value: {number}, unit: {unit}, element: orders}}"
        texts.append(f"{head}slaProperties: [{level}]\nschema:\n- name: orders\n")
    limit = f"{{not_null: {{config: {{error_if: '>{number.strip(chr(39))}'}}}}}}"
    texts.append(f"version: 2\nmodels:\n- name: orders\n  columns:\n  - {{name: id, tests: [{limit}]}}\n")
    for text in texts:
        try:
            found = read_contract(text, "x.yaml", KNOWN)
        except AndonError:
            continue
        assert len(found.datasets) == 1


@QUICK
@given(st.text(st.sampled_from(string.printable + "é\x00\x85"), max_size=200))
def test_no_text_makes_it_raise_anything_else(text: str):
    for whole in (text, f"models:\n  - name: orders\n    columns: {text}", f"apiVersion: v3.1.0\n{text}"):
        try:
            read_contract(whole, "x.yaml", KNOWN)
        except AndonError:
            continue

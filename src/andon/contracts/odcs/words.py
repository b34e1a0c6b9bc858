"""Words of the Open Data Contract Standard that both ways share: what is read is by these tables, and the reference is made of them."""

from __future__ import annotations

#: The version that is written, and those that are read.
WRITTEN = "v3.1.0"
READ = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")

#: Properties of our own, for what the standard has no word for.
CHECK = "andon.check"
CAVEATS = "andon.caveats"
#: Which columns a caveat is about, and since when: written, and told when it is read, unless the project says the same.
CAVEAT_DETAILS = "andon.caveat_details"
#: That it ends, who vouches for it, which inherited caveats it deals with: as that.
DEPRECATED = "andon.deprecated"
CERTIFIED = "andon.certified"
HANDLES = "andon.handles"
REFRESH = "andon.refresh"
TYPES = "andon.types"
DATASET = "andon.dataset"
KIND = "andon.kind"
MATERIALIZE = "andon.materialize"
STANDING = (CAVEAT_DETAILS, DEPRECATED, CERTIFIED, HANDLES)
ENGINE = "andon"

#: Measures of the library by the names that 3.1 and later (`metric`), and 3.0 (`rule`), have for them.
METRICS = {
    "nullValues": "nulls",
    "nullCheck": "nulls",
    "nullCount": "nulls",
    "missingValues": "missing",
    "missingCount": "missing",
    "invalidValues": "invalid",
    "invalidCount": "invalid",
    "validValues": "invalid",
    "duplicateValues": "duplicates",
    "duplicateCount": "duplicates",
    "uniqueCheck": "duplicates",
    "rowCount": "rows",
    "countCheck": "rows",
}

#: Operators, with the sign that stands for each.
OPERATORS = {
    "mustBe": "=",
    "mustNotBe": "<>",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
    "mustBeBetween": "..",
    "mustNotBeBetween": "not ..",
}
BY_SIGN = {sign: name for name, sign in OPERATORS.items()}

#: What severities are called, and what each comes to.
SEVERITIES = {
    **dict.fromkeys(("error", "hold", "critical", "fatal", "high", "blocker", "major"), ""),
    **dict.fromkeys(("warning", "warn", "medium", "moderate", "minor"), "warn"),
    **dict.fromkeys(("info", "information", "informational", "low", "trivial"), "info"),
}
WRITTEN_SEVERITY = {"hold": "error", "warn": "warning", "info": "info"}

#: Classifications of columns that say something about a person.
PERSONAL = frozenset({"pii", "personal", "personal data", "personal_data", "gdpr"})
WRITTEN_PERSONAL = "personal"

#: Formats of texts that a named pattern knows.
FORMATS = {
    "email": "email",
    "uuid": "uuid",
    "uri": "url",
    "url": "url",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
    "iban": "iban",
    "date": "date",
}

#: Service levels that are a promise of age, and of how often something is refreshed.
AGES = ("latency", "ly", "freshness")
FREQUENCIES = ("frequency", "fy")

#: Measures as check lines, for the reference: what stands in a contract, what it comes to.
SHOWN = (
    ("`required: true`", "`not null id`"),
    ("`unique: true`", "`unique id`"),
    ("`primaryKey: true`, with its position", "`key: id` of the dataset"),
    ("`metric: nullValues`, `mustBe: 0`", "`not null id`"),
    ("`metric: nullValues`, `mustBeLessOrEqualTo: 5`, `unit: percent`", "`not null id allow 5%`"),
    ("`metric: nullValues`, `mustBeLessThan: 10`", "`not null id allow 9 rows`"),
    (
        "`metric: missingValues`, `arguments: {missingValues: [null, '', 'N/A']}`",
        "`id is not null and id not in ('', 'N/A')`",
    ),
    ("`metric: invalidValues`, `arguments: {validValues: [new, paid]}`", "`status in new, paid`"),
    ("`metric: invalidValues`, `arguments: {pattern: '^[A-Z]{3}$'}`", "`code matches '[A-Z]{3}'`"),
    ("`metric: duplicateValues`, `mustBe: 0`", "`unique id`"),
    ("the same of a schema, `arguments: {properties: [a, b]}`", "`unique a, b`"),
    ("`metric: rowCount`, `mustBeGreaterThan: 100`", "`rows > 100`"),
    ("`metric: rowCount`, `mustBeBetween: [100, 120]`", "`rows 100..120`"),
    ("`type: custom`, `engine: andon`, `implementation: …`", "the line itself"),
    ("`relationships: [{to: customers.id}]`", "`customer_id -> shop.customers.id`"),
    ("`enum: [{value: new}, {value: paid}]` (3.2)", "`status in new, paid`"),
    ("`logicalTypeOptions: {minLength: 2, maxLength: 3}`", "`length(code) 2..3`"),
    ("`logicalTypeOptions: {minimum: 0, maximum: 10}`", "`amount 0..10`"),
    ("`logicalTypeOptions: {pattern: '^[A-Z]+$'}`", "`code matches '[A-Z]+'`"),
    ("`logicalTypeOptions: {format: email}`", "`address is email`"),
    (
        "`slaProperties: [{property: latency, value: 26, unit: h, element: orders.created_at}]`",
        "`max_age 26h by created_at`",
    ),
    ("the same without a column", "`refresh: {max_age: 26h}`"),
    ("`slaProperties: [{property: frequency, value: 1, unit: d}]`", "`refresh: {every: 1d}`"),
)

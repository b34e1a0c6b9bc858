"""Insights: `insights/*.md` (YAML front matter, then Markdown) and `insights/*.yml`, what data serves."""

from __future__ import annotations

import re

from andon.base.names import is_name_part
from andon.base.text import line_and_column
from andon.errors import Problem
from andon.model.insight import Insight, InsightKind, Worth
from andon.project.files.facts import FileFacts, InsightFile, NameUse
from andon.project.files.nodes import FileFlaw, PlacedValue
from andon.project.files.problems import at_place, of_flaws
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec, read_choice, read_day, read_text
from andon.project.files.worth import read_outcomes, read_pin, read_worth
from andon.project.files.yaml_nodes import parse_yaml

_FENCE = re.compile(r"---[ \t]*\r?\n")
_END = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_RUN = re.compile(r"[a-z_][a-z0-9_]*@[1-9][0-9]{0,8}")
_HEADING = re.compile(r"^#[ \t]+(?P<title>.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


def _read_uses(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[NameUse, ...] | None:
    found = reader.texts(known.name, node)
    return None if found is None else tuple(NameUse(text, item.line, item.column) for text, item in found)


def _read_query(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> PlacedValue | None:
    return None if read_text(reader, known, node) is None else node


def _read_evidence(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    """Runs of analyses, `NAME@N`."""
    found = reader.texts(known.name, node)
    for text, item in found or ():
        if not _RUN.fullmatch(text):
            hint = "such as `retention@2`; `andon analysis log` has them"
            reader.wrong(item, f"`{known.name}` must be runs of analyses", f"found `{text}`", hint)
    return None if found is None else tuple(text for text, _ in found if _RUN.fullmatch(text))


#: Keys of an insight's file.
INSIGHT_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "title",
        "text",
        "required; in Markdown the first heading",
        "The question, the decision or the action in one line.",
        read_text,
    ),
    FieldSpec("kind", ", ".join(InsightKind), "question", "What it is.", read_choice, tuple(map(str, InsightKind))),
    FieldSpec("question", "text", "none", "The question in one line; the title where there is none.", read_text),
    FieldSpec("answer", "text", "none", "The answer in one line.", read_text),
    FieldSpec("owner", "text", "none", "Who asks, decides or acts.", read_text),
    FieldSpec(
        "uses",
        "list of datasets, columns or saved queries",
        "what its query reads",
        "What serves it: `marts.revenue`, single columns (`marts.revenue.amount`), saved queries by their name.",
        _read_uses,
    ),
    FieldSpec("query", "SELECT, or name of a saved query", "none", "What answers it.", _read_query),
    FieldSpec("date", "day", "none", "When it was made.", read_day),
    FieldSpec(
        "value",
        "mapping: amount, currency, per, basis, words; or text",
        "none",
        "What it is worth, or that in words.",
        read_worth,
    ),
    FieldSpec("outcomes", "list of mappings: on, what, value", "none", "What came of it.", read_outcomes),
    FieldSpec("review_by", "day", "none", "Until when its value counts unless somebody looks at it again.", read_day),
    FieldSpec("pinned", "mapping: commit, result", "none", "What it was read from.", read_pin),
    FieldSpec(
        "evidence",
        "list of runs of analyses, `name@2`",
        "none",
        "What shows it: runs that `andon analysis run` kept.",
        _read_evidence,
    ),
    FieldSpec("description", "text", "in Markdown the text", "More about it.", read_text),
    FieldSpec("decision", "text", "none", "What is decided, and how often.", read_text),
)
#: Another spelling of a key.
_SAME = {"review-by": "review_by"}


def read_insight(path: str, text: str) -> FileFacts:
    """The facts of an insight's file; its name is the file's. A Markdown file without front matter is only a text."""
    if path.lower().endswith(".md"):
        opening = _FENCE.match(text)
        if opening is None:
            return FileFacts()
        end = _END.search(text, opening.end())
        if end is None:
            flaw = FileFlaw("project.front_matter", "front matter is not closed", 1, 1, "end it with a line `---`")
            return FileFacts(None, tuple(of_flaws(path, text, [flaw])))
        return _facts(path, text, text[opening.end() : end.start()], 2, text[end.end() :])
    return _facts(path, text, text, 1, "")


def _facts(path: str, text: str, yaml: str, first_line: int, body: str) -> FileFacts:
    node, wrong = parse_yaml(yaml, first_line)
    if node is None and wrong:
        return FileFacts(None, tuple(of_flaws(path, text, wrong)))
    if node is None or node.kind != "map":
        found = "nothing" if node is None else node.shown()
        message = f"an insight is a mapping, found {found}"
        flaw = FileFlaw("project.bad_insight", message, first_line, 1, "begin with `title: …`")
        return FileFacts(None, tuple(of_flaws(path, text, [flaw])))
    for other, key in _SAME.items():
        if other in node.value and key not in node.value:
            node.value[key], node.keys[key] = node.value.pop(other), node.keys.pop(other)
    declared = FieldReader(path).read(node, INSIGHT_FIELDS)
    heading = _HEADING.search(body)
    title = declared.get("title") or (heading["title"] if heading else None) or declared.get("question")
    problems = of_flaws(path, text, [*wrong, *declared.flaws])
    if title is None and node.value.keys().isdisjoint(("title", "question")):
        hint = "add `title: …`"
        problems.append(
            at_place(path, text, node.line, node.column, "project.missing_key", "an insight needs a `title`", hint)
        )
    name = path.split("/")[-1].rsplit(".", 1)[0]
    query: PlacedValue | None = declared.get("query")
    read, refused = _reads(path, text, query)
    uses: tuple[NameUse, ...] = (*declared.get("uses", ()), *read)
    said = _insight(name, path, title or name, declared, uses, query, body)
    return FileFacts(InsightFile(said, uses), (*problems, *refused))


def _insight(
    name: str,
    path: str,
    title: str,
    declared: DeclaredFields,
    uses: tuple[NameUse, ...],
    query: PlacedValue | None,
    body: str,
) -> Insight:
    described = declared.get("description") or _HEADING.sub("", body, count=1).strip() or None
    names = tuple(dict.fromkeys(use.name for use in uses))
    return Insight(
        name=name,
        file=path,
        title=declared.get("question") or title,
        kind=InsightKind(declared.get("kind", InsightKind.QUESTION)),
        owner=declared.get("owner"),
        uses=tuple(each for each in names if "." in each),
        queries=tuple(each for each in names if "." not in each),
        query=None if query is None else str(query.value).strip(),
        answer=declared.get("answer"),
        date=declared.get("date"),
        worth=declared.get("value", Worth()),
        outcomes=declared.get("outcomes", ()),
        review_by=declared.get("review_by"),
        pinned=declared.get("pinned"),
        description=described,
        decision=declared.get("decision"),
        evidence=declared.get("evidence", ()),
    )


def _reads(path: str, text: str, query: PlacedValue | None) -> tuple[list[NameUse], list[Problem]]:
    """What a query reads: the datasets of its SQL, or the saved query that it names."""
    if query is None:
        return [], []
    sql = str(query.value).strip()
    if is_name_part(sql):
        return [NameUse(sql, query.line, query.column)], []
    from andon.sql.facts import read_facts
    from andon.sql.rules import refusals

    (facts,) = read_facts([sql])
    wrong = facts.problems or tuple(refusals(facts, role="query", allow=frozenset()))

    def place(offset: int | None) -> tuple[int, int]:
        if query.lines is None or offset is None:
            return query.line, query.column
        line, column = line_and_column(sql, offset)
        return query.lines + line - 1, query.indent + column

    problems = [at_place(path, text, *place(each.offset), each.code, each.message, each.hint) for each in wrong]
    return [NameUse(each.name, *place(each.offset)) for each in facts.tables], problems


def read_plain_yaml(path: str, text: str) -> FileFacts:
    """The facts of a YAML file that a later version gives a meaning: only that it is YAML."""
    _, wrong = parse_yaml(text)
    return FileFacts(None, tuple(of_flaws(path, text, wrong)))

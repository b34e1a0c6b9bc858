"""Insights: `insights/*.yml`, the questions, decisions and actions that data serves."""

from __future__ import annotations

from andon.model.project import Insight
from andon.project.files.facts import FileFacts, InsightFile, NameUse
from andon.project.files.nodes import FileFlaw, PlacedValue
from andon.project.files.problems import of_flaws
from andon.project.files.reading import FieldReader, FieldSpec, read_choice, read_loose_text, read_text
from andon.project.files.yaml_nodes import parse_yaml

_KINDS = ("question", "decision", "action")


def _read_uses(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[NameUse, ...] | None:
    found = reader.texts(known.name, node)
    return None if found is None else tuple(NameUse(text, item.line, item.column) for text, item in found)


#: Keys of an insight's file.
INSIGHT_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("title", "text", "required", "The question, the decision or the action in one line.", read_text),
    FieldSpec("kind", "question, decision or action", "question", "What it is.", read_choice, _KINDS),
    FieldSpec("owner", "text", "none", "Who asks, decides or acts.", read_text),
    FieldSpec(
        "uses",
        "list of datasets or columns",
        "none",
        "The datasets that serve it, or single columns: `marts.revenue.amount`.",
        _read_uses,
    ),
    FieldSpec("description", "text", "none", "More about it.", read_text),
    FieldSpec("decision", "text", "none", "What is decided, and how often.", read_text),
    FieldSpec("value", "text", "none", "What it is worth, in words.", read_loose_text),
)


def read_insight(path: str, text: str) -> FileFacts:
    """The facts of an insight's file; its name is the file's."""
    node, wrong = parse_yaml(text)
    if node is None and wrong:
        return FileFacts(None, tuple(of_flaws(path, text, wrong)))
    if node is None or node.kind != "map":
        found = "nothing" if node is None else node.shown()
        flaw = FileFlaw("project.bad_insight", f"an insight is a mapping, found {found}", 1, 1, "begin with `title: …`")
        return FileFacts(None, tuple(of_flaws(path, text, [flaw])))
    declared = FieldReader(path).read(node, INSIGHT_FIELDS)
    flaws = [*wrong, *declared.flaws]
    if "title" not in node.value:
        flaws.append(
            FileFlaw("project.missing_key", "an insight needs a `title`", node.line, node.column, "add `title: …`")
        )
    name = path.split("/")[-1].rsplit(".", 1)[0]
    uses: tuple[NameUse, ...] = declared.get("uses", ())
    insight = Insight(
        name=name,
        file=path,
        title=declared.get("title", name),
        kind=declared.get("kind", "question"),
        owner=declared.get("owner"),
        uses=tuple(use.name for use in uses),
        description=declared.get("description"),
        decision=declared.get("decision"),
        value=declared.get("value"),
    )
    return FileFacts(InsightFile(insight, uses), tuple(of_flaws(path, text, flaws)))


def read_plain_yaml(path: str, text: str) -> FileFacts:
    """The facts of a YAML file that a later version gives a meaning: only that it is YAML."""
    _, wrong = parse_yaml(text)
    return FileFacts(None, tuple(of_flaws(path, text, wrong)))

"""`glossary.yml`: terms, what they mean, and the columns that hold them."""

from __future__ import annotations

from andon.model.glossary import GlossaryTerm
from andon.project.files.facts import FileFacts, GlossaryFile, NameUse
from andon.project.files.nodes import PlacedValue
from andon.project.files.problems import of_flaws
from andon.project.files.reading import FieldReader, FieldSpec, read_text, read_texts
from andon.project.files.yaml_nodes import parse_yaml


def _read_columns(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[NameUse, ...] | None:
    found = reader.texts(known.name, node)
    return None if found is None else tuple(NameUse(text, item.line, item.column) for text, item in found)


#: Keys of a term, where it is more than its meaning.
TERM_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("meaning", "text", "required", "What it means.", read_text),
    FieldSpec(
        "columns", "list of columns or datasets", "none", "Where it stands: `marts.revenue.amount`.", _read_columns
    ),
    FieldSpec("also", "list of texts", "none", "Other words for the same.", read_texts),
    FieldSpec("owner", "text", "none", "Who says what it means.", read_text),
)


def read_glossary(path: str, text: str) -> FileFacts:
    """The facts of `glossary.yml`: a mapping of terms to their meaning, or to a mapping of `TERM_FIELDS`."""
    root, wrong = parse_yaml(text)
    if root is None:
        return FileFacts(None if wrong else GlossaryFile(()), tuple(of_flaws(path, text, wrong)))
    reader = FieldReader(path)
    if root.kind != "map":
        reader.wrong(
            root, "a glossary is a mapping: term → meaning", f"found {root.shown()}", "`revenue: what we took`"
        )
        return FileFacts(None, tuple(of_flaws(path, text, [*wrong, *reader.flaws])))
    terms: dict[str, GlossaryTerm] = {}
    uses: list[NameUse] = []
    for name, node in root.value.items():
        made = _term(reader, name, node, uses)
        if made is None:
            continue
        for word in (made.term, *made.also):
            if word.casefold() in terms:
                line, column = root.keys[name]
                other = terms[word.casefold()].term
                reader.add("project.bad_value", f"`{word}` is already a word of `{other}`", line, column, "keep one")
            terms.setdefault(word.casefold(), made)
    said = GlossaryFile(tuple(dict.fromkeys(terms.values())), tuple(uses))
    return FileFacts(said, tuple(of_flaws(path, text, [*wrong, *reader.flaws])))


def _term(reader: FieldReader, name: str, node: PlacedValue, uses: list[NameUse]) -> GlossaryTerm | None:
    if node.kind != "map":
        meaning = reader.text(name, node, f"the meaning of `{name}`")
        return GlossaryTerm(name, meaning) if meaning else None
    inner = FieldReader(reader.file)
    said = inner.read(node, TERM_FIELDS).values
    reader.flaws += inner.flaws
    if "meaning" not in node.value:
        reader.wrong(node, f"`{name}` needs a `meaning`", "found none", f"write `{name}: what it means`")
    if "meaning" not in said:
        return None
    columns: tuple[NameUse, ...] = said.get("columns", ())
    uses += columns
    return GlossaryTerm(
        name,
        said["meaning"],
        said.get("also", ()),
        tuple(use.name for use in columns),
        said.get("owner"),
        tuple((use.line, use.column) for use in columns),
    )

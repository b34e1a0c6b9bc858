"""What an offer would write, whole: a dataset or a saved query, settings of datasets, a source. Pure; what is given is all it knows."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, tzinfo

from andon.base.names import is_name_part
from andon.base.record import Record
from andon.model.action import ActionKind
from andon.model.dataset import Definition
from andon.model.playbook import Playbook, PlaybookTrigger
from andon.model.signal import SignalKind
from andon.operations.repeats.repeat import CorrectionRepeat, FileRepeat, QuestionRepeat, RunRepeat, VariedValue
from andon.operations.repeats.titles import listed
from andon.project.files.layout import plain_name
from andon.project.write_playbook import PLAYBOOKS, add_playbook
from andon.project.write_sql import with_settings, yaml_text
from andon.sql.question import FilterValue, QuestionForm, question_form
from andon.sql.regroup import for_all_values, with_parameters

#: Columns with more values than this are no part of a dataset's key: one asks for one of them.
_FEW = 1_000
_TYPES = {"INTEGER": "bigint", "BIGINT": "bigint", "DECIMAL": "double", "DOUBLE": "double", "DATE": "date",
          "BOOLEAN": "boolean", "TIMESTAMP": "timestamp", "HUGEINT": "bigint"}  # fmt: skip


class QuestionDraft(Record):
    """A query that is saved, as a dataset, or as itself where values have to be given.

    Attributes:
        parameters: `name=type=default` of a saved query.
        notes: what became of values that varied.
    """

    name: str
    sql: str
    owner: str
    description: str
    parameters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class FileDraft(Record):
    """Files of the project that would be written, with their texts.

    Attributes:
        left: files that nothing can be written into, and what would have to be.
    """

    files: Mapping[str, str]
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def draft_question(
    one: QuestionRepeat, distinct: Mapping[str, int | None], taken: Collection[str], personal: Collection[str] = ()
) -> QuestionDraft:
    """The dataset that answers a question for all values that it was asked with; a saved query, where that can't be.

    Args:
        distinct: how many values a column has, None where that is not known.
        taken: names that datasets and saved queries have.
        personal: columns whose values are not told.
    """
    form = question_form(one.sql)
    owner, about = one.people[0], _about(one)
    varied = {value.slot for value in one.varied}
    hidden = [f for f in form.filters if f.column in personal and f.slot not in varied] if form is not None else []
    if form is not None and (one.varied or hidden):
        for_all = _for_all(one, form, distinct) if not hidden else None
        if for_all is not None:
            columns = tuple(dict.fromkeys(v.column for v in one.varied))
            name = _free(f"marts.{_stem(one, columns)}", taken)
            note = f"it has the rows of all values of {listed([f'`{c}`' for c in columns])}, which is a column of it"
            more = [column for column in columns if column not in one.parts]
            text = f"{about}, for each {' and '.join(more)}" if more else about
            return QuestionDraft(name, for_all, owner, text, notes=(note,))
        given = (*one.varied, *(VariedValue(f.slot, f.column, f.sign, f.kind, (), False) for f in hidden))
        names = _parameter_names(given)
        sql = with_parameters(one.sql, names, form)
        if sql is not None:
            said = tuple(_parameter(v, names[v.slot], personal) for v in given)
            note = f"what varied is given when it is asked: {listed([f'`{n}`' for n in names.values()])}"
            return QuestionDraft(_free(_stem(one, ()), taken), sql, owner, about, said, (note,))
    notes = ("the values of the last time stay in it",) if one.varied else ()
    return QuestionDraft(_free(f"marts.{_stem(one, ())}", taken), one.sql, owner, about, notes=notes)


def _for_all(one: QuestionRepeat, form: QuestionForm, distinct: Mapping[str, int | None]) -> str | None:
    varied = {v.slot for v in one.varied}
    gone: list[FilterValue] = [f for f in form.filters if f.slot in varied]
    if not (one.is_grouped or one.is_plain) or len(gone) != len(varied):
        return None
    if any((distinct.get(f.column) or _FEW + 1) > _FEW for f in gone):
        return None
    return for_all_values(one.sql, form, gone)


def _about(one: QuestionRepeat) -> str:
    what = listed([_words(name) for name in one.measures]) or "Rows"
    by = f" by {listed([_words(name) for name in one.parts])}" if one.is_grouped and one.parts else ""
    text = f"{what}{by}, from {listed(one.datasets)}"
    return text[:1].upper() + text[1:]


def _words(name: str) -> str:
    return name.replace("_", " ").strip()


def _stem(one: QuestionRepeat, added: tuple[str, ...]) -> str:
    """A name by what it tells: `revenue_by_month_and_region`."""
    short = one.datasets[0].rpartition(".")[2] if one.datasets else "rows"
    what = plain_name(one.measures[0]) if len(one.measures) == 1 else short
    what = short if what in ("rows", "name", "n", "count") else what
    by = [plain_name(name) for name in dict.fromkeys((*(one.parts if one.is_grouped else ()), *added))][:3]
    if not by:
        by = [plain_name(f.column) for f in one.filters[:2]]
    made = f"{what}_by_{'_and_'.join(by)}" if by else f"{what}_asked"
    return made[:60].strip("_") if is_name_part(made[:60].strip("_")) else f"{short}_asked"


def _free(name: str, taken: Collection[str]) -> str:
    made, number = name, 2
    while made in taken:
        made, number = f"{name}_{number}", number + 1
    return made


def _parameter_names(given: Collection[VariedValue]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in given:
        words = {">=": "from", ">": "above", "<=": "to", "<": "below"}
        name = plain_name(value.column)
        alike = [v for v in given if v.column == value.column]
        if len(alike) > 1 and value.sign in words:
            name = f"{name}_{words[value.sign]}"
        found[value.slot] = _free(name, found.values())
    return found


def _parameter(value: VariedValue, name: str, personal: Collection[str]) -> str:
    kind = _TYPES.get(value.kind.upper().partition("(")[0], "varchar")
    newest = value.seen[0][0] if value.seen and len(value.seen[0]) == 1 else None
    is_told = newest is not None and value.column not in personal and not newest.startswith("$")
    return f"{name}={kind}={newest}" if is_told and re.fullmatch(r"[\w .:+-]+", newest or "") else f"{name}={kind}"


class SelectedFile(Record):
    """The file of a dataset that was run by hand, its text, and whether that says itself when the dataset runs."""

    path: str
    text: str
    is_told: bool


def draft_schedule(one: RunRepeat, files: Mapping[str, SelectedFile], toml: str, zone: tzinfo) -> FileDraft:
    """What says when the datasets run that were run by hand: one alone says it itself, several are a group of `andon.toml`.

    What says it itself already would win over a group, so it says it anew.

    Args:
        files: by dataset of the selection.
        toml: the text of `andon.toml`.
        zone: whose clock the times are told by.
    """
    setting = refresh_of(one, zone)
    is_group = len(files) > 1
    made, left = {}, []
    for dataset, file in files.items():
        if is_group and not file.is_told:
            continue
        if file.path.endswith(".sql"):
            made[file.path] = with_settings(file.path, file.text, {"refresh": setting})
        elif is_group or file.is_told:
            left.append(f"`{file.path}` is written by hand: `refresh: {setting}` for {dataset}")
        else:
            is_group = True
    if is_group and len(left) < len(files):
        made[_TOML] = _with_group(one, sorted(files), toml, zone)
    note = f"from then on it runs {one.rhythm.words}" if one.rhythm.cron else _AGE
    return FileDraft(made, (note,), tuple(left))


_TOML = "andon.toml"


def _with_group(one: RunRepeat, datasets: Collection[str], toml: str, zone: tzinfo) -> str:
    """`andon.toml` with a group more, as the last table; all else stays as it is."""
    terms = [term.strip("+@") for term in one.selection] or sorted(datasets)
    stem = plain_name("_".join(re.findall(r"[a-zA-Z0-9]+", terms[0]))) if len(terms) == 1 else "by_hand"
    taken = {name.strip("\"' ") for name in re.findall(r"^[ \t]*\[\s*schedules\s*\.([^\]]+)\]", toml, re.MULTILINE)}
    lines = [f"[schedules.{_free(stem, taken)}]", f"select = {json.dumps(terms, ensure_ascii=False)}"]
    if one.rhythm.cron is None:
        lines.append(f'max_age = "{_days(one)}d"')
    else:
        lines.append(f"cron = {json.dumps(one.rhythm.cron)}")
        lines += [] if zone is UTC else [f"tz = {json.dumps(str(zone))}"]
    return toml.rstrip("\n") + ("\n\n" if toml.strip() else "") + "\n".join(lines) + "\n"


def _days(one: RunRepeat) -> int:
    return max(round(one.rhythm.every), 1)


_AGE = "people ran it at no certain times: from then on it is never older than it mostly was when they did"


def refresh_of(one: RunRepeat, zone: tzinfo) -> str:
    """When it runs, as YAML: at the times at which people ran it, or by how old they let it become."""
    if one.rhythm.cron is None:
        return f"{{max_age: {_days(one)}d}}"
    tz = "" if zone is UTC else f", tz: {yaml_text(str(zone))}"
    return f'{{cron: "{one.rhythm.cron}"{tz}}}'


def draft_source(
    one: FileRepeat, newest: Definition, text: str, taken: Collection[str], called: str | None = None
) -> FileDraft:
    """One source that reads all of them: the newest one's file with a pattern in place of its own.

    Args:
        taken: names that datasets have.
        called: its name, if it was chosen.
    """
    schema = one.datasets[-1].partition(".")[0]
    folder, _, file = one.pattern.rpartition("/")
    stems = (re.sub(r"\*+", "", part.partition(".")[0]).strip("_.-") for part in (file, folder.rpartition("/")[2]))
    stem = next(filter(None, stems), "files")
    name = called or _free(f"{schema}.{plain_name(stem)}", taken)
    path = f"sources/{name.replace('.', '/')}.sql"
    made = text.replace(newest.reads[0].patterns[0], one.pattern)
    made = with_settings(path, made, {"description": yaml_text(f"All that comes as {one.pattern}")})
    retired = " ".join(one.datasets)
    note = f"when nothing reads the {len(one.datasets)} sources any more, `andon retire {retired}` takes them away"
    return FileDraft({path: made}, (note,))


def draft_playbook(one: CorrectionRepeat, text: str | None) -> FileDraft:
    """`playbooks.yml` with a playbook that does what people did.

    Args:
        text: of the file; None where there is none.
    """
    playbook = Playbook(
        PlaybookTrigger(kind=(SignalKind(one.kind),), dataset=(one.dataset,)),
        ActionKind(one.action),
        params={key: json.loads(value) for key, value in one.params.items()},
        name=f"{one.action} {one.dataset} when {one.kind}",
        why=f"It helped {one.times} times by hand; it {one.replay.words}",
    )
    note = "it acts, and asks a person to look; after three times that were right it is automatic"
    return FileDraft({PLAYBOOKS: add_playbook(text, playbook)}, (note,))

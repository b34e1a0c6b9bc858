"""Places of code by which two runs may differ, found before they do."""

from __future__ import annotations

from andon.base.document import Document


class LintFinding(Document):
    """A place of code by which two runs over the same inputs may differ.

    Attributes:
        dataset: whose code it is; of macros the first that calls it.
        what: the call, or the words.
        file, line: where it stands.
        why: in a sentence.
        exact: the form that is exact.
        wide: whether it differs only where several threads work on it, as they do here.
        silenced: the reason that `-- exact:` beside it gives; null where none does.
    """

    dataset: str
    what: str
    file: str
    line: int
    why: str
    exact: str
    wide: bool = False
    silenced: str | None = None


class LintDocument(Document):
    """What a project's code leaves open, by file and line.

    Attributes:
        read: how many datasets were read.
        findings: silenced ones only where they are asked for.
        silenced: how many are silenced.
        unread: sources in Python, which are not read: what they load is kept.
    """

    read: int
    findings: list[LintFinding]
    silenced: int
    unread: list[str]

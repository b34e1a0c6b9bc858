"""A proposed line: a check that nobody declared, with what speaks for it. It was run on the present version and on earlier ones."""

from __future__ import annotations

from andon.base.document import Document


class ProposedLine(Document):
    """One line for the checks of a dataset.

    Attributes:
        dataset: whose.
        line: the line of the check language.
        columns: the columns that it is about.
        rule: by what it was found: `key`, `reference`, `totals`, `pattern`, `not null`, `values`, `order`, `range`, `length`, `age`,
            `rows`.
        evidence: what in the data speaks for it, in words.
        past_failures: on how many earlier versions the line failed when it was run there.
        past_versions: on how many it could be run.
    """

    dataset: str
    line: str
    columns: tuple[str, ...]
    rule: str
    evidence: str
    past_failures: int = 0
    past_versions: int = 0

    @property
    def is_safe(self) -> bool:
        """Whether no earlier version would have been held by it."""
        return self.past_failures == 0

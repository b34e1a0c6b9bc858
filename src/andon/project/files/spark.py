"""A dataset's own Spark SQL, in a file beside that of the dataset. Spark alone knows what it means; here it is one statement."""

from __future__ import annotations

from andon.base.hashing import content_id
from andon.errors import Problem
from andon.project.files.facts import FileFacts, SparkFile


def read_spark_sql(path: str, text: str) -> FileFacts:
    """The facts of the file: layout at the ends of lines and of the file does not count."""
    lines = [line.rstrip() for line in text.rstrip().split("\n")]  # what is before it counts in places
    sql = "\n".join(lines).rstrip(";").rstrip()
    problems: tuple[Problem, ...] = ()
    if not sql.strip():
        problems = (Problem("project.empty_file", "the file holds no SQL", path, hint="fill it or remove it"),)
    return FileFacts(SparkFile(sql, content_id(["spark", sql.lstrip()])), problems)

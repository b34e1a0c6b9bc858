"""`andon test`: unit tests of datasets, the failing ones with their difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from andon.base.text import plural
from andon.cli.app import App, Command, pass_app
from andon.cli.options import exclude_option, json_option, select_argument
from andon.cli.text.unit_tests import result_lines
from andon.errors import EXIT_DONE, EXIT_FAILED
from andon.service.unit_tests import TestsDocument

if TYPE_CHECKING:
    from andon.model.unit_tests import TestResult


@click.command(
    cls=Command,
    examples=["andon test", "andon test marts.customer_value", "andon test state:changed+ --again"],
)
@select_argument
@exclude_option
@click.option("--again", is_flag=True, help="Run also the tests that did not change since they ran.")
@json_option
@pass_app
def test(app: App, select: tuple[str, ...], exclude: tuple[str, ...], again: bool) -> int:
    """Run the unit tests in tests/*.yml: given rows in, expected rows out. SELECT names datasets; without it all.

    A test runs on the real engine, in memory; nothing of the lake is read or written. A test that did not change, of a dataset whose
    definition did not change, is not run again.
    """
    from andon.cli.interruptible import apart

    results = apart(lambda: app.service.unit_tests.run(select, exclude, again=again))
    failed = [result for result in results if result.failed]
    app.console.show(
        lambda: TestsDocument.of(results).to_json(), lambda: result_lines(results, app.console.out, app.console.width)
    )
    _summary(app, select, results, failed)
    return EXIT_FAILED if failed else EXIT_DONE


def _summary(app: App, select: Sequence[str], results: Sequence[TestResult], failed: Sequence[TestResult]) -> None:
    if not results:
        about = f" of {' '.join(select)}" if select else ""
        app.console.note(f"no tests{about}: they stand in `tests/*.yml`")
        return
    cached = sum(result.cached for result in results)
    unchanged = f" · {cached:,} unchanged since they ran (`--again` runs them)" if cached else ""
    if failed:
        app.console.note(f"{len(failed):,} of {plural(len(results), 'test')} failed{unchanged}", "bad")
    else:
        app.console.note(f"{plural(len(results), 'test')} passed{unchanged}")

"""`andon pull`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option
from andon.errors import EXIT_CONFLICT, EXIT_DONE
from andon.render.words import short


@click.command(cls=Command, examples=["andon pull", "andon pull --dry-run"])
@branch_option
@click.option("--dry-run", "dry", is_flag=True, help="Only tell what would be done.")
@json_option
@pass_app
def pull(app: App, branch: str | None, dry: bool) -> int:
    """Bring the branch's newer files into the folder; your own edits stay.

    A text that both changed is merged by lines; where both changed the same lines it gets conflict markers (exit 3).
    """
    from andon.service.pull import pull as bring

    done = bring(app.workspace, branch, dry)
    out = app.console.out

    def lines() -> list[str]:
        shown = [f"{done.branch} at {out.paint(short(done.commit.id), 'accent')}"]
        for word, style, paths in (
            ("written", "good", done.written),
            ("removed", "bad", done.removed),
            ("merged", "good", done.merged),
            ("conflict", "bad", done.conflicts),
            ("kept", "dim", done.kept),
        ):
            shown += [f"  {out.paint(f'{word:<8}', style)}  {path}" for path in paths]
        return shown if len(shown) > 1 else [f"{shown[0]}: the folder has it all"]

    app.console.show(done.to_json, lines)
    if done.conflicts and not dry:
        app.console.note("resolve the lines between <<<<<<< and >>>>>>>, then `andon run`", "warn")
    return EXIT_CONFLICT if done.conflicts else EXIT_DONE

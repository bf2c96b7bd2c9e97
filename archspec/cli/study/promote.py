"""`archspec study promote`: a search's candidate as an arch of its own."""

from __future__ import annotations

from pathlib import Path

import click

from archspec.cli.running import store_option
from archspec.cli.study.common import profile_option, study_argument


@click.command(
    epilog="""
    \b
    Examples:
      archspec study promote search_mixers --trial 57
      archspec study promote search_mixers --profile smoke --trial 7 --out mixed.yaml
    """
)
@study_argument
@profile_option
@click.option("--trial", type=int, metavar="N", required=True, help="The candidate's number, as the report has it.")
@click.option("--name", metavar="NAME", help="What to call the arch; default: STUDY_trial_N.")
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), help="Where; default: NAME.yaml.")
@store_option
def promote(study: str, profile: str, trial: int, *, name: str | None, path: Path | None, store: Path) -> None:
    """Write a candidate of the search STUDY as an arch, to be shown, trained, compared or searched around.

    Its input and classes are those of the space's base. A file that is there is not overwritten.
    """
    from archspec.cli.console import out
    from archspec.errors import near
    from archspec.records.files import make_folder, write_atomic
    from archspec.spec.loading import renamed
    from archspec.spec.writing import to_yaml
    from archspec.studies.planning import planned
    from archspec.studies.searched import PlannedSearch

    found = planned(study, profile=profile, store=store)
    if not isinstance(found, PlannedSearch):
        raise click.UsageError(f"{study} is no search: its arms are written in it")
    trials = {one.number: one for one in found.plan.trials}
    if trial not in trials:
        raise click.UsageError(f"there is no trial {trial}: {near(str(trial), map(str, trials))}")
    chosen = trials[trial]
    reached = ", ".join(f"{metric} {value:.6g}" for metric, value in chosen.values.items())
    title = name or f"{found.plan.study}_trial_{trial}"
    note = f"trial {trial} of {found.plan.study}: {reached or chosen.state}, on val"
    path = path or Path(f"{title}.yaml")
    if path.exists():
        raise click.ClickException(f"{path} is there already; choose another file with --out")
    make_folder(path.parent)
    write_atomic(path, to_yaml(renamed(found.setting.arch(chosen.choices), title, note)))
    out(str(path))

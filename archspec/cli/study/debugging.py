"""One run in this very process, and a debugger where it goes wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.studies.planning import Planned


def look_into(found: Planned, arms: set[str]) -> int:
    """Run the first of some arms in a store that is thrown away, after the runs that it starts from; the exit code."""
    from archspec.cli.console import talk
    from archspec.records.run import RunFolder
    from archspec.studies.plan import TRAININGS

    first = next(run for run in found.plan.runs if run.arm in arms)
    with tempfile.TemporaryDirectory(prefix="archspec-") as store:
        for run in found.plan.runs:
            if (run.arm, run.seed) != (first.arm, first.seed) or run.role not in TRAININGS:
                continue
            talk(f"{run.arm}, seed {run.seed}, in {store}", "dim")
            code = _train(RunFolder.create(Path(store), found.document(run.key)).path)
            if code:
                return code
    return 0


def _train(folder: Path) -> int:
    """Train a run; what it raises is looked at where it was raised."""
    import pdb
    import traceback

    from archspec.cli.console import talk
    from archspec.training.progress import Lines
    from archspec.training.signals import Stopped
    from archspec.training.train import train

    try:
        return int(train(folder, Lines(talk))["state"] != "done")
    except Stopped as stop:
        return stop.code
    except Exception as error:
        traceback.print_exc()
        pdb.post_mortem(error.__traceback__)
        return 1

"""`archspec doctor`: whether this machine and this installation are fit for work."""

from __future__ import annotations

from pathlib import Path

import click

from archspec.cli.options import DocumentName, json_option
from archspec.cli.running import store_option

LOOKS = {"ok": "good", "warn": "warn", "fail": "bad"}


@click.command(
    epilog="""
    \b
    Examples:
      archspec doctor
      archspec doctor --json
      archspec doctor --runner slurm-cpu
    """
)
@click.option(
    "--runner",
    type=DocumentName("runner"),
    metavar="R",
    help="Look at this runner instead; a cluster is given a short job.",
)
@store_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, runner: str | None, store: Path, as_json: bool) -> None:
    """Look at everything archspec relies on, and say what to do where something is missing.

    Every line is ok, warn (something will not work, or not well) or fail (archspec cannot be relied on). Exit code 1
    when anything fails.
    """
    from archspec.cli.checks import CHECKS, examined
    from archspec.cli.clusters import Examined
    from archspec.cli.console import folded, out, out_json, styled, width
    from archspec.spec.runner import RUNNER

    findings = []
    for check in Examined(RUNNER.load(runner), store) if runner else CHECKS:
        for finding in examined(check):
            findings.append(finding)
            if not as_json:
                lines = folded(f"{finding.state:<4}  {finding.name:<9}  {finding.message}", width(), 17)
                out(styled(lines[0][:4], LOOKS[finding.state]) + lines[0][4:])
                advice = folded(f"{' ' * 15}→ {finding.hint}", width(), 17) if finding.hint else []
                for line in (*lines[1:], *advice):
                    out(line)
    if as_json:
        out_json([finding._asdict() for finding in findings])
    ctx.exit(1 if any(finding.state == "fail" for finding in findings) else 0)

"""`archspec show`: one arch, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import arch_argument, json_option, opened, set_option, size_option

if TYPE_CHECKING:
    from archspec.spec.arch import Arch


@click.command(
    epilog="""
    \b
    Examples:
      archspec show caformer_s18
      archspec show caformer_s18 --size 384
      archspec show caformer_s18 --set 'stages.0.mlp={ratio: 2}'
      archspec show caformer_s18 --yaml > my_arch.yaml
    """
)
@arch_argument
@size_option
@set_option
@click.option("--yaml", "form", flag_value="yaml", help="Print it as a document with everything written out.")
@click.option("--resolved", "form", flag_value="resolved", help="Likewise, with nothing symbolic left.")
@json_option
def show(arch: str, size: Any, settings: tuple[str, ...], form: str | None, as_json: bool) -> None:
    """Show an ARCH, stage by stage: shapes, parts, and what each costs for one image.

    The figures that the paper prints stand below ours; a ✗ marks one that ours does not round to.
    """
    chosen = opened(arch, settings)
    if form and (size is not None or as_json):
        raise click.UsageError(f"--{form} prints the document; leave out --size and --json")
    if form:
        _print_yaml(chosen, resolved=form == "resolved")
    elif as_json:
        _print_json(chosen, size)
    else:
        _print_view(chosen, size)


def _print_yaml(arch: Arch, *, resolved: bool) -> None:
    from archspec.cli.console import out, width
    from archspec.spec.writing import WIDTH, to_yaml

    out(to_yaml(arch, resolved=resolved, width=min(WIDTH, width() or WIDTH)).rstrip("\n"))


def _print_json(arch: Arch, size: Any) -> None:
    from archspec.cli.console import out_json
    from archspec.cli.papers import printed
    from archspec.spec.profile import profile

    costs = profile(arch, size).to_dict()
    spec = arch.to_dict(metadata=False)
    out_json({**costs, "digest": arch.digest, "reference": printed(arch), "spec": spec})


def _print_view(arch: Arch, size: Any) -> None:
    from archspec.cli.console import out, width
    from archspec.cli.view import view

    for line in view(arch, size, width()):
        out(line)

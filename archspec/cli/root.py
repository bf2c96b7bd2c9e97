"""The command `archspec` itself, and the one frame that turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from archspec import __version__
from archspec.cli.lazy import LazyGroup
from archspec.cli.registry import COMMANDS
from archspec.errors import ArchspecError, SpecError

INTERRUPTED, BROKEN_PIPE = 130, 141
"""What a shell reports for a program that was stopped by Ctrl-C, and for one whose reader has left."""


class SpecMistake(click.ClickException):
    """Something written cannot be: shown with its lines and carets."""

    def __init__(self, error: SpecError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: Any = None) -> None:
        """Print every problem to stderr."""
        from archspec.cli.console import width
        from archspec.cli.problems import shown

        click.echo(shown(self.error.problems, "full", width(err=True)), file=file, err=True, color=self.show_color)


class Root(LazyGroup):
    """The outermost frame: bad input ends in a message, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except SpecError as error:
            raise SpecMistake(error) from None
        except ArchspecError as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            # Whatever is still buffered goes nowhere, so that the interpreter does not complain on its way out.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(BROKEN_PIPE)
        except OSError as error:
            raise click.ClickException(_said(error)) from None


def _said(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{Path(os.fsdecode(error.filename))}: {reason}" if error.filename else reason


def _wants_no_color() -> bool:
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


@click.group(
    cls=Root,
    registry=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
    \b
    Examples:
      archspec ls archs
      archspec show caformer_s18
      archspec diff caformer_s18 --set stages.2-3.mixer=pooling

    Completion: eval "$(_ARCHSPEC_COMPLETE=bash_source archspec)", or zsh_source, or
    _ARCHSPEC_COMPLETE=fish_source archspec | source.
    """,
)
@click.version_option(__version__, message="archspec %(version)s")
@click.pass_context
def archspec(ctx: click.Context) -> None:
    """Vision backbones as a few lines of YAML: costed, compiled, trained, compared.

    ARCH is a name on the shelf (`archspec ls archs`) or a path ending in .yaml. Data goes to stdout, talk to stderr.
    Exit codes: 0 done, 1 the work failed or the input is wrong, 2 wrong usage.
    """
    if _wants_no_color():
        ctx.color = False

"""Nothing runs over the edge of an 80-column terminal, and no column is lost without a word."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archspec.cli.format import cells
from archspec.cli.registry import COMMANDS
from archspec.spec import shelf
from archspec.spec.registry import FAMILIES, load_builtins
from tests.cli.conftest import ANSI, in_terminal, terminal

MANY = """
import sys
from archspec.cli.root import archspec
for line in sys.argv[1:]:
    print("=" * 20)
    archspec(line.split(), prog_name="archspec", standalone_mode=False)
"""
WIDE = """\
arch: an_arch_with_a_name_that_is_longer_than_any_that_a_person_in_their_right_mind_would_write
extends: ./tiny.yaml
edits:
  stages.1.mixer: {cycle: [{parallel: [random, {kind: attention, head_dim: 4}, pooling]}, identity, sep_conv]}
reference: {paper: a_paper_with_a_long_name_and_a_long_list_of_authors, note: "a note that goes on and on and on and on
  and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on"}
"""


def overlong(text: str, columns: int) -> list[str]:
    """The lines that a terminal would have to break."""
    return [line for line in ANSI.sub("", text).splitlines() if cells(line) > columns]


def many(lines: list[str], columns: int = 80) -> str:
    """Many commands in one terminal."""
    return terminal([sys.executable, "-c", MANY, *lines], columns)


def test_every_arch_fits() -> None:
    names = shelf.names("arch")
    text = many([f"show {name}" for name in names])
    assert text.count("digest") == len(names)
    # Where mixers have long names, bars that draw the number beside them give way, and then the mlps.
    left_out = {line for line in ANSI.sub("", text).splitlines() if "no room for" in line}
    assert left_out <= {f"no room for: {what}; --json has everything" for what in ("share", "mlp, share")}
    assert not overlong(text, 80)


def test_every_archs_document_fits() -> None:
    assert not overlong(many([f"show {name} --resolved" for name in shelf.names("arch")]), 80)


def test_lists_fit() -> None:
    load_builtins()
    known = [name for name in FAMILIES if name != "runners"]
    text = many(["ls", "ls archs", *(f"ls {name}" for name in known)])
    assert "caformer_s18" in text
    assert not overlong(text, 80)


def test_costs_and_differences_fit() -> None:
    names = shelf.names("arch")
    text = many([f"profile {' '.join(names)}", *(f"diff caformer_s18 {name}" for name in names)])
    assert "equal networks" in text
    assert not overlong(text, 80)


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_what_does_not_fit_is_broken_or_named(columns: int, desk: Path) -> None:
    (desk / "wide.yaml").write_text(WIDE, encoding="utf-8")
    text = many(
        ["show wide.yaml", "profile wide.yaml tiny.yaml caformer_s18", "diff tiny.yaml wide.yaml", "ls scalings"],
        columns,
    )
    assert text.count("=" * 20) == 4
    assert not overlong(text, columns)


def test_a_column_that_is_left_out_is_named(desk: Path) -> None:
    (desk / "wide.yaml").write_text(WIDE, encoding="utf-8")
    narrow = ANSI.sub("", in_terminal(["profile", "wide.yaml", "tiny.yaml"], 50))
    assert "no room for:" in narrow
    assert "Δ params, Δ MACs, Δ" in narrow
    assert "Δ act." in ANSI.sub("", in_terminal(["profile", "wide.yaml", "tiny.yaml"], 200))


def test_mistakes_fit(desk: Path) -> None:
    (desk / "long.yaml").write_text(
        "arch: long\nextends: ./tiny.yaml\nedits: {stages.0.mixer: {kind: sep_conv, "
        + ", ".join(f"a_key_that_does_not_exist_{n}: {n}" for n in range(5)) + "}}\n", encoding="utf-8"
    )  # fmt: skip
    for args in (["check", "long.yaml"], ["show", "long.yaml"]):
        text = in_terminal(args)
        assert text.count("ARC101") == 5
        assert text.count("^^^^") >= 5
        assert not overlong(text, 80)


def test_help_fits() -> None:
    assert not overlong(many(["--help", *(f"{name} --help" for name in COMMANDS)]), 80)

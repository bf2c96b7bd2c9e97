"""The report as Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv as standard
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archspec.report.csv import csv
from archspec.report.latex import latex
from archspec.report.markdown import markdown
from archspec.report.table import Table, tabulate
from archspec.report.tex import SYMBOLS, tex
from tests.report.samples import REACHED, RELU, VIT, arm, factorial, known, one_factor, plan, roadmap

GOLDEN = Path(__file__).parent / "golden"
STUDIES: dict[str, Callable[[], Table]] = {"one_factor": one_factor, "roadmap": roadmap, "factorial": factorial}
WRITERS: dict[str, Callable[[Table], str]] = {"md": markdown, "tex": latex}
HARD = (
    r"a_b %#&$ {x} ~^ \section \"q\" `q` <script>alert(1)</script> | [0] -- --- ConvFFN → GLU 3×3 ± − ≤ "
    "α Ω Α é ő ç ß ² ₂ ½ 网 😀"
)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("form", WRITERS)
def test_texts_are_as_they_were_agreed(study: str, form: str) -> None:
    file, text = GOLDEN / f"{study}.{form}", WRITERS[form](STUDIES[study]())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file.name} is old: UPDATE_GOLDEN=1 writes it again"


def hard() -> Table:
    """A study whose names hold everything that means something somewhere."""
    odd = arm("factor_1 & <b>", HARD, paper={"top1": 79.5}, table="4|a")
    return replace(tabulate(plan(VIT, odd, RELU), known([*REACHED, (odd, {0: 80.0, 1: 81.5, 2: 79.0})])), study="a_b|c")


def test_rows_of_markdown_have_the_same_number_of_cells() -> None:
    rows = [line for line in markdown(hard()).splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert r"\<script\>" in rows[4]


def test_csv_is_read_back_with_all_its_digits() -> None:
    table = one_factor()
    rows = list(standard.DictReader(csv(table).splitlines()))
    assert [row["arm"] for row in rows] == ["vit", "relu", "gelu", "7 → 31"]
    for row, read in zip(table.rows, rows, strict=True):
        assert row.summary is not None
        assert float(read["mean"]) == row.summary.mean
        assert [float(read[f"seed_{seed}"]) for seed in table.seeds] == list(row.values.values())
    assert (rows[0]["delta"], rows[0]["p"]) == ("", "")


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    evil = arm("factor", "=HYPERLINK(1)")
    rows = list(standard.DictReader(csv(tabulate(plan(VIT, evil), known(REACHED))).splitlines()))
    assert rows[1]["arm"] == "'=HYPERLINK(1)"


def test_every_character_has_a_form_in_latex() -> None:
    text = "".join(map(chr, [*range(0x20, 0x250), *range(0x370, 0x400), *range(0x1E00, 0x2600), 0x1F600]))
    assert tex(text).isascii()
    assert tex("x_1 → α²") == r"x\_1 $\rightarrow$ $\alpha$$^{2}$"
    assert tex("a -- b") == "a -{}- b"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex here")
def test_the_tables_compile(tmp_path: Path) -> None:
    symbols = "".join(SYMBOLS) + "".join(map(chr, [*range(0xA1, 0x180), *range(0x391, 0x3CA), *range(0x2070, 0x20A0)]))
    tables = "".join(latex(table) for table in (hard(), one_factor(), roadmap(), factorial()))
    body = f"{tables}\nEverything: {' '.join(map(tex, symbols))}"
    document = f"\\documentclass{{article}}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (tmp_path / "paper.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 1000


def test_the_report_needs_no_plotting_to_be_text() -> None:
    code = "import sys, archspec.report.markdown, archspec.report.csv; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"plotly", "jinja2", "scipy", "torch"} & set(re.findall(r"'([\w.]+)'", loaded))

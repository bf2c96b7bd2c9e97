"""The page in a browser: marks are drawn, under its own policy, in light and dark, narrow and wide."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from archspec.report.html import TEMPLATES, html
from archspec.report.table import Table
from tests.report.samples import curves, factorial, one_factor, roadmap

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
STUDIES: dict[str, Callable[[], Table]] = {"one_factor": one_factor, "roadmap": roadmap, "factorial": factorial}
PATIENCE = 240

pytestmark = pytest.mark.skipif(not BROWSER, reason="there is no chromium here")


def shown(page: Path, *options: str) -> str:
    """The document after its scripts have run, and after it what the browser complained about."""
    command = [
        *(BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *(f"--user-data-dir={page.parent / 'profile'}", "--virtual-time-budget=20000", "--dump-dom", *options),
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return done.stdout


def plots(document: str) -> dict[str, str]:
    """What stands in each figure's place."""
    parts = re.split(r'<div class="plot[^"]*" id="([^"]+)"', document)[1:]
    return dict(zip(parts[::2], (part.partition("</figure>")[0] for part in parts[1::2]), strict=True))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page for each study, on disk."""
    folder = tmp_path_factory.mktemp("pages with spaces")
    for name, study in STUDIES.items():
        table = study()
        (folder / f"{name}.html").write_text(html(table, curves(table)), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in STUDIES}


def marks(drawn: str) -> dict[str, int]:
    """How many marks of each sort were drawn."""
    return dict(Counter(re.findall(r'class="(point|js-line|js-fill|errorbar)"', drawn)))


def colours(drawn: str) -> set[str]:
    """What marks are drawn with."""
    found = re.findall(r"(?:stroke|fill): rgb\((\d+), (\d+), (\d+)\)", drawn)
    return {"#" + "".join(f"{int(part):02x}" for part in parts) for parts in found}


MARKS = {
    "one_factor": {
        "cost-macs": {"point": 4 + 3, "errorbar": 4},  # four arms, three of them in the paper
        "cost-params": {"point": 4 + 3, "errorbar": 4},
        "curves-0": {"js-fill": 3, "js-line": 12},  # of each arm the mean, the edges of its range, its legend
        "curves-1": {"js-fill": 2, "js-line": 8},
    },
    "roadmap": {"roadmap-0": {"point": 4 + 4, "errorbar": 3}, "curves-0": {"js-fill": 4}},
    "factorial": {
        "effects-0": {"point": 3, "errorbar": 3},
        "crossing-0-0": {"point": 4},
        "curves-0": {"js-fill": 5},
    },
}


@pytest.mark.parametrize("study", STUDIES)
def test_every_mark_of_every_figure_is_drawn(study: str, pages: dict[str, Path]) -> None:
    found = plots(shown(pages[study]))
    assert found.keys() == MARKS[study].keys()
    for name, drawn in found.items():
        assert marks(drawn).items() >= MARKS[study][name].items(), name
        assert not re.search(r"WebGL|@c\d|@ink", drawn)


@pytest.mark.parametrize(("scheme", "chosen"), [("light", 1), ("dark", 0)])
def test_marks_have_the_colours_of_the_theme(scheme: str, chosen: int, pages: dict[str, Path]) -> None:
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    first, second, _ = re.findall(r"{[^{}]*--paper:[^{}]*}", style)[:3]
    theme = dict(re.findall(r"--(\w+): (#\w+)", first if scheme == "light" else second))
    drawn = plots(shown(pages["one_factor"], f"--blink-settings=preferredColorScheme={chosen}"))
    assert {theme["ink"], theme["c0"], theme["c1"]} <= colours(drawn["curves-0"])
    assert {theme["ink"], theme["c2"]} <= colours(drawn["curves-1"])


def test_a_narrow_window_has_narrower_figures(pages: dict[str, Path]) -> None:
    wide, narrow = (plots(shown(pages["roadmap"], f"--window-size={size},900"))["roadmap-0"] for size in (1280, 500))
    sizes = [
        int(match[1]) for drawn in (wide, narrow) if (match := re.search(r'class="main-svg"[^>]* width="(\d+)"', drawn))
    ]
    assert len(sizes) == 2
    assert sizes[1] < 500 < sizes[0]

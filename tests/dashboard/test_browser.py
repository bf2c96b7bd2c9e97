"""The pages in a browser: marks are drawn under their own policy, a study goes on before one's eyes, links reopen."""

from __future__ import annotations

import re
import select
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archspec.dashboard.page import found
from tests.dashboard.chromium import Browser, Tab
from tests.dashboard.serving import Served, served
from tests.dashboard.stores import ONE_FACTOR, VALUES, begun, filled, finished
from tests.report.samples import RELU, VIT

MARKS = "(name) => [...document.querySelectorAll('#' + name + ' .' + {kind})].length"


@pytest.fixture
def tab(chromium: Browser, listening: Served) -> Tab:
    """A tab that has come in by the printed address."""
    return entered(chromium, listening)


def entered(chromium: Browser, server: Served, scheme: str = "light") -> Tab:
    """The same, of any server."""
    tab = chromium.tab(scheme=scheme)
    tab.open(server.entrance)
    tab.until("document.querySelector('#studies') !== null && location.search === ''")
    tab.until("!document.querySelector('#studies').innerText.includes('being looked through')")
    return tab


def count(tab: Tab, selector: str) -> int:
    """How many elements there are."""
    number: int = tab.value(f"document.querySelectorAll({selector!r}).length")
    return number


def drawn(tab: Tab, figure: str) -> dict[str, int]:
    """How many marks of each sort were drawn in a figure."""
    tab.until(f"document.querySelector('#{figure} .main-svg') !== null")
    return {kind: n for kind in ("point", "js-line", "js-fill", "errorbar") if (n := count(tab, f"#{figure} .{kind}"))}


def text(tab: Tab, selector: str) -> str:
    """What stands in an element."""
    said: str = tab.value(f"document.querySelector({selector!r}).innerText")
    return " ".join(said.split())


def test_the_printed_address_opens_the_studies(tab: Tab) -> None:
    assert count(tab, "#studies tbody tr") == 4
    assert text(tab, "#studies tbody tr").startswith("under_way@smoke")
    assert not re.search("token", tab.value("location.href"))
    assert tab.value("document.cookie") == "", "no script can read the token"


def test_the_verdict_and_the_way_to_the_table(tab: Tab, listening: Served) -> None:
    tab.open(listening.at("/s/one_factor"))
    assert text(tab, "#verdicts dd").startswith("relu and gelu: no difference beyond seed noise")
    tab.click(".pages a[href$='/table']")
    tab.until("document.querySelectorAll('table.arms .strip circle').length === 12")
    assert count(tab, "table.arms .whisker") == 3
    assert "79.00 ± 4.30" in text(tab, f"[id='{RELU.id}']")
    assert tab.complaints == []


def test_curves_are_drawn(tab: Tab, listening: Served) -> None:
    tab.open(listening.at("/s/one_factor/curves"))
    # Of each arm the mean, the two edges of its range, and its line in the legend.
    assert drawn(tab, "curves-0") == {"js-line": 12, "js-fill": 3}
    assert drawn(tab, "curves-1") == {"js-line": 8, "js-fill": 2}
    assert "WebGL" not in text(tab, "main")


def test_tradeoffs_are_drawn(tab: Tab, listening: Served) -> None:
    tab.open(listening.at("/s/one_factor/tradeoffs?x=macs"))
    marks = drawn(tab, "cost-macs")
    assert (marks["point"], marks["errorbar"]) == (4 + 3, 4)
    assert count(tab, "#front tbody tr") == 2


def test_the_queue_is_drawn(tab: Tab, listening: Served) -> None:
    tab.open(listening.at("/queue?study=under_way@smoke"))
    assert drawn(tab, "by-arm") == {"point": 3}
    assert text(tab, "#working tbody tr").startswith(RELU.id)


def test_a_link_reopens_the_view(tab: Tab, chromium: Browser, listening: Served) -> None:
    tab.open(listening.at("/s/one_factor/curves"))
    drawn(tab, "curves-0")
    tab.click("input[name=differences]")
    tab.until("location.search.includes('differences=on') && document.querySelector('.main-svg') !== null")
    tab.value("(() => { const s = document.querySelector('select[name=factor]'); s.value = 'activation';"
              " s.dispatchEvent(new Event('change', {bubbles: true})); })()")  # fmt: skip
    tab.until("location.search.includes('factor=activation') && document.querySelector('.main-svg') !== null")
    address, seen = tab.value("location.pathname + location.search"), drawn(tab, "curves-0")
    other = entered(chromium, listening)
    other.open(listening.at(address))
    assert drawn(other, "curves-0") == seen == {"js-line": 8, "js-fill": 2}
    assert count(other, ".plot") == 1
    assert other.value("document.querySelector('input[name=differences]').checked")


CLIPBOARD = ["clipboardReadWrite", "clipboardSanitizedWrite"]


def test_what_is_copied_is_in_the_clipboard(tab: Tab, chromium: Browser, listening: Served) -> None:
    tab.open(listening.at("/s/one_factor/table"))
    context = tab.call("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    chromium.call("Browser.grantPermissions", permissions=CLIPBOARD, browserContextId=context)
    tab.call("Page.bringToFront")
    for number, begin in enumerate(("# one", "% one", "metric,arm,factor", '{"study": "one_factor"')):
        tab.click(f"details.copy:nth-of-type({number + 1}) .copier")
        tab.until(f"document.querySelectorAll('.copier')[{number}].textContent === 'Copied'")
        copied = tab.value("navigator.clipboard.readText()")
        assert copied.startswith(begin)
        assert copied == tab.value(f"document.querySelectorAll('details.copy pre')[{number}].textContent")


def test_the_saved_file_opens_from_disk(tab: Tab, chromium: Browser, listening: Served, tmp_path: Path) -> None:
    tab.open(listening.at("/s/one_factor/table"))
    text = tab.value("fetch(document.querySelector('a[download]').href).then((answer) => answer.text())")
    file = tmp_path / "saved file.html"
    file.write_text(text, encoding="utf-8")
    other = chromium.tab()
    other.open(file.as_uri())
    assert drawn(other, "cost-macs") == {"point": 4 + 3, "errorbar": 4}
    assert drawn(other, "curves-0") == {"js-line": 12, "js-fill": 3}
    assert count(other, "table.arms .strip circle") == 12
    assert not other.value("performance.getEntriesByType('resource').map((one) => one.name)")


def test_a_map_of_two_factors_is_drawn(tab: Tab, listening: Served) -> None:
    tab.open(listening.at("/s/factorial/factors"))
    tab.until("document.querySelector('#map-0-0 .heatmaplayer image') !== null")
    assert count(tab, "#map-0-0 .heatmap-label") == 4
    assert drawn(tab, "effects-0") == {"point": 3, "errorbar": 3}


def test_what_is_sought_is_part_of_the_address(tab: Tab, listening: Served) -> None:
    tab.press("/")
    for letter in "roadm":
        tab.press(letter)
    tab.until("location.search === '?q=roadm'")
    shown = "[...document.querySelectorAll('#studies tbody tr')].filter((row) => row.checkVisibility()).length"
    assert tab.value(shown) == 1
    tab.open(listening.at("/?q=roadm"))
    assert tab.value(shown) == 1


def test_a_study_goes_on_before_ones_eyes(chromium: Browser, tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, {VIT.id: VALUES[VIT.id]})
    keys = {run.seed: run.key for run in ONE_FACTOR.of(RELU.id)}
    with served(tmp_path) as server:
        tab, plots = entered(chromium, server), entered(chromium, server)
        plots.open(server.at("/s/one_factor/curves"))
        assert drawn(plots, "curves-0")["js-fill"] == 1
        tab.open(server.at("/s/one_factor/table"))
        assert "3 planned" in text(tab, f"[id='{RELU.id}']")
        tab.click(".copy summary")
        begun(tmp_path, keys[0], 80.0, epochs=3, left=False)
        tab.until(f"document.querySelector(\"[id='{RELU.id}']\").innerText.includes('1 running')")
        for seed, key in keys.items():
            finished(tmp_path, key, VALUES[RELU.id][seed], seed=seed)
        tab.until(f"document.querySelector(\"[id='{RELU.id}']\").innerText.includes('79.00 ± 4.30')")
        assert count(tab, "table.arms .strip circle") == 6
        assert tab.value("document.querySelector('.copy').open"), "what was opened stays open"
        plots.until("document.querySelectorAll('#curves-0 .js-fill').length === 2")
        assert plots.value("performance.getEntriesByType('navigation').length") == 1
        assert text(tab, "#live") == "live"


def test_a_study_that_is_not_here_yet_comes_by_itself(chromium: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as server:
        tab = entered(chromium, server)
        tab.open(server.at("/s/one_factor"))
        assert text(tab, "h1") == "Not here"
        filled(tmp_path, ONE_FACTOR, VALUES)
        tab.until("document.querySelector('h1')?.textContent === 'one_factor'")
        assert "81.30" in text(tab, "#top")


def test_a_page_that_nobody_sees_listens_to_nothing(chromium: Browser, tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, VALUES)
    with served(tmp_path) as server:
        tab = entered(chromium, server)
        tab.until("document.querySelector('#live').innerText === 'live'")
        assert server.app.watcher.listeners == 1
        hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
        said = "document.dispatchEvent(new Event('visibilitychange')); true"
        tab.value(hide % "true" + said)
        wait_for(server, 0)
        tab.value(hide % "false" + said)
        wait_for(server, 1)


def wait_for(server: Served, listeners: int) -> None:
    """Wait until so many listen."""
    deadline = time.monotonic() + 240
    while server.app.watcher.listeners != listeners:
        assert time.monotonic() < deadline
        select.select([], [], [], 0.03)


def test_the_theme_is_chosen_and_kept(chromium: Browser, listening: Served) -> None:
    tab = entered(chromium, listening, scheme="dark")
    paper = "getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()"
    assert tab.value(paper) == "#191d22"
    tab.press("t")
    tab.until(f"{paper} === '#ffffff'")
    tab.open(listening.at("/s/one_factor/curves"))
    assert tab.value(paper) == "#ffffff"
    drawn(tab, "curves-0")
    ink = tab.value("document.querySelector('#curves-0 .js-line').style.stroke")
    assert ink == "rgb(29, 33, 38)"


def test_keys_lead_through_the_pages(tab: Tab) -> None:
    tab.press("j")
    tab.press("j")
    assert tab.value("document.activeElement.dataset.row") == "factorial"
    tab.press("Enter")
    tab.until("location.pathname === '/s/factorial' && document.readyState === 'complete'")
    tab.press("2")
    tab.until("location.pathname === '/s/factorial/table' && document.readyState === 'complete'")
    tab.press("?")
    assert tab.value("document.getElementById('help').open")
    tab.press("Escape")
    tab.press("0")
    tab.until("location.pathname === '/'")


ADDRESSES = (
    *("/", "/queue", "/queue?study=under_way@smoke", "/s/under_way@smoke", "/s/under_way@smoke/table"),
    *("/s/roadmap/table", "/s/factorial/table", "/s/one_factor/curves?x=hours&seeds=on", "/s/one_factor/table"),
    *("/s/one_factor/tradeoffs?models=all", "/s/nothing"),
)


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[Path]:
    """Where pictures are kept as long as the test lasts."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_in_both_themes(chromium: Browser, listening: Served, scheme: str, pictures: Path) -> None:
    tab = entered(chromium, listening, scheme)
    names = {page.path.format(study="one_factor", key=ONE_FACTOR.keys[0]) for page in found().values()}
    for address in [*ADDRESSES, *sorted(names)]:
        tab.open(listening.at(address))
        tab.until("[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('.main-svg'))")
        paper = tab.value("getComputedStyle(document.querySelector('.top')).backgroundColor")
        assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(25, 29, 34)"}[scheme]
        assert tab.value("document.documentElement.scrollWidth <= innerWidth"), f"{address} is too wide"
        assert count(tab, "h1") == 1
        assert tab.picture(pictures / "page.png").stat().st_size > 5000
    # Plotly would add a style for maps, which no page has.
    assert not [said for said in tab.complaints if "404" not in said and "inline style" not in said]


@pytest.mark.slow
def test_pages_can_be_walked_by_keyboard(tab: Tab, listening: Served) -> None:
    for address in ADDRESSES:
        tab.open(listening.at(address))
        seen = []
        for _ in range(80):
            tab.press("Tab")
            place = tab.value(
                "document.activeElement === document.body ? '' : document.activeElement.outerHTML.slice(0, 90)"
            )
            if place.startswith("<body"):
                break
            seen.append(place)
        assert any("skip" in place for place in seen[:1]), address
        assert any("theme" in place for place in seen), address

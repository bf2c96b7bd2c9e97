"""Pages about networks, runs and failures in a browser: drawn in both themes, and every way through them leads on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archspec.records.run import RunFolder
from archspec.studies.plan import Plan
from tests.dashboard.broken import broken, key_of, trained, tried
from tests.dashboard.chromium import Browser, Tab
from tests.dashboard.serving import Served, served
from tests.dashboard.test_browser import count, entered, text

BOXES = """[...document.querySelectorAll('.network .box')].map((box) => {
  const place = box.getBoundingClientRect(), look = getComputedStyle(box);
  return [place.width, place.height, look.fill, look.stroke];
})"""
CLICK = "new MouseEvent('click', {bubbles: true, cancelable: true})"
WIDEST = "[document.documentElement.scrollWidth, innerWidth]"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Plan]]:
    """A study in which much has gone wrong, really served."""
    store = tmp_path_factory.mktemp("store")
    plan = broken(store).plan
    with served(store) as found:
        yield found, plan


@pytest.fixture
def tab(chromium: Browser, study: tuple[Served, Plan]) -> Tab:
    """A tab that has come in."""
    return entered(chromium, study[0])


def colour(tab: Tab, selector: str, property_: str = "fill") -> str:
    """A colour as it is shown."""
    found: str = tab.value(f"getComputedStyle(document.querySelector({selector!r})).{property_}")
    return found


def test_a_network_is_drawn_and_its_boxes_lead_to_their_lines(tab: Tab, study: tuple[Served, Plan]) -> None:
    tab.open(study[0].at("/s/quickstart/architecture?arm=mixer/attention"))
    found: list[Any] = tab.value(BOXES)
    assert len(found) == 6
    assert all(width > 100 and height > 15 for width, height, _, _ in found)
    assert len({fill for _, _, fill, _ in found}) == 3  # the mixer, the mlp, all others
    assert colour(tab, ".network .changed", "strokeDasharray") == "5px, 2.5px"
    tab.value(f"document.querySelector('[data-path=\"stages.0.mixer\"]').closest('a').dispatchEvent({CLICK})")
    assert tab.until("location.hash") == "#line-13"
    assert "mixer: {kind: attention" in text(tab, ".line:target")
    assert tab.complaints == []


def test_light_and_dark_are_two_looks(tab: Tab, study: tuple[Served, Plan]) -> None:
    tab.open(study[0].at("/s/quickstart/architecture?arm=mixer/attention"))
    looks = []
    for scheme in ("light", "dark"):
        tab.scheme(scheme)
        looks.append([colour(tab, f".network {name}") for name in (".name", ".frame", ".hue-1", ".bar", ".front")])
    assert all(light != dark for light, dark in zip(*looks, strict=True))


def test_a_link_to_a_comparison_opens_it_again(tab: Tab, study: tuple[Served, Plan]) -> None:
    tab.open(study[0].at("/s/quickstart/diff?a=convformer_s18&b=caformer_s18"))
    assert tab.value("[...document.querySelectorAll('select')].map((one) => one.value)") == [
        *("convformer_s18", "caformer_s18"),
    ]
    assert count(tab, ".network") == 2
    tab.value("document.querySelector('select[name=b]').value = 'vit_tiny'")
    tab.value("document.querySelector('select[name=b]').dispatchEvent(new Event('change', {bubbles: true}))")
    tab.until("location.search.includes('b=vit_tiny') && document.querySelectorAll('.network').length === 2")
    assert "convformer_s18 → vit_tiny" in text(tab, "#changes")


def test_from_a_study_to_the_log_of_a_failed_run_it_is_two_clicks(tab: Tab, study: tuple[Served, Plan]) -> None:
    tab.open(study[0].at("/s/quickstart"))
    tab.click('.pages a[href$="/failures"]')
    tab.until("document.querySelectorAll('.failure').length === 6")
    tab.click(".failure a[data-row]")
    tab.until("document.querySelector('#said') !== null")
    assert tab.value("location.pathname") == f"/runs/{key_of(study[1], 'mixer/attention', 0)}"
    assert "epoch 4/6 loss 0.50 & <b>fine</b>" in text(tab, "#said .log")


def test_a_log_is_searched_by_typing(tab: Tab, study: tuple[Served, Plan]) -> None:
    tab.open(study[0].at(f"/runs/{key_of(study[1], 'mixer/attention', 2)}"))
    tab.value("document.querySelector('input[name=find]').focus()")
    for letter in "3/6":
        tab.press(letter)
    tab.press("Enter")
    tab.until("location.search.includes('find=3%2F6') && document.querySelectorAll('mark').length === 1")
    assert count(tab, "#said .line") == 1
    assert tab.value("document.querySelector('input[name=find]').value") == "3/6"


def test_a_life_is_drawn_to_scale(tab: Tab, study: tuple[Served, Plan]) -> None:
    tab.open(study[0].at(f"/runs/{key_of(study[1], 'norm/batch norm', 1)}"))
    widths = tab.value("[...document.querySelectorAll('.life .span')].map((one) => one.getBoundingClientRect().width)")
    assert [name.rpartition(" ")[2] for name in tab.value(
        "[...document.querySelectorAll('.life .span')].map((one) => one.getAttribute('class'))"
    )] == ["stopped", "requeued", "done"]  # fmt: skip
    assert widths[1] > widths[2] > widths[0] > 100


@pytest.mark.parametrize("path", ["architecture", "diff?a=convformer_s18&b=caformer_s18", "arm", "failures"])
def test_on_a_narrow_screen_only_wide_things_scroll(tab: Tab, study: tuple[Served, Plan], path: str) -> None:
    tab.call("Emulation.setDeviceMetricsOverride", width=420, height=800, deviceScaleFactor=1, mobile=False)
    tab.open(study[0].at(f"/s/quickstart/{path}"))
    wide, screen = tab.value(WIDEST)
    assert wide == screen


def test_a_run_goes_on_before_ones_eyes(chromium: Browser, tmp_path: Path) -> None:
    plan = broken(tmp_path).plan
    key = key_of(plan, "norm/batch norm", 2)
    folder = RunFolder.create(tmp_path, {"key": key, "seed": 2, "data": "digits", "arch": {}, "recipe": {}})
    attempt = tried(folder, 1.7e9, range(1, 3))
    with served(tmp_path) as server:
        tab = entered(chromium, server)
        tab.open(server.at(f"/runs/{key}"))
        tab.until("document.querySelectorAll('#points tbody tr').length === 2")
        assert "running" in text(tab, "#state")
        trained(attempt, range(3, 4))
        tab.until("document.querySelectorAll('#points tbody tr').length === 3")
        assert count(tab, "#said .line") == 3
        folder.finish(attempt, {"state": "done", "epoch": 3, "steps": 60, "top1": 77.5})
        tab.until("document.querySelector('#state .badge').textContent === 'done'")
        assert "77.50" in text(tab, "#state")
        assert tab.value("[...document.querySelectorAll('.life .span')].at(-1).getAttribute('class')") == "span done"

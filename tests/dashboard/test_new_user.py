"""What somebody new asks first, each answered within two clicks from the address that is printed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dashboard.broken import broken
from tests.dashboard.chromium import Browser, Tab
from tests.dashboard.serving import Served, served
from tests.dashboard.test_browser import drawn, entered, text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The quick study, in which much has failed."""
    store = tmp_path_factory.mktemp("store")
    broken(store)
    with served(store) as found:
        yield found


def follow(tab: Tab, selector: str, path: str) -> None:
    """Click a link, and wait for where it leads."""
    tab.click(selector)
    tab.until(f"location.pathname.endsWith({path!r}) && document.readyState === 'complete'")


def test_what_was_varied_and_which_arm_won(chromium: Browser, server: Served) -> None:
    tab = entered(chromium, server)
    follow(tab, "#studies tbody a", "/s/quickstart")
    assert text(tab, "#top tbody tr").startswith("attention stages.mixer: {kind: attention, head_dim: 32} 62.00 1")
    assert "quick_conv baseline 61.00 ± 2.48 3" in text(tab, "#top")


def test_whether_it_is_more_than_what_seeds_do(chromium: Browser, listening: Served) -> None:
    tab = entered(chromium, listening)
    follow(tab, "#studies a[href='/s/one_factor']", "/s/one_factor")
    assert "+0.30 [+0.05, +0.55]" in text(tab, "#top tbody tr")
    assert "no difference beyond seed noise" in text(tab, "#verdicts")


def test_how_it_compares_with_the_paper(chromium: Browser, listening: Served) -> None:
    tab = entered(chromium, listening)
    follow(tab, "#studies a[href='/s/one_factor']", "/s/one_factor")
    follow(tab, ".pages a[href$='/paper']", "/paper")
    assert "relu 79.0 79.00 ± 4.30 0.00 −1.00 −2.00 same sign" in text(tab, "#papers")
    assert drawn(tab, "ours-and-theirs")["point"] == 3


def test_what_it_cost(chromium: Browser, server: Served) -> None:
    tab = entered(chromium, server)
    follow(tab, "#studies a[href^='/queue']", "/queue")
    assert text(tab, "#left tbody tr").startswith("quickstart 6 17 4 min 58 min 32 min")
    assert drawn(tab, "by-arm") == {"point": 5}
    assert "32 min of it without a result (55 %)" in text(tab, "#cards")


def test_where_the_log_of_a_failed_run_is(chromium: Browser, server: Served) -> None:
    tab = entered(chromium, server)
    follow(tab, "#studies a[href$='/failures']", "/s/quickstart/failures")
    follow(tab, ".failure tbody a", tab.value("document.querySelector('.failure tbody a').pathname"))
    assert "epoch 4/6 loss 0.50 & <b>fine</b>" in text(tab, "#said")
    assert "Traceback (most recent call last)" in text(tab, "main")
    follow(tab, ".notice a", "/s/quickstart/failures")

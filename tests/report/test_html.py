"""The page: one file, that asks for nothing and gives nothing away."""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
import re
import socket
from html.parser import HTMLParser
from pathlib import Path

import pytest

from archspec.report.html import TEMPLATES, embedded, html
from archspec.report.table import Table, tabulate
from tests.report.samples import REACHED, RELU, VIT, arm, curves, factorial, in_state, known, one_factor, plan, roadmap

EVIL = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> \"quoted\" 'single' {{ 7 * 7 }}"
VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in self.raw:
            self.raw[tag].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]][-1] += data
        else:
            self.text += data


def evil() -> Table:
    """A study whose names would like to run."""
    made = plan(VIT, arm(EVIL, EVIL, notes=(EVIL,)), study=EVIL, paper=EVIL, warnings=(EVIL,))
    return tabulate(made, known(REACHED) | in_state(made.arms[1], 0, "failed", EVIL))


@pytest.fixture(scope="module")
def page() -> Page:
    """The page of a small study."""
    return Page(html(one_factor(), curves(one_factor())))


def test_it_asks_nothing_of_anybody(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "img", "object", "embed", "form")
        assert "style" not in attributes, f"<{tag}> would be blocked by the page's own policy"
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
        assert "src" not in attributes


def test_its_policy_allows_its_own_scripts_and_style_and_nothing_else(page: Page) -> None:
    policy = next(a["content"] or "" for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    data, *scripts = page.raw["script"]
    allowed = set(re.findall(r"'sha256-[^']+'", policy))
    sums = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts + page.raw["style"])
    assert {f"'sha256-{found}'" for found in sums} == allowed
    assert json.loads(data).keys() >= {"cost-macs", "curves-0"}


def test_every_number_of_the_table_is_text_before_any_script_runs(page: Page) -> None:
    for text in ("79.00 ± 4.30", "[−4.48, +0.48]", "0.148", "7 → 31", "12 % more MACs than its baseline", "table 4a"):
        assert text in page.text


def test_every_figure_has_its_place_and_its_description(page: Page) -> None:
    places = {a.get("id"): a for t, a in page.tags if t == "div" and a.get("class") == "plot"}
    assert places.keys() == json.loads(page.raw["script"][0]).keys()
    assert all(a.get("role") == "img" and a.get("aria-label") for a in places.values())


def test_ids_are_given_once(page: Page) -> None:
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    links = {(a.get("href") or "")[1:] for t, a in page.tags if t == "a"}
    assert links <= set(ids)


@pytest.mark.parametrize("study", [evil, roadmap, factorial])
def test_names_are_never_markup(study: object) -> None:
    table = study()  # type: ignore[operator]
    page = Page(html(table, curves(table)))
    assert page.open == []
    assert len(page.raw["script"]) == 3
    assert [a.get("type") for t, a in page.tags if t == "script"] == ["application/json", None, None]
    if study is evil:
        assert EVIL in page.text
        assert "alert(1)" not in page.raw["script"][2]


def test_an_empty_study_is_a_page_too() -> None:
    table = tabulate(plan(VIT, RELU), {})
    assert "6 of 6 runs are not finished: 6 planned" in Page(html(table, {})).text


def test_it_names_no_place_and_nobody(page: Page, tmp_path: Path) -> None:
    own = page.text + page.raw["script"][0] + "".join(page.raw["style"])
    for name in (str(Path.cwd()), str(tmp_path), str(Path.home()), getpass.getuser() + "@", socket.gethostname()):
        assert name not in own


def test_data_in_a_page_cannot_end_its_element() -> None:
    text = embedded({"a": "</script><!-- <script> & \u2028"})
    assert "<" not in text
    assert "&" not in text
    assert json.loads(text) == {"a": "</script><!-- <script> & \u2028"}


def test_dark_and_light_have_the_same_colours_by_name() -> None:
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r"{[^{}]*--paper:[^{}]*--c7:[^{}]*}", style)
    names = [sorted(re.findall(r"(--\w+):", block)) for block in blocks]
    assert len(names) == 3
    assert names[0] == names[1] == names[2]
    script = (TEMPLATES / "figures.js").read_text(encoding="utf-8")
    assert set(re.findall(r"var\((--\w+)\)", style)) <= set(names[0])
    assert "TOKEN" in script

"""What stands on pages, as a reader sees it."""

from __future__ import annotations

import html
import re

from starlette.testclient import TestClient


def page(asks: TestClient, path: str, status: int = 200, **query: str) -> str:
    """The text of a page."""
    answer = asks.get(path, params=query)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def words(text: str) -> str:
    """What a reader sees of some HTML, with single blanks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text))).strip()


def rows(text: str, label: str) -> list[list[str]]:
    """The cells of a table, by what it is called for those who do not see it."""
    found = re.search(rf'aria-label="{re.escape(label)}".*?</table>', text, re.DOTALL)
    assert found, f"there is no table `{label}`"
    body = found[0].partition("<tbody>")[2]
    return [[words(cell) for cell in re.split(r"</t[hd]>", row)[:-1]] for row in body.split("</tr>")[:-1]]

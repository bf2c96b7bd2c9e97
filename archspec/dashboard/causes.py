"""Why runs have failed: what a traceback or a scheduler's word comes to, so that one cause is told once."""

from __future__ import annotations

import re
from typing import NamedTuple

MEMORY, TIME, PREEMPTION, NODE, DIVERGED = (
    "out of memory",
    "time limit",
    "preemption",
    "node failure",
    "numbers that are not finite",
)
SIGNS = {
    MEMORY: r"out of memory|OutOfMemory|OUT_OF_ME|oom.?kill|MemoryError|allocate memory|memory limit",
    TIME: r"\bTIMEOUT\b|time limit|wall.?time|DEADLINE\b",
    PREEMPTION: r"preempt",
    NODE: r"NODE_FAIL|BOOT_FAIL|node failure",
    DIVERGED: r"is not finite|no longer finite|diverged",
}
"""What tells a cause, in the last words of a run; the first that is found counts."""
ADVICE = {
    MEMORY: "give it a smaller recipe.micro_batch, which changes no result, or a runner with more memory",
    TIME: "it goes on from its newest checkpoint; give its runner more time, or save more often",
    PREEMPTION: "nothing is wrong with it: it goes on from its newest checkpoint",
    NODE: "nothing is wrong with it: it goes on from its newest checkpoint, elsewhere",
    DIVERGED: "it will fail again: a lower learning rate, more warm-up or clipping is another recipe, for all arms",
}
FRAME = re.compile(r'^\s*File "(?P<file>[^"\n]+)", line (?P<line>\d+), in (?P<name>\S+)', re.MULTILINE)
RAISED = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Stopped))\b", re.MULTILINE)
KILLED = re.compile(r"signal (?P<number>\d+)")
OTHERS = ("site-packages", "dist-packages", "/lib/python", "<frozen", "<string>")
"""Where files are that nobody here has written."""


class Cause(NamedTuple):
    """What runs have failed of."""

    title: str
    """The sort of failure, or the exception."""
    place: str = ""
    """The last line of one's own that it went through: `training/loop.py:75, in step`."""
    advice: str = ""


def cause(reason: str, details: str = "") -> Cause:
    """The cause of a failure, by its reason in a line and its traceback."""
    said = last_words(details)
    for title, sign in SIGNS.items():
        if re.search(sign, f"{reason}\n{said}", re.IGNORECASE):
            return Cause(title, own_frame(details), ADVICE[title])
    raised = RAISED.findall(said) or RAISED.findall(reason)
    if raised:
        return Cause(raised[-1].rpartition(".")[2], own_frame(details))
    if killed := KILLED.search(reason) or KILLED.search(said):
        advice = "the system has killed it, most often because memory was full" if killed["number"] == "9" else ""
        return Cause(f"signal {killed['number']}", "", advice)
    return Cause(_without_numbers(reason) or "no reason is known", own_frame(details))


def own_frame(details: str) -> str:
    """The last place of a traceback that is neither Python's nor a library's."""
    own = [found for found in FRAME.finditer(details) if not any(other in found["file"] for other in OTHERS)]
    if not own:
        return ""
    file = "/".join(own[-1]["file"].replace("\\", "/").rpartition("archspec/")[2].split("/")[-2:])
    return f"{file}:{own[-1]['line']}, in {own[-1]['name']}"


def last_words(details: str) -> str:
    """What a traceback ends with: from its last line that is not indented on."""
    lines = [line for line in details.strip().splitlines() if line.strip()]
    begin = next((i for i in range(len(lines) - 1, -1, -1) if RAISED.match(lines[i])), max(0, len(lines) - 1))
    return "\n".join(lines[begin:])[:2000]


def _without_numbers(reason: str) -> str:
    """A reason as it would be for other runs."""
    return re.sub(r"\d+", "…", reason).strip()[:200]

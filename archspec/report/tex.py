"""Any text as LaTeX that compiles with pdflatex and no package: specials, symbols, Greek, accents and the rest."""

from __future__ import annotations

import re
import unicodedata

SYMBOLS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "{''}",
    "`": r"{\char96}",
    "[": "{[}",
    "]": "{]}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "↔": r"$\leftrightarrow$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "⇒": r"$\Rightarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≠": r"$\neq$",
    "≈": r"$\approx$",
    "∈": r"$\in$",
    "∞": r"$\infty$",
    "√": r"$\surd$",
    "∘": r"$\circ$",
    "·": r"$\cdot$",
    "•": r"$\bullet$",
    "†": r"$\dagger$",
    "°": r"$^{\circ}$",
    "…": r"\ldots{}",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "{''}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
}
ACCENTS = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327",
        ("`", "'", "^", "~", "=", "u", ".", '"', "r", "H", "v", "c"),
        strict=True,
    )
)
GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (\w+)$")
LIKE_LATIN = ["ALPHA", "BETA", "EPSILON", "ZETA", "ETA", "IOTA", "KAPPA", "MU", "NU", "OMICRON", "RHO", "TAU", "CHI"]
"""Greek capitals that TeX takes from the Latin alphabet."""
LATIN = "ABEZHIKMNOPTX"


def tex(text: str) -> str:
    """A text that means itself in LaTeX."""
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    # Two hyphens would become a dash.
    return re.sub("-(?=-)", "-{}", "".join(map(_character, line)))


def _character(character: str) -> str:
    if character in SYMBOLS:
        return SYMBOLS[character]
    if character.isascii():
        return character if character.isprintable() else ""
    return _greek(character) or _composed(character) or f"{{[}}U+{ord(character):04X}{{]}}"


def _greek(character: str) -> str:
    match = GREEK.match(unicodedata.name(character, "").replace("LAMDA", "LAMBDA"))
    if match is None:
        return ""
    size, name = match.groups()
    if size == "CAPITAL":
        return LATIN[LIKE_LATIN.index(name)] if name in LIKE_LATIN else rf"$\{name.capitalize()}$"
    return "o" if name == "OMICRON" else rf"$\{name.lower()}$"


def _composed(character: str) -> str:
    """A letter with an accent, a raised or lowered digit, or a character that stands for plainer ones."""
    kind, _, _ = unicodedata.decomposition(character).partition(" ")
    plain = unicodedata.normalize("NFKD", character)
    if len(plain) == 2 and plain[0].isascii() and plain[1] in ACCENTS:
        return rf"\{ACCENTS[plain[1]]}{{{plain[0]}}}"
    if kind in ("<super>", "<sub>") and plain.isascii():
        return f"${'^' if kind == '<super>' else '_'}{{{plain}}}$"
    return "".join(map(_character, plain)) if plain != character else ""

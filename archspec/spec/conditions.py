"""Conditions on a network, read from a line of text: `params <= 30M and stages.dim never shrinks`.

Costs are called `params`, `frozen_params`, `macs` and `activations`; a path names what stands at it, in every place
that has it; other words are texts. There are numbers (`30M`, `1/2`), `+ - * /`, comparisons (`1M <= params <= 30M`),
`and`, `or`, `not`, parentheses, `never shrinks` and `never grows` for what a path leads to from stage to stage, and the
functions `min`, `max`, `sum`, `first`, `last` of numbers, `count`, `any`, `all` of comparisons. A comparison with
several values holds where it holds for all of them. A condition tells by how much it is missed: 0 where it holds.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NoReturn

from archspec.errors import Mark, Problem, SpecError, near
from archspec.spec.arch import METADATA, Arch
from archspec.spec.comparing import (
    COMPARED,
    OF_COMPARISONS,
    OF_NUMBERS,
    SIGNS,
    TRENDS,
    Missed,
    Part,
    Token,
    Word,
    compared,
    joined,
)
from archspec.spec.cost import Cost
from archspec.spec.found import values_at
from archspec.spec.nodes import Node
from archspec.spec.proxies import proxies
from archspec.spec.scalars import read_scalar

MOST, SHOWN = 200, 120
"""Words and signs in a condition, and letters of it that messages show."""
NETWORK = tuple(name for name in Arch.model_fields if name not in METADATA)
COSTS = Cost._fields
TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?[KMGT]?)"
    r"|(?P<word>[A-Za-z_]\w*(?:\.(?:[0-9]+-[0-9]*|\w+))*)"
    r"|(?P<sign><=|>=|==|!=|[-+*/()<>,]))"
)


@dataclass(frozen=True)
class Condition:
    """A condition as it was written, and how to ask a network for it."""

    text: str
    missed_by: Callable[[Arch], float]
    """0 where a network meets it; else by how much it does not, as a share of what is asked for."""
    paths: tuple[str, ...] = ()
    """The paths it names."""
    costs: bool = True
    """Whether it asks for costs, for which the network has to be laid out."""
    mark: Mark | None = None
    words: tuple[tuple[str, Mark | None], ...] = ()
    """The texts that it compares with, and where they stand."""


def condition(node: Node) -> Condition:
    """The condition that a text states."""
    if not isinstance(node.value, str):
        message, hint = "a condition is a text", 'for example "params <= 30M and stages.dim never shrinks"'
        raise SpecError(Problem("ARC203", message, hint, mark=node.mark))
    parser = _Parser(node.value, node.mark)
    missed = parser.whole()
    words = tuple((token.text, parser.located(token)) for token in parser.words)
    about = tuple(parser.paths), parser.costs, node.mark, words
    return Condition(node.value, lambda arch: max(missed(arch), default=0.0), *about)


def asked(where: Node | None) -> list[Condition]:
    """The conditions of a `where`: one, or a list of them."""
    if where is None or where.value == "none":
        return []
    return [condition(one) for one in (where.items if where.is_list() else [where])]


class _Parser:
    """Reads a condition from left to right."""

    def __init__(self, text: str, mark: Mark | None) -> None:
        self.text, self.mark, self.paths, self.costs = text, mark, dict[str, None](), False
        self.words: list[Token] = []
        self.tokens = list(self._tokens())
        self.at = 0
        if len(self.tokens) > MOST:
            hint = "`where` takes a list of conditions"
            self._refuse(f"these are more than {MOST} words and signs", hint, self.tokens[MOST])

    def whole(self) -> Missed:
        """The whole text."""
        found = self._either()
        if self._token.kind != "end":
            self._fail(f"`{self._token.text}` cannot follow here")
        return found

    def _tokens(self) -> Iterator[Token]:
        start = 0
        while start < len(self.text.rstrip()):
            match = TOKEN.match(self.text, start)
            if match is None:
                there = start + len(self.text[start:]) - len(self.text[start:].lstrip())
                self._refuse(
                    f"`{self.text[there]}` means nothing in a condition", "", Token("", self.text[there], there)
                )
            kind = str(match.lastgroup)
            yield Token(kind, match[kind], match.start(kind))
            start = match.end()
        yield Token("end", "", len(self.text))

    @property
    def _token(self) -> Token:
        return self.tokens[self.at]

    def _takes(self, *texts: str) -> str:
        """The next token, where it is one of these; else nothing."""
        if self._token.text not in texts or self._token.kind == "end":
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text

    def _either(self) -> Missed:
        found = [self._both()]
        while self._takes("or"):
            found.append(self._both())
        if len(found) == 1:
            return found[0]
        return lambda arch: [min(max(one(arch), default=0.0) for one in found)]

    def _both(self) -> Missed:
        found = [self._negated()]
        while self._takes("and"):
            found.append(self._negated())
        return found[0] if len(found) == 1 else lambda arch: [by for one in found for by in one(arch)]

    def _negated(self) -> Missed:
        if not self._takes("not"):
            return self._comparison()
        found = self._negated()
        return lambda arch: [float(not max(found(arch), default=0.0))]

    def _comparison(self) -> Missed:
        if self._opens_condition():
            return self._enclosed()
        if self._token.text in ("any", "all") and self.tokens[self.at + 1].text == "(":
            among = OF_COMPARISONS[self._takes("any", "all")]
            found = self._enclosed()
            return lambda arch: [among(found(arch))]
        parts, signs = [self._sum()], list[str]()
        if self._takes("never"):
            return self._trend(parts[0])
        while sign := self._takes(*COMPARED):
            signs.append(sign)
            parts.append(self._sum())
        if not signs:
            self._fail("something is to be compared here", "for example `params <= 30M`")
        for left, sign, right in zip(parts, signs, parts[1:], strict=False):
            if sign not in ("==", "!="):
                _ = self._number(left), self._number(right)
        mark = self.located(self.tokens[self.at - 1])
        return lambda arch: [
            by for trio in zip(parts, signs, parts[1:], strict=False) for by in compared(arch, *trio, mark)
        ]

    def _trend(self, part: Part) -> Missed:
        name = self._takes(*TRENDS)
        if not name:
            self._fail("`never` is followed by `shrinks` or `grows`")
        right = TRENDS[name]
        return lambda arch: [float(not right(a, b)) for a, b in pairwise(part(arch).values())]

    def _opens_condition(self) -> bool:
        """Whether a parenthesis holds a condition rather than a number."""
        if self._token.text != "(":
            return False
        depth = 0
        for position in range(self.at, len(self.tokens)):
            text = self.tokens[position].text
            depth += (text == "(") - (text == ")")
            if depth == 1 and text in (*COMPARED, "and", "or", "not", "never"):
                return True
            if depth == 0:
                return False
        return False

    def _enclosed(self) -> Missed:
        self._expect("(")
        found = self._either()
        self._expect(")")
        return found

    def _sum(self) -> Part:
        found = self._product()
        while sign := self._takes("+", "-"):
            found = joined(SIGNS[sign], self._number(found), self._number(self._product()))
        return found

    def _product(self) -> Part:
        found = self._atom()
        while sign := self._takes("*", "/"):
            found = joined(SIGNS[sign], self._number(found), self._number(self._atom()))
        return found

    def _number(self, part: Part) -> Part:
        """A part that may be a number."""
        if isinstance(part, Word):
            self._unknown(part.token)
        return part

    def _atom(self) -> Part:
        token = self._token
        if self._takes("-"):
            return joined(operator.sub, lambda _: {None: 0}, self._number(self._atom()))
        if self._takes("("):
            found = self._sum()
            self._expect(")")
            return found
        if token.kind not in ("number", "word"):
            self._fail("a cost, a path or a number is missing here")
        self.at += 1
        if self._token.text == "(":
            return self._function(token)
        return self._value(token)

    def _value(self, token: Token) -> Part:
        """A number, a cost, what stands at a path, or a text."""
        name, root = token.text, token.text.split(".")[0]
        if name in COSTS:
            self.costs = True
            return lambda arch: {None: getattr(arch.layout.cost, name)}
        if root in NETWORK:
            self.paths[name] = None
            steps = tuple(name.split("."))
            return lambda arch: values_at(arch, steps)
        if name in proxies():
            hint = f"bound it: `constraints: {{{name}: {{min: …}}}}`"
            self._refuse(f"`{name}` is measured, and conditions ask for what is known without that", hint, token)
        value = read_scalar(name)
        if token.kind == "number":
            return lambda _: {None: value}
        if "." in name:
            self._unknown(token)
        self.words.append(token)
        return Word(value, token)

    def _unknown(self, token: Token) -> NoReturn:
        root = token.text.split(".")[0]
        self._refuse(f"`{root}` is neither a cost nor a part of an arch", near(root, (*COSTS, *NETWORK)), token)

    def _function(self, token: Token) -> Part:
        if token.text in OF_COMPARISONS:
            missed, among = self._enclosed(), OF_COMPARISONS[token.text]
            return lambda arch: {None: among(missed(arch))}
        if token.text not in OF_NUMBERS:
            self._refuse(
                f"there is no function `{token.text}`", near(token.text, (*OF_NUMBERS, *OF_COMPARISONS)), token
            )
        self._expect("(")
        parts = [self._sum()]
        while self._takes(","):
            parts.append(self._sum())
        self._expect(")")
        reduce = OF_NUMBERS[token.text]
        # Of nothing nothing is said.
        return lambda arch: {None: reduce(f)} if (f := [v for part in parts for v in part(arch).values()]) else {}

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            self._fail(f"a `{text}` is missing here")

    def _fail(self, message: str, hint: str = "") -> NoReturn:
        self._refuse(message, hint, self._token)

    def _refuse(self, message: str, hint: str, token: Token) -> NoReturn:
        said = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]} …"
        raise SpecError(Problem("ARC203", f"{message}, in `{said}`", hint, mark=self.located(token)))

    def located(self, token: Token) -> Mark | None:
        """Where a token stands, if the condition stands on one line as it is."""
        start = self.mark.text.find(self.text) if self.mark else -1
        if self.mark is None or start < 0:
            return self.mark
        return replace(self.mark, column=start + token.start + 1, length=max(1, len(token.text)))

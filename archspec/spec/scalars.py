"""How a bare word of a document is read: YAML 1.2, and the numbers that papers write (`26M`, `1/2`)."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SUFFIXES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"[-+]?[0-9]+/[1-9][0-9]*")
_PRINTED = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGT])")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


class Printed(float):
    """A number as a paper prints it: `26M` is 26,000,000 to the nearest million."""

    text: str
    half_unit: float
    """Half of the last digit printed: how far the true number may lie away."""

    def __new__(cls, text: str) -> Self:
        """The number that a text such as `26M` stands for."""
        match = _PRINTED.fullmatch(text)
        digits, unit = (match[1], SUFFIXES[match[2]]) if match else (text, 1)
        number = super().__new__(cls, Decimal(digits) * unit)
        number.text = text
        number.half_unit = 0.5 * unit * 10.0 ** -len(digits.partition(".")[2])
        return number

    def __repr__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Printed], tuple[str]]:
        return Printed, (self.text,)

    def agrees(self, exact: float) -> bool:
        """Whether an exact number rounds to what is printed."""
        return abs(exact - self) <= self.half_unit * (1 + 1e-9)

    @classmethod
    def _read(cls, value: Any) -> Printed:
        if isinstance(value, Printed):
            return value
        words = {"value": str(value)[:40], "hint": "write it as it is printed, for example 26M or 4.1G"}
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise PydanticCustomError("ARC104", "this is not a number", words)
        try:
            return cls(str(value))
        except ArithmeticError:
            raise PydanticCustomError("ARC104", "`{value}` is not a number", words) from None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(repr)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[0-9.]+[KMGT]?$"}]}


def read_scalar(text: str) -> str | int | float | bool | None:
    """The value of an unquoted word."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _PRINTED.fullmatch(text):
        return Printed(text)
    if _FRACTION.fullmatch(text):
        value = Fraction(text)
        return int(value) if value.denominator == 1 else float(value)
    return int(text, 0) if _BASED.fullmatch(text) else text

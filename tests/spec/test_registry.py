"""Which kinds there are."""

from __future__ import annotations

from tests.records.samples import python, said

OWN_FAMILY = """
    import sys, types

    alone = types.ModuleType("alone")
    sys.modules["alone"] = alone
    exec("from archspec.spec.base import Spec\\nclass Own(Spec, family='owns'): pass", alone.__dict__)

    import archspec
    print(archspec.load("vit_tiny").arch)
"""


def test_a_family_of_somebody_elses_may_stand_anywhere() -> None:
    assert said(python(OWN_FAMILY)) == "vit_tiny"

"""docs/hazards.md: every hazard has a row, every test that a row names exists, and some test names each of ours."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (?P<hazard>H\d+) \| [^|]+ \| [^|]+ \|(?P<tests>[^|]*)\|$", re.MULTILINE)
ROWS = {m["hazard"]: re.findall(r"`(\w+)`", m["tests"]) for m in ROW.finditer((ROOT / "docs/hazards.md").read_text())}
OURS = [*range(1, 16), 24, 27, 28, 31, 32, *range(38, 47)]
"""The hazards of the mirror and of writes."""


def named():
    """Return {name: docstring} of every test; of tests that share a name, their docstrings in one."""
    found = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[node.name] = f"{found.get(node.name, '')} {ast.get_docstring(node)}"
    return found


TESTS = named()


def test_every_hazard_has_a_row():
    """In order."""
    assert [f"H{number}" for number in range(1, 47)] == list(ROWS)


@pytest.mark.parametrize("hazard", ROWS)
def test_the_tests_of_a_hazard_exist(hazard):
    """A page that names what is gone would be worse than none."""
    assert [] == [name for name in ROWS[hazard] if name not in TESTS]


@pytest.mark.parametrize("number", OURS)
def test_a_test_says_that_it_is_for_this_hazard(number):
    """Whoever breaks it reads why it matters."""
    mentioned = re.compile(rf"\bH{number}\b")

    assert any(mentioned.search(TESTS[name]) for name in ROWS[f"H{number}"])

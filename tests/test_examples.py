"""The examples of docs/examples, as a reader has them: small, and every one run by its own tests."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
CONTROLLERS = sorted(EXAMPLES.glob("[0-9]*.py"))


@pytest.mark.parametrize("path", CONTROLLERS, ids=lambda path: path.stem)
def test_an_example_fits_on_a_screen(path):
    """Under fifty lines, none of them wide."""
    lines = path.read_text().splitlines()

    assert len(lines) < 50
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("path", CONTROLLERS, ids=lambda path: path.stem)
def test_an_example_passes_its_own_tests(path):
    """Run as a reader would run them."""
    tests = EXAMPLES / f"test_{path.name}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", f"pythonpath=. {EXAMPLES}", tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout

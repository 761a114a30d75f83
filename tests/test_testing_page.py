"""docs/testing.md, run as its reader would: each block is a test file of a project that has only levelset installed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from controller.commands.serve import serve

PAGE = (Path(__file__).parent.parent / "docs" / "testing.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_passes(number, tmp_path):
    """In a folder of its own, with the plugin found by its entry point."""
    (tmp_path / "test_page.py").write_text(BLOCKS[number])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout
    assert "passed" in done.stdout


def test_every_flag_of_serve_is_on_the_page():
    """And no other."""
    flags = {option.opts[0] for option in serve.params}
    table = "".join(line for line in PAGE.splitlines() if line.startswith("| `--"))

    assert flags == set(re.findall(r"`(--[\w-]+)", table))

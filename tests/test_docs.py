"""What the pages show is true: every Python block in README and docs compiles, every local link leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
class TestPage:
    def test_python_blocks_compile(self, page):
        """No example has a typing error in its grammar."""
        for number, block in enumerate(BLOCK.findall(page.read_text())):
            compile(block, f"{page.name} block {number}", "exec")

    def test_local_links_lead_somewhere(self, page):
        """No link is broken."""
        assert [] == [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]

    def test_it_speaks_of_the_project_alone(self, page):
        """No machine's paths on any page."""
        assert not re.search(r"/(root|home|work)/", page.read_text())


@pytest.mark.parametrize(
    ("page", "example"),
    [
        ("README.md", "01_configmap_copier.py"),
        ("docs/controllers.md", "03_expiring_configmaps.py"),
        ("docs/controllers.md", "04_first_seen.py"),
    ],
)
def test_a_page_shows_the_example_that_the_tests_run(page, example):
    """Whole, and not as it once was."""
    assert (ROOT / "docs" / "examples" / example).read_text().rstrip() in (ROOT / page).read_text()

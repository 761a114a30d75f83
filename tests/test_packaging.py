"""The wheel: exactly the three packages, typed, with the command and the data they need."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy of what git tracks and open it."""
    out = tmp_path_factory.mktemp("wheel")
    source = out / "source"
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    with zipfile.ZipFile(next(out.glob("*.whl"))) as opened:
        yield opened


def test_the_top_level_holds_exactly_the_three_packages(wheel):
    """Nothing else lands in a user's site-packages."""
    tops = {name.split("/")[0] for name in wheel.namelist() if ".dist-info" not in name}

    assert {"controller", "informers", "reconcilers"} == tops


def test_every_package_is_typed(wheel):
    """A type checker sees all of it."""
    assert {"controller/py.typed", "informers/py.typed", "reconcilers/py.typed"} <= set(wheel.namelist())


def test_the_recorded_schemas_travel_along(wheel):
    """The in-memory cluster works from an installed wheel."""
    assert any(name.endswith(".json.gz") for name in wheel.namelist())
    assert all(f"{p}/__init__.py" in wheel.namelist() for p in ("informers/testing", "controller/testing"))


def test_the_command_is_installed(wheel):
    """`levelset` is a console script."""
    entry = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))

    assert "levelset = controller.cli:main" in wheel.read(entry).decode()

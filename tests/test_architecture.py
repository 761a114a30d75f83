"""The house stands as docs/architecture.md draws it: the page is the plan, and this test reads it."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("informers", "controller", "reconcilers")
SEAM = {"threading", "time", "random", "uuid", "queue", "concurrent", "multiprocessing", "sched"}
MODULE_LINES, FUNCTION_LINES = 300, 60
ROOM = re.compile(r"^\| `(?P<name>[\w.*]+)` \| (?P<rank>\d+) \| [^|]+ \| (?P<doors>[^|]*) \|$", re.MULTILINE)


def rooms():
    """Return {module pattern: (rank, doors)} as the page has them."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    return {m["name"]: (int(m["rank"]), set(re.findall(r"`([\w.]+)`", m["doors"]))) for m in ROOM.finditer(text)}


ROOMS = rooms()


def name_of(path):
    """Return the dotted name of a module file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def room_of(module):
    """Return the (rank, doors) of a module: its own row, or the longest `package.*` row that covers it."""
    if module in ROOMS:
        return ROOMS[module]
    covering = [name for name in ROOMS if name.endswith(".*") and module.startswith(name[:-1])]
    return ROOMS[max(covering, key=len)] if covering else None


def imports_of(path):
    """Yield (dotted name, whether it costs at run time) of everything a module imports."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert 0 == node.level, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield name, id(node) not in typing_only


def module_named(name):
    """Return our module that an imported name lives in, or None when it is not ours."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_room(module):
    """The page lists every module, so that a newcomer finds it."""
    assert room_of(module), f"add {module} to the table in docs/architecture.md"


def test_every_room_is_inhabited():
    """The page lists no module that is gone."""
    gone = [name for name in ROOMS if not name.endswith(".*") and name not in MODULES]

    assert [] == gone


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downwards(module):
    """At run time a module imports only modules of a smaller rank: no cycles, no way back up."""
    rank = room_of(module)[0]
    targets = {module_named(name) for name, costs in imports_of(MODULES[module]) if costs} - {None, module}

    assert [] == sorted(f"{target} (rank {room_of(target)[0]})" for target in targets if room_of(target)[0] >= rank)


@pytest.mark.parametrize("module", MODULES)
def test_packages_are_stacked(module):
    """Even for the type checker alone, informers know nothing of controllers, nor controllers of reconcilers."""
    above = {"informers": ("controller", "reconcilers"), "controller": ("reconcilers",), "reconcilers": ()}
    package = module.split(".")[0]

    assert not [name for name, _ in imports_of(MODULES[module]) if name.split(".")[0] in above[package]]


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("reconcilers")])
def test_reconcilers_use_only_public_faces(module):
    """The bundled controllers stand where a user's package stands."""
    for name, _ in imports_of(MODULES[module]):
        target = module_named(name) or ""
        if not target.startswith("reconcilers"):
            assert target in ("", "informers", "controller"), f"{module} reaches into {target}"


@pytest.mark.parametrize("module", MODULES)
def test_third_party_packages_enter_by_one_door(module):
    """Each foreign import happens only in the modules whose row names it."""
    doors = {door for _, listed in ROOMS.values() for door in listed}
    mine = room_of(module)[1]
    for name, costs in imports_of(MODULES[module]):
        top = name.split(".")[0]
        if top in doors and costs:
            assert top in mine, f"{module} imports {top}; its doors are {sorted(mine)}"


@pytest.mark.parametrize("module", [name for name in MODULES if name != "informers.runtime"])
def test_only_the_runtime_meets_time_chance_and_threads(module):
    """Everything else takes a Runtime."""
    met = {name.split(".")[0] for name, _ in imports_of(MODULES[module])} & SEAM

    assert set() == met


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_one_idea(module):
    """No module grows past its bound, nor does a function."""
    path = MODULES[module]
    tree = ast.parse(path.read_text())
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]

    assert len(path.read_text().splitlines()) <= MODULE_LINES
    assert [] == long
    assert ast.get_docstring(tree), f"{module} has no plaque"


@pytest.mark.parametrize("module", MODULES)
def test_every_class_with_state_says_which_threads_may_use_it(module):
    """Private ones as well; exceptions belong to whoever catches them."""
    silent = [
        node.name
        for node in ast.walk(ast.parse(MODULES[module].read_text()))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)
        and "Threads:" not in (ast.get_docstring(node) or "")
    ]

    assert [] == [name for name in silent if not issubclass(getattr(import_module(module), name), Exception)]

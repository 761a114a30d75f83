"""The public face: what the façades export is deliberate, sorted and documented."""

import importlib
import inspect
import pydoc

import pytest

FACADES = ("informers", "informers.testing", "controller", "controller.testing", "reconcilers")


@pytest.mark.parametrize("name", FACADES)
class TestFacade:
    def test_exports_are_there_once(self, name):
        """Every name of `__all__` is there, and none is listed twice; ruff keeps the order."""
        facade = importlib.import_module(name)

        assert len(set(facade.__all__)) == len(facade.__all__)
        assert [] == [export for export in facade.__all__ if not hasattr(facade, export)]

    def test_every_export_is_documented(self, name):
        """Every public class and function says what it is."""
        facade = importlib.import_module(name)
        things = {export: getattr(facade, export) for export in facade.__all__}
        own = {export: thing for export, thing in things.items() if inspect.isclass(thing) or inspect.isfunction(thing)}

        assert [] == [export for export, thing in own.items() if not inspect.getdoc(thing)]

    def test_every_export_can_be_looked_at(self, name):
        """`help` of the package works: no signature names what is not there."""
        assert pydoc.render_doc(importlib.import_module(name))
        for thing in vars(importlib.import_module(name)).values():
            if inspect.isclass(thing) and not issubclass(thing, Exception | type | dict | str):
                assert pydoc.render_doc(thing)

    def test_the_plaque_is_a_map(self, name):
        """The package docstring is a map of the room."""
        assert len(importlib.import_module(name).__doc__.splitlines()) >= 3


@pytest.mark.parametrize("name", FACADES)
def test_classes_with_state_say_which_threads_may_use_them(name):
    """Every public class that keeps state ends with a `Threads:` line."""
    facade = importlib.import_module(name)
    silent = [
        export
        for export in facade.__all__
        if inspect.isclass(thing := getattr(facade, export))
        and thing.__module__.split(".")[0] in ("informers", "controller", "reconcilers")
        and "__init__" in vars(thing)
        and not issubclass(thing, Exception)
        and not getattr(thing, "_is_protocol", False)
        and "Threads:" not in (thing.__doc__ or "")
        and not hasattr(thing, "__dataclass_fields__")
    ]

    assert [] == silent

"""The controllers that travel with the distribution, by name.

They live above this package, so they are named here as text and imported when asked for: imports keep pointing
downwards, and nobody pays for a controller they do not run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.manager import Manager

    Setup: TypeAlias = Callable[[Manager], Any]

__all__ = ["BUNDLED", "complete", "setup_named"]

BUNDLED = {"memcached": "reconcilers.memcached:setup"}
"""Name on the command line to `module:function`."""


def complete(_context: object, _parameter: object, incomplete: str) -> list[str]:
    """Return the names that a shell may put in the place of `incomplete`; the signature is click's."""
    return [name for name in sorted(BUNDLED) if name.startswith(incomplete)]


def setup_named(name: str) -> Setup:
    """Return the `setup(manager)` function that `name` stands for: a bundled controller's name, or `module:function`.

    Raises:
        LookupError: There is no such controller, module or function; the message lists what there is.
    """
    target = BUNDLED.get(name, name)
    module, colon, function = target.partition(":")
    if not colon:
        known = ", ".join(sorted(BUNDLED))
        raise LookupError(f"no controller is called {name!r}; there is {known}, or name your own as module:setup")
    try:
        setup: Setup = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(error.name + ".")):
            raise LookupError(f"there is no module {module!r}; is it installed or in the working directory?") from error
        raise
    except AttributeError as error:
        raise LookupError(f"module {module!r} has no function {function!r}") from error
    return setup

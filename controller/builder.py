"""A controller in a few words: what it is for, what it owns, what else it watches.

    Builder(manager).for_(Memcached).owns(("apps/v1", "Deployment")).complete(MemcachedReconciler(manager))

The builder only puts together what `controller.loop`, `.sources` and `.handlers` offer; it MUST NOT have a power that
they lack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

from controller.handlers import enqueue_owner, enqueue_self
from controller.loop import Controller
from controller.sources import KindSource
from informers.api.errors import LevelsetError
from informers.api.resource import Resource, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.handlers import Mapper
    from controller.loop import ControllerOptions
    from controller.observe import ControllerObserver
    from controller.predicates import Predicate
    from controller.request import ReconcileFunction, Reconciler
    from controller.sources import Source
    from informers.api.discovery import Discovery
    from informers.api.resource import KindLike
    from informers.cache import Cache
    from informers.runtime import Runtime

__all__ = ["Builder", "Host"]


class Defaults(Protocol):
    """What controllers have in common unless they say otherwise."""

    def of_controller(self, name: str, changes: dict[str, Any]) -> ControllerOptions:
        """Return the options of one controller that differs in `changes`."""
        ...


class Host(Protocol):
    """What a controller needs around it: a `Manager`, or a stand-in."""

    @property
    def runtime(self) -> Runtime:
        """Time and threads."""
        ...

    @property
    def cache(self) -> Cache:
        """Has the informers."""
        ...

    @property
    def discovery(self) -> Discovery:
        """Knows which kinds live in namespaces."""
        ...

    @property
    def observe(self) -> ControllerObserver:
        """Hears what the controller does."""
        ...

    @property
    def options(self) -> Defaults:
        """What its controllers have in common."""
        ...

    def add(self, runnable: Controller, /) -> object:
        """Start and stop the controller along with everything else; raises ValueError when its name is taken."""
        ...


class Builder:
    """Collects what a controller watches; `complete` makes it and hands it to the manager.

    Args:
        manager: What the controller will live in.

    Threads: one owner thread, the one that sets the program up.
    """

    def __init__(self, manager: Host) -> None:
        self._manager = manager
        self._for: KindLike | None = None
        self._owned: list[tuple[KindLike, tuple[Predicate, ...], bool]] = []
        self._watched: list[tuple[KindLike, Mapper, tuple[Predicate, ...]]] = []
        self._sources: list[Source] = []
        self._filters: tuple[Predicate, ...] = ()
        self._name = ""
        self._options: dict[str, Any] = {}

    def for_(self, kind: KindLike, *, predicates: Iterable[Predicate] = ()) -> Self:
        """Reconcile the objects of this kind.

        Args:
            kind: What the requests name. Its name in lower case becomes the controller's, unless `named` says more.
            predicates: Which events of them matter; all must agree.

        Raises:
            ValueError: It was called before; a controller is for one kind.
        """
        if self._for is not None:
            raise ValueError(f"for_() may be called once: {kind_of(kind)} after {kind_of(self._for)}")
        self._for = kind
        self._watched.insert(0, (kind, enqueue_self, tuple(predicates)))
        return self

    def owns(self, kind: KindLike, *, predicates: Iterable[Predicate] = (), match_every_owner: bool = False) -> Self:
        """Reconcile the owner of an object of this kind when the object changes.

        Args:
            kind: What the reconciler makes.
            predicates: Which events of them matter; all must agree.
            match_every_owner: Whether every owner reference to the kind of `for_` counts, not only the managing one.
        """
        self._owned.append((kind, tuple(predicates), match_every_owner))
        return self

    def watches(self, kind: KindLike, mapper: Mapper, *, predicates: Iterable[Predicate] = ()) -> Self:
        """Reconcile whatever `mapper` returns for an event of this kind, such as `enqueue_mapped(function)`."""
        self._watched.append((kind, mapper, tuple(predicates)))
        return self

    def watches_source(self, source: Source) -> Self:
        """Reconcile what this source adds; `with_event_filter` does not apply to it."""
        self._sources.append(source)
        return self

    def with_event_filter(self, *predicates: Predicate) -> Self:
        """Let only those events of all kinds count that these predicates pass; they are asked first."""
        self._filters += predicates
        return self

    def named(self, name: str) -> Self:
        """Call the controller this: in metrics, log lines, threads and status pages. Unique within the manager."""
        self._name = name
        return self

    def with_options(self, **options: Any) -> Self:
        """Differ from the program's options in these fields of `ControllerOptions`; called again, in these as well."""
        self._options |= options
        return self

    def complete(self, reconciler: Reconciler | ReconcileFunction) -> Controller:
        """Make the controller and add it to the manager, which starts it.

        Raises:
            ValueError: Something is missing or taken; the message says what to call.
            TypeError: `reconciler` is none, or `with_options` named something that is no option.
        """
        name = self._checked_name()
        manager, kind = self._manager, self._for
        controller = Controller(
            name,
            reconciler,
            runtime=manager.runtime,
            kind=None if kind is None else kind_of(kind),
            observe=manager.observe,
            options=manager.options.of_controller(name, self._options),
        )
        for watched, mapper, predicates in self._watched:
            controller.watch(self._source(watched, mapper, predicates))
        for owned, predicates, every in self._owned:
            if kind is not None:
                mapper = enqueue_owner(kind, only_controller=not every, namespaced=_scope(manager, kind))
                controller.watch(self._source(owned, mapper, predicates))
        for source in self._sources:
            controller.watch(source)
        manager.add(controller)
        return controller

    def _source(self, kind: KindLike, mapper: Mapper, predicates: tuple[Predicate, ...]) -> KindSource:
        manager = self._manager
        every = (*self._filters, *predicates)
        return KindSource(manager.cache, kind, mapper, predicates=every, observe=manager.observe)

    def _checked_name(self) -> str:
        if self._owned and self._for is None:
            raise ValueError("owns() works only together with for_(): call for_(kind) with the kind of the owners")
        if not self._watched and not self._sources:
            raise ValueError(
                "nothing to watch, so the controller would never be called: use for_(), watches() or watches_source()"
            )
        if self._for is None and not self._name:
            raise ValueError("the controller has no name: call for_(kind) or named(name)")
        return self._name or kind_of(self._for or ("", "")).kind.lower()


def _scope(manager: Host, kind: KindLike) -> bool | Callable[[], bool | None]:
    """Return whether a kind lives in namespaces, or a function that finds out; None while that cannot be told."""
    if isinstance(kind, type) and issubclass(kind, Resource):
        return kind.namespaced
    known: list[bool] = []

    def ask() -> bool | None:
        if not known:
            try:
                known.append(manager.discovery.resource(kind).namespaced)
            except LevelsetError:
                return None
        return known[0]

    return ask

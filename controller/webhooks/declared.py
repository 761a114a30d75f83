"""Webhooks as values: which handler is asked about which writes of which kind.

    WEBHOOKS = (
        defaulting(Memcached, pin_the_image),
        validating(Memcached, refuse_halving, operations=("UPDATE",)),
        converting(MemcachedV1Alpha1, Memcached, up=from_alpha, down=to_alpha),
    )

The server runs what is declared, and `levelset manifests webhooks` prints what the cluster must know of it: one source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

from informers.api.resource import KindLike, Resource, kind_of

if TYPE_CHECKING:
    from controller.webhooks.review import Review
    from informers.api.objects import GroupVersionKind, Obj

__all__ = [
    "AdmissionHandler",
    "AdmissionHook",
    "ConversionHook",
    "Hook",
    "Matching",
    "converting",
    "defaulting",
    "validating",
]

R = TypeVar("R", bound=Resource[Any, Any])
A = TypeVar("A", bound=Resource[Any, Any])
B = TypeVar("B", bound=Resource[Any, Any])

AdmissionHandler: TypeAlias = "Callable[[Review[Any]], object]"
"""Looks at a `Review`. It refuses by raising `Denied` (or an `ApiError` with a code of its own), warns by
`Review.warn`, and, when it defaults, changes `Review.object` in place. It runs on a thread of its own, several at a
time."""

OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """Which writes the API server asks about, and what it does when it gets no answer."""

    operations: tuple[str, ...] = ("CREATE", "UPDATE")
    """CREATE, UPDATE, DELETE, CONNECT."""
    subresources: tuple[str, ...] = ()
    """Asked about as well, such as `status`; by default the object itself alone."""
    plural: str = ""
    """The resource's name in URLs, where the kind is not a `Resource` class; empty guesses it."""
    failure_policy: Literal["Fail", "Ignore"] = "Fail"
    """Whether a write is refused or goes through unseen while nobody answers."""
    timeout: int = 10
    """Seconds that the API server waits, 1 to 30; every such write may take as long."""
    namespace_selector: Obj | None = None
    """A LabelSelector of namespaces; None means all. Leave your own out when the webhook is about Pods, or it cannot
    come up again."""
    object_selector: Obj | None = None
    """A LabelSelector of objects; None means all."""
    conditions: tuple[tuple[str, str], ...] = ()
    """Pairs of a name and a CEL expression that must all be true, evaluated by the API server (1.28 and later)."""

    def __post_init__(self) -> None:
        if unknown := set(self.operations) - set(OPERATIONS):
            raise ValueError(f"operations={sorted(unknown)}: only {', '.join(OPERATIONS)}")
        if self.failure_policy not in ("Fail", "Ignore"):
            raise ValueError(f"failure_policy={self.failure_policy!r} is neither Fail nor Ignore")
        if not 1 <= self.timeout <= 30:
            raise ValueError(f"timeout={self.timeout} is not between 1 and 30 seconds")


@dataclass(frozen=True, slots=True)
class AdmissionHook:
    """One handler that is asked about writes of one kind.

    Threads: immutable.
    """

    kind: KindLike
    handler: AdmissionHandler
    mutating: bool
    matching: Matching = field(default_factory=Matching)

    @property
    def gvk(self) -> GroupVersionKind:
        """The kind."""
        return kind_of(self.kind)

    @property
    def path(self) -> str:
        """Where it is served: controller-runtime's scheme, `/validate-apps-v1-deployment`."""
        group, version, kind = self.gvk
        verb = "mutate" if self.mutating else "validate"
        return f"/{verb}-{group.replace('.', '-')}-{version}-{kind.lower()}"

    @property
    def name(self) -> str:
        """Its name in the configuration, three parts at least as the API server wants it."""
        group, version, kind = self.gvk
        return f"{'mutate' if self.mutating else 'validate'}.{kind.lower()}.{version}.{group or 'core'}"

    @property
    def plural(self) -> str:
        """The resource's name in URLs."""
        known = self.kind.plural if isinstance(self.kind, type) else f"{self.gvk.kind.lower()}s"
        return self.matching.plural or known


@dataclass(frozen=True, slots=True)
class ConversionHook:
    """Two versions of one custom resource, and the way from each to the other.

    Threads: immutable.
    """

    old: type[Resource[Any, Any]]
    new: type[Resource[Any, Any]]
    up: Callable[[Any], Resource[Any, Any]]
    down: Callable[[Any], Resource[Any, Any]]

    path = "/convert"


Hook: TypeAlias = AdmissionHook | ConversionHook


@overload
def defaulting(kind: type[R], handler: Callable[[Review[R]], object], **matching: Any) -> AdmissionHook: ...
@overload
def defaulting(kind: KindLike, handler: Callable[[Review[Obj]], object], **matching: Any) -> AdmissionHook: ...
def defaulting(kind: KindLike, handler: Callable[[Review[Any]], object], **matching: Any) -> AdmissionHook:
    """Let `handler` fill in what users left out; keywords as in `Matching`. It MUST come to the same when called twice.

    Raises:
        ValueError: A keyword has a value that the API server would refuse.
    """
    return AdmissionHook(kind, handler, mutating=True, matching=Matching(**matching))


@overload
def validating(kind: type[R], handler: Callable[[Review[R]], object], **matching: Any) -> AdmissionHook: ...
@overload
def validating(kind: KindLike, handler: Callable[[Review[Obj]], object], **matching: Any) -> AdmissionHook: ...
def validating(kind: KindLike, handler: Callable[[Review[Any]], object], **matching: Any) -> AdmissionHook:
    """Let `handler` refuse writes, after all defaulting; keywords and errors as for `defaulting`."""
    return AdmissionHook(kind, handler, mutating=False, matching=Matching(**matching))


def converting(old: type[A], new: type[B], *, up: Callable[[A], B], down: Callable[[B], A]) -> ConversionHook:
    """Let the API server serve and store two versions of a custom resource; `new` is the one that is stored.

    Spec, status, labels and annotations are the functions' business; all other metadata is carried over for them. What
    goes up and down again MUST come back as it was: keep what the other version cannot say in an annotation.

    Raises:
        ValueError: They are not two versions of one kind.
    """
    if old.gvk[::2] != new.gvk[::2] or old.gvk == new.gvk:
        raise ValueError(f"{old.gvk} and {new.gvk} are not two versions of one kind")
    return ConversionHook(old, new, up, down)

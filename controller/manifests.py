"""`levelset manifests`: what a cluster needs to know of a controller, printed as YAML.

Everything is generated from code: the CRD from the type, the roles from what the controller says it does. Equal code
gives equal text, so the files of a repository can be compared with it by a test.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from controller.bundled import BUNDLED
from controller.permissions import Identity, controller_roles, user_roles
from controller.webhooks.configuration import ClientConfig, at_service, configurations, converted_crds
from controller.workload import deployment, namespace, webhook_certificate, webhook_service
from informers.api.resource import Resource
from informers.api.schema import crd_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from controller.webhooks.declared import Hook
    from informers.api.objects import Obj

__all__ = ["dump", "manifests"]


class _Dumper(yaml.SafeDumper):
    """Writes every value where it stands."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is yaml's
        """Never use anchors: kubectl understands them, people do not."""
        return True


def dump(objects: Iterable[Obj], *, header: str = "") -> str:
    """Return objects as YAML documents, keys in their order."""
    texts = [yaml.dump(obj, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True) for obj in objects]
    return (f"# {header}\n" if header else "") + "---\n".join(texts)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a module has to say: its kinds and its permissions.

    Threads: immutable.
    """

    name: str
    """As on the command line."""
    kinds: tuple[type[Resource[Any, Any]], ...]
    """The typed kinds it holds, in the order of their names."""
    permissions: tuple[Obj, ...]
    """Its `PERMISSIONS`."""
    identity: Identity
    """Who it is in a cluster; made up from the first kind."""
    hooks: tuple[Hook, ...] = ()
    """Its `WEBHOOKS`."""
    authority: bytes = b""
    """The PEM by which the API server trusts its webhooks; empty where somebody else says it."""
    cert_manager: bool = False
    """Whether cert-manager makes their certificate, and says whom to trust."""

    @classmethod
    def named(
        cls, name: str, *, where: str | None = None, ca_file: str | None = None, cert_manager: bool = False
    ) -> Subject:
        """Read `module` or `module:Class`.

        Args:
            name: As on the command line.
            where: The namespace to run in; None for the usual one.
            ca_file: Holds `authority`; None for none.
            cert_manager: See `Subject.cert_manager`.

        Raises:
            click.ClickException: There is no such module or class, or it holds no kind.
        """
        target, _, wanted = name.partition(":")
        module = _imported(target)
        found = {thing for thing in vars(module).values() if _is_kind(thing) and wanted in ("", thing.__name__)}
        kinds = tuple(sorted(found, key=lambda kind: (kind.gvk, kind.__name__)))
        if not kinds:
            raise click.ClickException(f"{name} holds no kind: define or import a subclass of informers.Resource there")
        operator = f"{kinds[0].gvk.kind.lower()}-operator"
        lease = f"levelset-{kinds[0].gvk.kind.lower()}"
        identity = Identity(name=operator, namespace=where or f"{operator}-system", lease=lease)
        said = (tuple(getattr(module, name, ())) for name in ("PERMISSIONS", "WEBHOOKS"))
        permissions, hooks = said
        authority = Path(ca_file).read_bytes() if ca_file else b""
        return cls(name, kinds, permissions, identity, hooks, authority, cert_manager)

    @property
    def controllers(self) -> list[str]:
        """What `levelset run` calls its controller: the name of a bundled one, or `module:setup`."""
        module = self.name.partition(":")[0]
        bundled = [short for short, target in BUNDLED.items() if target.partition(":")[0] == module]
        return bundled or [f"{module}:setup"]

    def crds(self) -> list[Obj]:
        """Return the CRDs of its kinds, one for all versions of a kind.

        Raises:
            click.ClickException: A kind has several versions, and nobody converts them.
        """
        made = {crd["metadata"]["name"]: crd for crd in self.converted()}
        converted = set(made)
        wanted: dict[str, Obj] = {}
        for crd in map(crd_of, self.kinds):
            name = crd["metadata"]["name"]
            if name in wanted and name not in converted:
                raise click.ClickException(
                    f"{self.name} has several versions of {name}, and nobody converts them: declare "
                    f"converting(Old, New, up=..., down=...) in WEBHOOKS, or name one class, such as {self.name}:Kind"
                )
            wanted[name] = made.get(name, crd)
        return list(wanted.values())

    def converted(self) -> list[Obj]:
        """Return the CRDs that its webhooks convert."""
        try:
            return self._trusted(converted_crds(self.hooks, where=self._address()))
        except ValueError as error:
            raise click.ClickException(str(error)) from error

    def serving(self) -> list[Obj]:
        """Return what serving its webhooks needs: the Service, and the certificate if cert-manager makes it."""
        certificate = webhook_certificate(self.identity) if self.cert_manager else []
        return [webhook_service(self.identity), *certificate] if self.hooks else []

    def configurations(self) -> list[Obj]:
        """Return the configurations of its admission webhooks.

        Raises:
            click.ClickException: Two webhooks have one path.
        """
        try:
            return self._trusted(configurations(self.hooks, name=self.identity.name, where=self._address()))
        except ValueError as error:
            raise click.ClickException(str(error)) from error

    def webhooks(self) -> list[Obj]:
        """Return the Service of its webhooks, their configurations, and the CRDs that it converts.

        Raises:
            click.ClickException: It declares no webhook, or what it declares does not fit together.
        """
        if not self.hooks:
            raise click.ClickException(
                f"{self.name} has no WEBHOOKS: declare them there, such as "
                "WEBHOOKS = (validating(MyKind, my_function),)"
            )
        return [*self.serving(), *self.configurations(), *self.converted()]

    def _address(self) -> ClientConfig:
        who = self.identity
        return at_service(f"{who.name}-webhooks", who.namespace, authority=self.authority)

    def _trusted(self, objects: Iterable[Obj]) -> list[Obj]:
        who = self.identity
        said = {"cert-manager.io/inject-ca-from": f"{who.namespace}/{who.name}-webhooks"} if self.cert_manager else {}
        return [{**obj, "metadata": {**obj["metadata"], "annotations": said}} if said else obj for obj in objects]

    def running(self, image: str) -> Obj:
        """Return the Deployment that runs its controllers."""
        return deployment(self.identity, image=image, controllers=self.controllers, webhooks=bool(self.hooks))

    def roles(self) -> list[Obj]:
        """Return the roles of its controller and of its users.

        Raises:
            click.ClickException: It does not say what its controller does, or asks for too much.
        """
        if not self.permissions:
            raise click.ClickException(
                f"{self.name} has no PERMISSIONS: list the policy rules its controller needs, "
                '{"apiGroups": [...], "resources": [...], "verbs": [...]} each'
            )
        try:
            mine = controller_roles(self.identity, self.permissions)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        once = {(kind.gvk.group, kind.plural): kind for kind in self.kinds}  # versions share their roles
        return mine + [role for kind in once.values() for role in user_roles(kind)]


def _imported(name: str) -> ModuleType:
    sys.path.append(os.getcwd())  # last, so that a user's controller.py does not take the place of ours
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise click.ClickException(
                f"there is no module {name!r}; is it installed or in the working directory?"
            ) from error
        raise
    finally:
        sys.path.pop()


def _is_kind(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Resource) and hasattr(thing, "gvk")


# --- Commands ---


@click.group()
def manifests() -> None:
    """Print what a cluster needs: CRDs, RBAC, Deployments.

    MODULE holds the kinds, such as reconcilers.memcached; MODULE:Class means one of them.
    """


_module = click.argument("module")
_where = click.option("--namespace", "where", help="Where the controller runs; <kind>-operator-system if not given.")
_image = click.option("--image", default="levelset:latest", show_default=True, help="Image of the controller.")
_pem = click.Path(exists=True, dir_okay=False)
_ca_file = click.option("--ca-file", type=_pem, help="PEM file of the authority of the webhooks' certificate.")
_cert_manager = click.option("--cert-manager", is_flag=True, help="Let cert-manager make the webhooks' certificate.")


def _print(objects: Iterable[Obj], *words: str) -> None:
    click.echo(dump(objects, header=f"Generated by `levelset manifests {' '.join(words)}`; do not edit."), nl=False)


@manifests.command()
@_module
@_where
@_ca_file
@_cert_manager
def crd(module: str, where: str | None, *, ca_file: str | None, cert_manager: bool) -> None:
    """Print the CustomResourceDefinitions of the kinds in MODULE."""
    subject = Subject.named(module, where=where, ca_file=ca_file, cert_manager=cert_manager)
    _print(subject.crds(), "crd", module)


@manifests.command()
@_module
@_where
def rbac(module: str, where: str | None) -> None:
    """Print the roles of the controller in MODULE, as little as it needs, and of its users."""
    _print(Subject.named(module, where=where).roles(), "rbac", module)


@manifests.command()
@_module
@_where
@_image
def manager(module: str, where: str | None, image: str) -> None:
    """Print the namespace and the Deployment that run the controller in MODULE."""
    subject = Subject.named(module, where=where)
    who = subject.identity
    _print([namespace(who), subject.running(image)], "manager", module)


@manifests.command()
@_module
@_where
@_ca_file
@_cert_manager
def webhooks(module: str, where: str | None, *, ca_file: str | None, cert_manager: bool) -> None:
    """Print the Service and the configurations of the webhooks in MODULE, and the CRDs that they convert.

    The API server must know whom to trust: name the authority's file, or have cert-manager make the certificate.
    """
    subject = Subject.named(module, where=where, ca_file=ca_file, cert_manager=cert_manager)
    _print(subject.webhooks(), "webhooks", module)


@manifests.command("all")
@_module
@_where
@_image
@_ca_file
@_cert_manager
def everything(module: str, where: str | None, image: str, *, ca_file: str | None, cert_manager: bool) -> None:
    """Print all of it, in an order that can be applied at once."""
    subject = Subject.named(module, where=where, ca_file=ca_file, cert_manager=cert_manager)
    first = [namespace(subject.identity), *subject.crds(), *subject.roles(), *subject.serving()]
    _print([*first, subject.running(image), *subject.configurations()], "all", module)

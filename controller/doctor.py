"""What keeps a controller from running here: each check a finding, each bad finding with its fix.

Looks at this machine, the kubeconfig, the server, the clock, the CRDs and the permissions, in the order in which one
needs the other. It changes nothing, and MUST NOT print a credential.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from controller.access import Access, refused
from informers.api.errors import ConfigError, LevelsetError
from informers.api.schema import crd_of
from informers.api.transport import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from informers.api.config import ClusterConfig
    from informers.api.objects import Obj
    from informers.api.resource import Resource
    from informers.api.transport import Transport
    from informers.runtime import Runtime, Seconds

__all__ = ["Finding", "look_at_cluster", "look_at_config", "look_at_machine"]

OURS = ("informers", "controller", "reconcilers")
SKEW: Seconds = 2.0
"""Seconds that the server's clock may differ: it writes whole seconds, and the answer takes time to come."""
OLDEST = 26
"""The oldest minor version of Kubernetes 1 that takes everything we send (strict field validation by default)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Threads: immutable.
    """

    verdict: Literal["ok", "warn", "fail"]
    subject: str
    text: str
    fix: str = ""
    """What to do about it, as a command where there is one; empty when all is well."""


def look_at_machine(folder: Path) -> Iterator[Finding]:
    """Look at Python, the packages, and what in `folder`, the working directory, could take the place of ours."""
    yield Finding("ok", "python", platform.python_version())
    for name in ("levelset", "kubernetes", "msgspec", "urllib3"):
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding("fail", "packages", f"{name} is not installed", f"pip install {name}")
            continue
        if name == "kubernetes" and found == "36.0.0":
            yield Finding("fail", "packages", "kubernetes 36.0.0 sends no token", "pip install 'kubernetes!=36.0.0'")
        else:
            yield Finding("ok", "packages", f"{name} {found}")
    yield from _shadows(folder)


def _shadows(folder: Path) -> Iterator[Finding]:
    home = Path(__file__).resolve().parent.parent
    for name in OURS:
        for rival in (folder / f"{name}.py", folder / name / "__init__.py"):
            if rival.is_file() and home not in rival.resolve().parents:
                text = f"{rival} takes the place of our package {name} in programs started here"
                yield Finding("fail", "imports", text, f"rename {rival}, or start Python with -P")
                return
    yield Finding("ok", "imports", "nothing here takes the place of informers, controller or reconcilers")


def look_at_config(kubeconfig: str) -> tuple[ClusterConfig | None, Finding]:
    """Find out which cluster is meant."""
    from informers.api.config import load_config  # noqa: PLC0415 - the kubernetes package, 175 ms

    try:
        config = load_config(kubeconfig=kubeconfig or None)
    except (ConfigError, ValueError) as error:
        fix = "write a kubeconfig, or name one by --kubeconfig or KUBECONFIG"
        return None, Finding("fail", "kubeconfig", str(error), fix)
    return config, Finding("ok", "kubeconfig", f"{config.source}: {config.server}")


def look_at_cluster(
    transport: Transport,
    *,
    kinds: Iterable[type[Resource[Any, Any]]],
    permissions: Iterable[Obj],
    crd_command: str,
    runtime: Runtime,
) -> Iterator[Finding]:
    """Look at the server, its clock, the CRDs of `kinds`, and whether we may do what `permissions` say.

    Blocks: for the server, 30 s a question at most.
    """
    begun = runtime.monotonic()
    try:
        response = transport.request(Call("GET", "/version"))
    except LevelsetError as error:
        yield Finding("fail", "server", str(error), "check the address, the network and the proxy variables")
        return
    took = runtime.monotonic() - begun
    if response.status != 200:
        fix = "log in again; `kubectl version` shows whether others can"
        yield Finding("fail", "server", f"it answers {response.status} to /version", fix)
        return
    yield _release(json.loads(response.body), took)
    yield _clock(response.headers.get("date", ""), runtime)
    for kind in kinds:
        yield _crd(transport, kind, crd_command)
    yield from _allowed(transport, permissions)


def _release(told: Obj, took: Seconds) -> Finding:
    minor = "".join(filter(str.isdigit, str(told.get("minor", ""))))
    text = f"{told.get('gitVersion', 'unknown')}, answers in {took * 1000:.0f} ms"
    if minor and int(minor) < OLDEST:
        return Finding("warn", "server", text, f"Kubernetes 1.{OLDEST} or newer is what we are tested with")
    return Finding("ok", "server", text)


def _clock(date: str, runtime: Runtime) -> Finding:
    try:
        skew = (parsedate_to_datetime(date) - runtime.wall()).total_seconds()
    except (TypeError, ValueError):
        return Finding("warn", "clock", "the server did not say what time it is", "nothing, unless a proxy hides it")
    if abs(skew) <= SKEW:
        return Finding("ok", "clock", "agrees with the server's")
    side = "behind" if skew > 0 else "ahead of"
    text = f"{abs(skew):.0f} s {side} the server's: tokens and certificates may count as expired"
    return Finding("warn", "clock", text, "synchronize this machine's clock; elections do not depend on it")


def _crd(transport: Transport, kind: type[Resource[Any, Any]], command: str) -> Finding:
    wanted = crd_of(kind)
    name = wanted["metadata"]["name"]
    try:
        response = transport.request(Call("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"))
    except LevelsetError as error:
        return Finding("fail", "crd", f"{name}: {error}", "try again")
    if response.status == 404:
        return Finding("fail", "crd", f"{name} is not installed", command)
    if response.status != 200:
        return Finding(
            "warn", "crd", f"{name} cannot be read ({response.status})", "only the cluster's admin need care"
        )
    there = json.loads(response.body)
    served = {one["name"]: one for one in there["spec"]["versions"] if one.get("served")}
    mine = wanted["spec"]["versions"][0]
    if mine["name"] not in served:
        return Finding("fail", "crd", f"{name} does not serve {mine['name']}", command)
    if not any(c["type"] == "Established" and c["status"] == "True" for c in there["status"].get("conditions", ())):
        return Finding("fail", "crd", f"{name} is not established", f"kubectl describe crd {name}")
    if lacking := _lacking(mine["schema"]["openAPIV3Schema"], served[mine["name"]]["schema"]["openAPIV3Schema"]):
        return Finding("warn", "crd", f"{name} is older than this program: it lacks {', '.join(lacking)}", command)
    return Finding("ok", "crd", f"{name} serves {mine['name']}")


def _lacking(mine: Obj, there: Obj, path: str = "") -> list[str]:
    """Return the fields that we know and the cluster does not, which it would drop from what is written."""
    found = []
    for name, node in (mine.get("properties") or {}).items():
        other = (there.get("properties") or {}).get(name)
        if other is None:
            found.append(f"{path}.{name}")
        elif path or name in ("spec", "status"):
            found += _lacking(node, other, f"{path}.{name}")
    return found


def _allowed(transport: Transport, permissions: Iterable[Obj]) -> Iterator[Finding]:
    wanted = [
        Access(verb=verb, group=group, resource=resource)
        for rule in permissions
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]
    try:
        lacking = refused(transport, wanted)
    except LevelsetError as error:
        fix = "ask somebody who may: kubectl auth can-i --list --as system:serviceaccount:NAMESPACE:NAME"
        yield Finding("warn", "permissions", f"the server cannot be asked for them: {error}", fix)
        return
    for access in lacking:
        yield Finding("fail", "permissions", f"may not {access}", f"grant {json.dumps(access.rule())}")
    if wanted and not lacking:
        yield Finding("ok", "permissions", f"all {len(wanted)} that the controller needs")

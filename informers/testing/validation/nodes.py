"""What is wrong with a Node: the networks of its Pods, and its taints.

A pure function of decoded and defaulted objects; it returns causes worded as the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from informers.api.errors import Cause
from informers.testing.schema.names import qualified_name
from informers.testing.validation.checks import choice, network, ruled
from informers.testing.words import causes
from informers.testing.words.gotext import compact

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["check_node"]

_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def check_node(obj: Obj, old: Obj | None) -> list[Cause]:  # noqa: ARG001 - all checks have one signature
    """Return what is wrong with a Node."""
    spec = obj["spec"]
    given = spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else [])
    found = [cause for index, text in enumerate(given) for cause in network(text, f"spec.podCIDRs[{index}]")]
    families = [":" in text for text in given]
    if len(families) != len(set(families)):
        detail = "may specify no more than one CIDR for each IP family"
        found.append(causes.invalid("spec.podCIDRs", given, detail))
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(spec.get("taints") or ()):
        at = f"metadata.taints[{index}]"
        found += ruled(qualified_name, taint.get("key", ""), f"{at}.key")
        found += choice(taint.get("effect"), f"{at}.effect", _EFFECTS)
        pair = taint.get("key", ""), taint.get("effect", "")
        if pair in seen:
            shown = compact({name: taint.get(name.lower(), "") for name in ("Key", "Value", "Effect")}, keep=True)
            told = f'{shown[:-1]},"TimeAdded":null}}: taints must be unique by key and effect pair'
            found.append(Cause("FieldValueDuplicate", at, f"Duplicate value: {told}"))
        seen.add(pair)
    return found

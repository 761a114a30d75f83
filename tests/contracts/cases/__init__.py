"""What every face must do alike: cases of a few requests each, written down as data, one module for each area.

Kinds are chosen, or created dry, so that no controller touches them, which keeps answers equal on a real control plane.
"""

from tests.contracts.cases import (
    access,
    admission,
    apply,
    cel,
    crds,
    deletion,
    discovery,
    kinds,
    patches,
    reads,
    storage,
    subresources,
    tables,
    watches,
    writes,
)

AREAS = (
    storage,
    reads,
    watches,
    writes,
    subresources,
    patches,
    apply,
    deletion,
    kinds,
    crds,
    cel,
    admission,
    access,
    tables,
    discovery,
)
CASES = [case for area in AREAS for case in area.CASES]

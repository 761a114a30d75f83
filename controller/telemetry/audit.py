"""The audit log: a line for every write, with who, what, why and how it ended.

It listens to what goes over the wire, so nothing that a program writes can miss it; lines go to the logger
`levelset.audit`, and from inside a reconcile carry its controller, key and id. Bodies are never logged. A leader's
renewal every few seconds is a line at DEBUG, as long as it works.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from controller.observe import ControllerObserver

if TYPE_CHECKING:
    from informers.api.transport import Call
    from informers.runtime import Seconds

__all__ = ["Audit"]

log = logging.getLogger("levelset.audit")

LEASES = "/apis/coordination.k8s.io/"
REFUSED = 400
"""HTTP statuses from here on are refusals."""


class Audit(ControllerObserver):
    """Logs writes.

    Threads: any thread.
    """

    def request(self, call: Call, *, status: int | None, seconds: Seconds, host: str) -> None:
        """Log the call if it may have changed something."""
        if not call.is_write:
            return
        said = dict(call.query)
        fields = {
            "verb": "apply" if "apply-patch" in call.content_type else call.method.lower(),
            "path": call.path,
            "fieldManager": said.get("fieldManager", ""),
            "outcome": "unknown" if status is None else "refused" if status >= REFUSED else "done",
            "status": status,
            "seconds": round(seconds, 6),
        }
        if user := dict(call.impersonate).get("Impersonate-User"):
            fields["actingAs"] = user
        if "dryRun" in said:
            fields["dryRun"] = True
        renewal = call.method == "PUT" and call.path.startswith(LEASES) and fields["outcome"] == "done"
        log.log(logging.DEBUG if renewal else logging.INFO, "write", extra={"fields": fields})

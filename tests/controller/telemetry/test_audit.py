"""The audit log: every write, with its outcome."""

import logging

import pytest

from controller.telemetry.audit import Audit
from informers.api.transport import Call

PATH = "/apis/apps/v1/namespaces/default/deployments/web"


@pytest.mark.parametrize(("status", "outcome"), [(200, "done"), (409, "refused"), (None, "unknown")])
def test_a_write_is_a_line_with_its_outcome(caplog, status, outcome):
    """Done, refused, unknown."""
    caplog.set_level(logging.INFO, "levelset.audit")
    call = Call(
        "PATCH", PATH, query=(("fieldManager", "me"),), body=b"password123", content_type="application/apply-patch+yaml"
    )
    Audit().request(call, status=status, seconds=0.1, host="h")

    (record,) = caplog.records
    assert ("apply", PATH, "me", outcome) == tuple(
        record.fields[key] for key in ("verb", "path", "fieldManager", "outcome")
    )
    assert "password123" not in str(vars(record))


def test_reads_are_not_logged(caplog):
    """They change nothing."""
    caplog.set_level(logging.INFO, "levelset.audit")
    Audit().request(Call("GET", PATH), status=200, seconds=0.1, host="h")

    assert [] == caplog.records

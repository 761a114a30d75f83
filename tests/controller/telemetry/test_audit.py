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


@pytest.mark.parametrize(
    ("method", "status", "level"),
    [("PUT", 200, "DEBUG"), ("PUT", 409, "INFO"), ("PUT", None, "INFO"), ("POST", 201, "INFO")],
)
def test_renewals_of_a_lease_do_not_drown_the_rest(caplog, method, status, level):
    """One every two seconds, for ever; taking the lease, or losing it, is told."""
    caplog.set_level(logging.DEBUG, "levelset.audit")
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/x"
    Audit().request(Call(method, path), status=status, seconds=0.1, host="h")

    assert [level] == [record.levelname for record in caplog.records]


def test_acting_as_somebody_else_is_told(caplog):
    """The server's own audit log names both, and so does ours."""
    caplog.set_level(logging.INFO, "levelset.audit")
    call = Call("DELETE", PATH, impersonate=(("Impersonate-User", "ada"), ("Impersonate-Group", "dev")))
    Audit().request(call, status=200, seconds=0.1, host="h")

    assert "ada" == caplog.records[0].fields["actingAs"]

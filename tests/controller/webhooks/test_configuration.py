"""What the cluster must know of webhooks."""

import pytest

from controller import converting, defaulting, validating
from controller.webhooks.configuration import at_service, at_url, configurations, converted_crds
from tests.controller.webhooks.conftest import OldPool, Pool, down, up

WHERE = at_service("hooks", "system", authority=b"PEM")


def nothing(review):
    """A handler."""


def test_each_sort_has_a_configuration_of_its_own():
    """Defaulting webhooks are mutating ones."""
    made = configurations((defaulting(Pool, nothing), validating(Pool, nothing)), name="pools", where=WHERE)

    assert ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] == [obj["kind"] for obj in made]
    assert ["mutate.pool.v1.example.com", "validate.pool.v1.example.com"] == [
        obj["webhooks"][0]["name"] for obj in made
    ]


def test_a_webhook_says_what_it_is_asked_about():
    """Rules, service and trust."""
    hook = validating(Pool, nothing, operations=("UPDATE",), subresources=("status",))
    made = configurations([hook], name="pools", where=WHERE)[0]["webhooks"][0]

    service = {
        "service": {"name": "hooks", "namespace": "system", "path": "/validate-example-com-v1-pool", "port": 443}
    }
    assert {**service, "caBundle": "UEVN"} == made["clientConfig"]
    assert (["UPDATE"], ["pools", "pools/status"]) == (made["rules"][0]["operations"], made["rules"][0]["resources"])


def test_two_handlers_for_one_path_are_refused():
    """Only one of them would be asked."""
    with pytest.raises(ValueError, match="two webhooks at /validate-example-com-v1-pool"):
        configurations([validating(Pool, nothing)] * 2, name="pools", where=WHERE)


def test_a_crd_holds_all_versions_and_stores_the_newest():
    """One that is nobody's old one."""
    hook = converting(OldPool, Pool, up=up, down=down)
    crd = converted_crds([hook], where=at_url("https://h:1", authority=b"PEM"))[0]

    assert [("v1", True), ("v1alpha1", False)] == [(one["name"], one["storage"]) for one in crd["spec"]["versions"]]
    assert "https://h:1/convert" == crd["spec"]["conversion"]["webhook"]["clientConfig"]["url"]


@pytest.mark.parametrize("wrong", [{"operations": ("PATCH",)}, {"timeout": 60}, {"failure_policy": "Maybe"}])
def test_what_the_server_would_refuse_is_refused_when_declared(wrong):
    """With the name of the keyword."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        validating(Pool, nothing, **wrong)

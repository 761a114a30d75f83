"""Services that a real API server does not take, and what it says of them."""

import pytest

from informers.testing.validation.services import check_service

PORT = {"port": 80, "protocol": "TCP", "targetPort": 80}


def service(**spec):
    """A Service that is good but for what is given."""
    good = {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster", "ports": [PORT]}
    return {"metadata": {"name": "s"}, "spec": {**good, **spec}}


def told(obj, old=None):
    """The fields and sentences of what is wrong."""
    return [(cause.field, cause.message) for cause in check_service(obj, old)]


def test_a_plain_service_is_good():
    """As it comes out of decoding and defaulting."""
    assert told(service()) == []


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        ({"ports": None}, "spec.ports", "Required value"),
        ({"ports": [PORT, {**PORT, "port": 81}]}, "spec.ports[0].name", "Required value"),
        (
            {"ports": [{**PORT, "nodePort": 30000}]},
            "spec.ports[0].nodePort",
            "Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        (
            {"type": "NodePort", "clusterIP": "None", "externalTrafficPolicy": "Cluster"},
            "spec.clusterIPs[0]",
            "Invalid value: \"None\": may not be set to 'None' for NodePort services",
        ),
        (
            {"sessionAffinity": "ClientIP"},
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
            "Invalid value: null: must be greater than 0 and less than 86400",
        ),
        (
            {"externalTrafficPolicy": "Local"},
            "spec.externalTrafficPolicy",
            'Invalid value: "Local": may only be set for externally-accessible services',
        ),
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            "spec.ipFamilyPolicy",
            'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
        ),
        ({"type": "ExternalName", "internalTrafficPolicy": None}, "spec.externalName", "Required value"),
    ],
)
def test_each_fault_is_told_where_it_is(spec, field, message):
    """In the server's words, before anything that follows from it."""
    assert (field, message) == told(service(**spec))[0]


def test_an_address_stays():
    """It may change only when the Service becomes an alias, or stops being one."""
    old, new = service(clusterIPs=["10.0.0.1"]), service(clusterIPs=["10.0.0.2"])
    alias = {**old, "spec": {**old["spec"], "type": "ExternalName"}}

    assert [("spec.clusterIPs[0]", 'Invalid value: ["10.0.0.2"]: may not change once set')] == told(new, old)
    assert told(new, alias) == []

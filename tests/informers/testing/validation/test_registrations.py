"""What joins the cluster, refused as by a real API server."""

import pytest

from informers.testing.validation.registrations import check_api_service, check_signing_request

PEM = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0="


def told(causes):
    """The fields and sentences of causes."""
    return [(cause.field, cause.message) for cause in causes]


def api_service(name="v1.a.example", **spec):
    """An APIService that is good but for what is given."""
    good = {"group": "a.example", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1}
    return {"metadata": {"name": name}, "spec": {**good, **spec}}


def request(**spec):
    """A request for a certificate that is good but for what is given."""
    return {"spec": {"request": PEM, "usages": ["client auth"], "signerName": "a.example/s", **spec}}


def test_good_ones_pass():
    """As they come out of decoding."""
    assert check_api_service(api_service(), None) == []
    assert check_signing_request(request(), None) == []


@pytest.mark.parametrize(
    ("obj", "field", "message"),
    [
        (
            api_service("a"),
            "metadata.name",
            'Invalid value: "a": must be `spec.version+"."+spec.group`: "v1.a.example"',
        ),
        (
            api_service("v2.", group="", version="v2"),
            "spec.group",
            "Required value: only v1 may have an empty group and it better be legacy kube",
        ),
        (
            api_service(versionPriority=1001),
            "spec.versionPriority",
            "Invalid value: 1001: must be positive and less than 1000",
        ),
    ],
)
def test_an_api_service_is_called_by_its_version_and_group(obj, field, message):
    """Its priorities have bounds."""
    assert [(field, message)] == told(check_api_service(obj, None))


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        ({"request": "eA=="}, "spec.request", 'Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'),
        ({"usages": []}, "spec.usages", "Required value"),
        ({"signerName": ""}, "spec.signerName", "Required value"),
        (
            {"signerName": "s"},
            "spec.signerName",
            "Invalid value: \"s\": must be a fully qualified domain and path of the form 'example.com/signer-name'",
        ),
    ],
)
def test_a_request_for_a_certificate_says_for_what_and_from_whom(spec, field, message):
    """Once made it is not looked at again: nobody can change it."""
    assert [(field, message)] == told(check_signing_request(request(**spec), None))
    assert check_signing_request(request(**spec), request()) == []

"""Taking back list items whose key somebody changed."""

import pytest

from informers import Invalid
from reconcilers.reclaim import reclaimed

HTTP = 'k:{"containerPort":80,"protocol":"TCP"}'
MAIN = 'k:{"name":"main"}'
ITEM = {".": {}, "f:containerPort": {}, "f:name": {}}


def thing(*ports, container="main"):
    """Return an object with a list in a list."""
    return {"spec": {"containers": [{"name": container, "ports": list(ports)}]}}


def port(number, **more):
    """Return a port."""
    return {"name": "main", "containerPort": number, **more}


def fields(item):
    """Return a FieldsV1 set of the ports."""
    return {"f:spec": {"f:containers": {MAIN: {"f:ports": item}}}}


def entry(manager, fields, operation="Update"):
    """Return a managedFields entry."""
    return {"manager": manager, "operation": operation, "fieldsV1": fields}


def live(*ports, theirs=None, mine=None):
    """Return an object on the server, with the records of `you` and `me`."""
    mine = {"f:spec": {"f:containers": {MAIN: {".": {}, "f:name": {}}}}} if mine is None else mine
    entries = [entry("me", mine, "Apply"), entry("you", fields({HTTP: ITEM}) if theirs is None else theirs)]
    return {"metadata": {"managedFields": entries}, **thing(*ports)}


def refusal(field="spec.containers[0].ports[1].name", reason="FieldValueDuplicate"):
    """Return what the server says to a duplicate."""
    return Invalid("Duplicate value", details={"causes": [{"reason": reason, "field": field, "message": "…"}]})


def test_a_port_whose_number_was_changed():
    """Theirs becomes ours, so that the next apply replaces it; nobody keeps an empty record."""
    records = reclaimed(live(port(80, protocol="TCP")), thing(port(11211)), refusal(), manager="me")

    assert ["me"] == [record["manager"] for record in records]
    assert {".": {}, "f:name": {}, "f:ports": {HTTP: ITEM}} == records[0]["fieldsV1"]["f:spec"]["f:containers"][MAIN]


def test_the_rest_stays_theirs():
    """Other fields, and other items of other lists."""
    theirs = fields({HTTP: ITEM})
    theirs["f:spec"]["f:containers"][MAIN]["f:env"] = {'k:{"name":"X"}': {}}
    records = reclaimed(live(port(80), theirs=theirs), thing(port(11211)), refusal(), manager="me")

    assert {MAIN: {"f:env": {'k:{"name":"X"}': {}}}} == records[1]["fieldsV1"]["f:spec"]["f:containers"]


def test_only_what_is_not_wanted_is_taken():
    """An item that both want stays with both."""
    other = 'k:{"containerPort":81,"protocol":"TCP"}'
    now = live(port(80), port(81), theirs=fields({HTTP: ITEM, other: ITEM}))
    records = reclaimed(now, thing(port(11211), port(80)), refusal(), manager="me")

    assert fields({HTTP: ITEM}) == records[1]["fieldsV1"]
    assert {other: ITEM} == records[0]["fieldsV1"]["f:spec"]["f:containers"][MAIN]["f:ports"]


def test_the_object_is_not_changed():
    """Records are copies."""
    before = live(port(80))
    reclaimed(before, thing(port(11211)), refusal(), manager="me")

    assert live(port(80)) == before


@pytest.mark.parametrize(
    ("now", "wanted", "said"),
    [
        (live(port(80), port(11211)), thing(port(11211)), refusal()),  # ours is there: what else there is, is theirs
        (live(port(80)), thing(port(80)), refusal()),  # theirs is what we want
        (live(port(80)), thing(port(11211)), refusal(reason="FieldValueInvalid")),
        (live(port(80)), thing(port(11211)), refusal("spec.volumes[0].name")),
        (live(port(80), theirs={"f:metadata": {}}), thing(port(11211)), refusal()),  # nobody's
        (live(port(80)), thing(port(11211), container="other"), refusal()),
        (live(port(80)), {"spec": {"containers": "none"}}, refusal()),
        ({"metadata": {}, **thing(port(80))}, thing(port(11211)), refusal()),
    ],
)
def test_when_there_is_nothing_to_take_back(now, wanted, said):
    """The refusal stands."""
    assert reclaimed(now, wanted, said, manager="me") is None

"""Options are read from the query with the server's own errors."""

import pytest

from informers.api.errors import ApiError, BadRequest, Invalid, ServerError
from informers.testing.rest.exchange import RestRequest
from informers.testing.rest.requests import check_version, delete_options, flag, integer, list_options, write_options


def request(query="", **headers):
    """A request with that query."""
    return RestRequest.parse("POST", f"/x?{query}", headers=headers, body=b"")


def listing(query):
    """The options of a list with that query."""
    return list_options(request(query).parameters)


def test_an_empty_query():
    """No options means everything, at once, now."""
    options = listing("")

    assert (0, "", "", False) == (options.limit, options.resource_version, options.match, options.watch)


def test_list_options():
    """Selectors, paging and versions are taken as given."""
    options = listing("labelSelector=a%3Db&fieldSelector=metadata.name%3Dx&limit=5&continue=abc&resourceVersion=7")

    assert options.labels.matches({"a": "b"})
    assert (("metadata.name", "=", "x"),) == options.fields.requirements
    assert (5, "abc", "7") == (options.limit, options.continue_, options.resource_version)


@pytest.mark.parametrize(
    ("text", "value"), [("watch", True), ("watch=perhaps", True), ("watch=0", False), ("watch=False", False)]
)
def test_flags(text, value):
    """Any word but 0 and false is true."""
    assert value is flag(request(text).parameters, "watch")


def test_negative_limits_mean_none():
    """-1 is what some clients send for everything."""
    assert 0 == listing("limit=-1").limit


@pytest.mark.parametrize(("listing", "code"), [(True, 400), (False, 500)])
def test_bad_versions(listing, code):
    """A list is refused, a get and a watch fail."""
    with pytest.raises(ApiError) as refused:
        check_version("x", listing=listing)

    assert code == refused.value.code


@pytest.mark.parametrize("text", ["x", "", "1.5", "+-1", "\u0663"])
def test_bad_numbers(text):
    """The refusal is Go's bare sentence."""
    with pytest.raises(BadRequest, match=f'strconv.ParseInt: parsing "{text}": invalid syntax'.replace("+", r"\+")):
        integer({"limit": [text]}, "limit")


@pytest.mark.parametrize("text", [f"{1 << 63}", f"-{(1 << 63) + 1}", "9" * 5000])
def test_numbers_that_are_too_large(text):
    """However many digits they have."""
    with pytest.raises(BadRequest, match="value out of range"):
        integer({"limit": [text]}, "limit")


def test_versions_that_are_too_large():
    """As no server ever gave."""
    with pytest.raises(BadRequest, match="value out of range"):
        check_version("9" * 5000, listing=True)


def test_numbers_at_the_edge():
    """All that fit 64 bits, and zeros in front."""
    texts = [f"{(1 << 63) - 1}", f"-{1 << 63}", "0" * 5000 + "7", "+5", "-0"]

    assert [(1 << 63) - 1, -(1 << 63), 7, 5, 0] == [integer({"limit": [text]}, "limit") for text in texts]


@pytest.mark.parametrize(
    ("query", "code", "causes"),
    [
        ("resourceVersionMatch=Foo", 422, 2),
        ("resourceVersionMatch=Exact", 422, 1),
        ("resourceVersionMatch=Exact&resourceVersion=0", 422, 1),
        ("sendInitialEvents=true", 422, 1),
        ("watch=1&sendInitialEvents=true", 422, 1),
        ("watch=1&sendInitialEvents=true&resourceVersionMatch=Exact", 422, 2),
        ("watch=1&resourceVersionMatch=NotOlderThan", 422, 1),
        ("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=abc", 422, 1),
        ("labelSelector=a+b", 400, 0),
        ("fieldSelector=a", 400, 0),
    ],
)
def test_bad_list_options(query, code, causes):
    """Each contradiction has the code and as many causes as on the real server."""
    with pytest.raises(ApiError) as caught:
        listing(query)

    assert (code, causes) == (caught.value.code, len(caught.value.causes))


def test_options_are_refused_as_a_kind_of_their_own():
    """The message names ListOptions in the group meta.k8s.io with an empty name."""
    with pytest.raises(Invalid) as caught:
        listing("resourceVersionMatch=Exact")

    assert caught.value.message == (
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
        "resourceVersionMatch is forbidden unless resourceVersion is provided"
    )


def test_a_bad_version_on_a_get_is_a_server_error():
    """500 without a reason, as strange as it is."""
    with pytest.raises(ServerError) as caught:
        check_version("x")

    assert (500, "") == (caught.value.code, caught.value.reason)


def test_write_options():
    """Dry run, manager and validation are taken as given."""
    options = write_options(request("dryRun=All&fieldManager=me&fieldValidation=Strict"), "CreateOptions")

    assert (True, "me", "Strict", False) == (options.dry_run, options.manager, options.validation, options.force)


def test_the_user_agent_names_the_manager():
    """Its first word, up to the slash."""
    assert "kubectl" == write_options(request(**{"user-agent": "kubectl/v1.36 (linux)"}), "CreateOptions").manager


@pytest.mark.parametrize(
    ("query", "apply", "message"),
    [
        ("dryRun=foo", False, 'dryRun: Unsupported value: ["foo"]: supported values: "All"'),
        ("dryRun=", False, 'dryRun: Unsupported value: [""]: supported values: "All"'),
        ("fieldValidation=foo", False, 'fieldValidation: Unsupported value: "foo": supported values: "", "Ignore"'),
        ("fieldManager=" + "a" * 129, False, "fieldManager: Too long: may not be more than 128 bytes"),
        ("fieldManager=%01", False, 'fieldManager: Invalid value: "\\x01": invalid character U+0001 (at position 0)'),
        ("force=true", False, "force: Forbidden: may not be specified for non-apply patch"),
        ("", True, "fieldManager: Required value: is required for apply patch"),
    ],
)
def test_bad_write_options(query, apply, message):
    """The wording is the API server's."""
    with pytest.raises(Invalid) as caught:
        write_options(request(query), "PatchOptions", apply=apply)

    assert message in caught.value.message


def test_delete_options_from_the_query():
    """Without a body the query counts."""
    options, dry_run = delete_options(request("gracePeriodSeconds=5&propagationPolicy=Orphan&dryRun=All"), None)

    assert {"gracePeriodSeconds": 5, "propagationPolicy": "Orphan"} == options
    assert dry_run


def test_a_body_silences_the_query():
    """With a body, however empty, the query is not looked at: a dry run asked for there deletes in earnest."""
    assert ({}, False) == delete_options(request("dryRun=All"), {})


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"kind": "Foo"}, 400, 'no kind "Foo" is registered for version "meta.k8s.io/v1"'),
        (
            {"gracePeriodSeconds": "a"},
            400,
            "cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds",
        ),
        ({"dryRun": [{}]}, 400, "DeleteOptions.dryRun"),
        ({"propagationPolicy": "x"}, 422, 'propagationPolicy: Unsupported value: "x"'),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, 422, "cannot be both set"),
    ],
)
def test_bad_delete_options(body, code, message):
    """The wording and the codes are the API server's."""
    with pytest.raises(ApiError) as caught:
        delete_options(request(), body)

    assert code == caught.value.code
    assert message in caught.value.message

"""Policies of admission are checked when they are written, their expressions compiled."""

from informers.testing.validation.policies import check_match_conditions, check_mutating, check_validating

RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}


def told(causes):
    """Fields and sentences."""
    return [(cause.field, cause.message) for cause in causes]


def policy(**spec):
    """Return a policy that matches ConfigMaps."""
    return {"spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [RULE]}, **spec}}


def test_an_expression_that_does_not_compile_is_shown_with_the_place():
    """The compiler's own words, with a mark below the line."""
    found = told(check_validating(policy(validations=[{"expression": "request.foo"}]), None))

    wrong = "ERROR: <input>:1:8: undefined field 'foo'\n | request.foo\n | .......^"
    assert [("spec.validations[0].expression", f'Invalid value: "request.foo": compilation failed: {wrong}')] == found


def test_variables_are_known_to_what_comes_after_them():
    """By their types; one that was never declared is a fault."""
    variables = [{"name": "n", "expression": "1"}, {"name": "m", "expression": "variables.n + 1"}]
    good, bad = {"expression": "variables.m == 2"}, {"expression": "variables.m == 'a'"}

    assert [] == check_validating(policy(variables=variables, validations=[good]), None)
    assert 1 == len(check_validating(policy(variables=variables, validations=[bad]), None))


def test_a_validation_must_yield_a_bool_and_its_message_a_string():
    """Each is told with the type that it yields."""
    validation = {"expression": "1", "messageExpression": "2"}

    assert [
        ("spec.validations[0].expression", 'Invalid value: "1": must evaluate to bool but got int'),
        ("spec.validations[0].messageExpression", 'Invalid value: "2": must evaluate to string but got int'),
    ] == told(check_validating(policy(validations=[validation]), None))


def test_a_mutation_must_yield_what_its_patch_type_says():
    """An Object, or a list of JSONPatch."""
    mutations = [
        {"patchType": "JSONPatch", "jsonPatch": {"expression": "1"}},
        {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "object"}},
    ]

    assert [
        "must evaluate to list(JSONPatch) but got int",
        "must evaluate to Object but got dyn",
    ] == [
        message.rpartition(": ")[2]
        for _, message in told(check_mutating(policy(mutations=mutations, reinvocationPolicy="Never"), None))
    ]


def test_match_conditions_have_names_of_their_own():
    """And see parameters only where there are some."""
    conditions = [{"name": "a", "expression": "params.x"}, {"name": "a", "expression": "true"}]
    found = told(check_match_conditions({"matchConditions": conditions}, "spec", params=False))

    assert ["spec.matchConditions[0].expression", "spec.matchConditions[1].name"] == [field for field, _ in found]

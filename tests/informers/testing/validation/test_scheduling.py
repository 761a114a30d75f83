"""Where pods ask to run, refused as by a real API server."""

import pytest

from informers.testing.validation.scheduling import check_affinity, check_spread, check_tolerations

SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
HARD = "requiredDuringSchedulingIgnoredDuringExecution"
SOFT = "preferredDuringSchedulingIgnoredDuringExecution"


def told(causes):
    """The fields and sentences of causes."""
    return [(cause.field, cause.message) for cause in causes]


@pytest.mark.parametrize(
    ("toleration", "field", "message"),
    [
        (
            {"value": "v"},
            "operator",
            'Invalid value: "": operator must be Exists when `key` is empty,'
            ' which means "match all values and all keys"',
        ),
        (
            {"key": "k", "effect": "NoSchedule", "tolerationSeconds": 1},
            "effect",
            "Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
        (
            {"key": "k", "operator": "Exists", "value": "v"},
            "operator",
            "Invalid value: \"v\": value must be empty when `operator` is 'Exists'",
        ),
        ({"key": "k", "operator": "Odd"}, "operator", 'Unsupported value: "Odd": supported values: "Equal", "Exists"'),
    ],
)
def test_a_toleration_matches_a_taint_or_all_of_them(toleration, field, message):
    """What makes no sense together is refused."""
    assert [(f"spec.tolerations[0].{field}", message)] == told(check_tolerations({"tolerations": [toleration]}, "spec"))


def test_a_toleration_may_say_nothing_but_that_it_exists():
    """Then every taint is borne."""
    assert check_tolerations({"tolerations": [{"operator": "Exists"}]}, "spec") == []


@pytest.mark.parametrize(
    ("constraints", "field", "message"),
    [
        ([{**SPREAD, "maxSkew": 0}], "[0].maxSkew", "Invalid value: 0: must be greater than zero"),
        ([{**SPREAD, "topologyKey": ""}], "[0].topologyKey", "Required value: can not be empty"),
        ([SPREAD, SPREAD], "[0].{topologyKey, whenUnsatisfiable}", 'Duplicate value: "{zone, DoNotSchedule}"'),
    ],
)
def test_each_spread_has_a_key_and_a_bound(constraints, field, message):
    """And no two are the same."""
    found = told(check_spread({"topologySpreadConstraints": constraints}, "spec"))

    assert [(f"spec.topologySpreadConstraints{field}", message)] == found


@pytest.mark.parametrize(
    ("affinity", "field", "message"),
    [
        (
            {"nodeAffinity": {HARD: {}}},
            f"nodeAffinity.{HARD}.nodeSelectorTerms",
            "Required value: must have at least one node selector term",
        ),
        (
            {"nodeAffinity": {HARD: {"nodeSelectorTerms": [{"matchExpressions": [{"key": "k", "operator": "In"}]}]}}},
            f"nodeAffinity.{HARD}.nodeSelectorTerms[0].matchExpressions[0].values",
            "Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ),
        (
            {"podAffinity": {SOFT: [{"weight": 0, "podAffinityTerm": {"topologyKey": "zone"}}]}},
            f"podAffinity.{SOFT}[0].weight",
            "Invalid value: 0: must be in the range 1-100",
        ),
    ],
)
def test_affinity_is_told_down_to_its_terms(affinity, field, message):
    """Towards nodes and towards other pods."""
    assert [(f"spec.affinity.{field}", message)] == told(check_affinity(affinity, "spec.affinity"))

"""HorizontalPodAutoscalers that a real API server does not take, and what it says of them."""

import pytest

from informers.testing.validation.scaling import check_autoscaler

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}


def told(**spec):
    """The fields and sentences of what is wrong with an autoscaler that is good but for what is given."""
    good = {"minReplicas": 1, "maxReplicas": 3, "scaleTargetRef": TARGET, "metrics": [CPU]}
    return [(cause.field, cause.message) for cause in check_autoscaler({"spec": {**good, **spec}}, None)]


def test_a_good_one_passes():
    """With bounds, a target and a metric."""
    assert told() == []


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        ({"maxReplicas": 0, "minReplicas": None}, "spec.maxReplicas", "Required value: must be set and greater than 0"),
        ({"minReplicas": 5}, "spec.maxReplicas", "Invalid value: 3: must be greater than or equal to `minReplicas`"),
        (
            {"scaleTargetRef": {**TARGET, "apiVersion": "v1"}},
            "spec.scaleTargetRef.apiVersion",
            'Invalid value: "v1": apiVersion must specify API group',
        ),
        (
            {"metrics": [{"type": "Pods"}]},
            "spec.metrics[0].pods",
            "Required value: must populate information for the given metric source",
        ),
        (
            {"behavior": {"scaleUp": {"stabilizationWindowSeconds": -1}}},
            "spec.behavior.scaleUp.stabilizationWindowSeconds",
            "Invalid value: -1: must be greater than or equal to zero",
        ),
    ],
)
def test_each_fault_is_told_where_it_is(spec, field, message):
    """In the server's words."""
    assert [(field, message)] == told(**spec)


@pytest.mark.parametrize(
    ("target", "field", "message"),
    [
        (
            {"type": "Utilization", "averageUtilization": 0},
            "averageUtilization",
            "Invalid value: 0: must be greater than 0",
        ),
        ({"type": "AverageValue", "averageValue": "0"}, "averageValue", 'Invalid value: "0": must be positive'),
        (
            {"type": "Utilization"},
            "averageUtilization",
            "Required value: must set either a target raw value or a target utilization",
        ),
    ],
)
def test_a_metric_has_a_target_above_zero(target, field, message):
    """As a share, as a value, or as a value for each Pod."""
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}

    assert [(f"spec.metrics[0].resource.target.{field}", message)] == told(metrics=[metric])

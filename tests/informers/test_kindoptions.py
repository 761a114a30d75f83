"""Options laid over one another: whoever is nearest to an object has the say."""

import pytest

from informers.api.objects import GroupVersionKind
from informers.kindoptions import CacheOptions, KindOptions, resolve
from informers.transforms import dropping

POD, NODE = GroupVersionKind("", "v1", "Pod"), GroupVersionKind("", "v1", "Node")


def labels(options, gvk=POD):
    """Return {namespace: label selector}."""
    return {name: part.mirror.labels for name, part in resolve(options, gvk).parts.items()}


class TestPrecedence:
    def test_without_options_everything_is_mirrored_whole(self):
        """By one list and one watch."""
        options = resolve(CacheOptions(), POD)

        assert (None, {""}) == (options.namespaces, set(options.parts))
        assert ("", "", None, None) == (options.mirror.labels, options.mirror.fields, options.transform, options.shard)

    def test_the_kind_comes_before_the_defaults(self):
        """And the defaults hold for every other kind."""
        options = CacheOptions(
            defaults=KindOptions(labels="a=b"), kinds={("v1", "Pod"): KindOptions(labels={"c": "d"})}
        )

        assert ({"": "c=d"}, {"": "a=b"}) == (labels(options), labels(options, NODE))

    def test_an_empty_selector_is_not_the_lack_of_one(self):
        """So a kind can be mirrored whole though the defaults narrow."""
        options = CacheOptions(defaults=KindOptions(labels="a=b"), kinds={POD: KindOptions(labels="")})

        assert {"": ""} == labels(options)

    def test_four_layers_in_order(self):
        """The kind's namespace, the kind, the cache's namespace, the defaults."""
        general = {
            "one": KindOptions(labels="l=cache-one", fields="f=cache-one"),
            "two": KindOptions(labels="l=cache-two"),
        }
        kind = KindOptions(fields="f=kind", namespaces={"one": KindOptions(labels="l=kind-one"), "two": KindOptions()})
        options = CacheOptions(namespaces=general, kinds={POD: kind}, defaults=KindOptions(labels="l=all", page_size=7))
        parts = resolve(options, POD).parts

        assert {"one": "l=kind-one", "two": "l=cache-two"} == labels(options)
        assert {"f=kind"} == {part.mirror.fields for part in parts.values()}
        assert {7} == {part.mirror.page_size for part in parts.values()}

    def test_a_kinds_namespaces_replace_those_of_the_cache(self):
        """Empty ones mean all; none means that it has nothing to say."""
        kinds = {POD: KindOptions(namespaces=("three",)), NODE: KindOptions(namespaces=())}
        options = CacheOptions(namespaces=("one", "two"), kinds=kinds)
        other = resolve(options, GroupVersionKind("", "v1", "Secret"))

        assert ("three",) == resolve(options, POD).namespaces
        assert (None, ("one", "two")) == (resolve(options, NODE).namespaces, other.namespaces)

    def test_all_other_namespaces_leave_out_those_that_are_named(self):
        """No object is mirrored twice."""
        namespaces = {"": KindOptions(labels="a=b", fields="spec.x=y"), "two": KindOptions(), "one": KindOptions()}
        parts = resolve(CacheOptions(namespaces=namespaces), POD).parts

        assert "spec.x=y,metadata.namespace!=one,metadata.namespace!=two" == parts[""].mirror.fields
        assert ("a=b", "") == (parts[""].mirror.labels, parts["one"].mirror.labels)

    def test_what_is_off_can_be_switched_off(self):
        """A resync or an audit of 0 seconds is none."""
        options = CacheOptions(
            defaults=KindOptions(resync=60.0, audit_interval=60.0), kinds={POD: KindOptions(resync=0, audit_interval=0)}
        )
        pods, nodes = resolve(options, POD), resolve(options, NODE)

        assert (None, None, 60.0, 60.0) == (
            pods.resync,
            pods.mirror.audit_interval,
            nodes.resync,
            nodes.mirror.audit_interval,
        )

    def test_transforms_are_inherited_like_the_rest(self):
        """Each namespace may have one of its own."""
        wide, narrow = dropping("spec"), dropping("status")
        namespaces = {"one": KindOptions(transform=narrow), "two": KindOptions()}
        parts = resolve(CacheOptions(namespaces=namespaces, defaults=KindOptions(transform=wide)), POD).parts

        assert (narrow, wide) == (parts["one"].transform, parts["two"].transform)


@pytest.mark.parametrize("options", [{"labels": "a in b"}, {"fields": "nonsense"}])
def test_a_selector_that_is_none_is_a_mistake_at_once(options):
    """Not when the server refuses it."""
    with pytest.raises(ValueError, match="selector"):
        KindOptions(**options)

"""The CRD that a class stands for."""

import enum
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest
from msgspec import Meta

from informers.api.resource import Resource
from informers.api.schema import crd_of


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Nested(msgspec.Struct, rename="camel", kw_only=True):
    """How to keep it.

    Threads: immutable.
    """

    x_kubernetes_validations: ClassVar = ({"rule": "self.keepFor > 0", "message": "keep it"},)

    keep_for: Annotated[int, Meta(gt=0)] = 3
    """Days until
    it is thrown away.
    """


class Bare(msgspec.Struct, kw_only=True):
    words: list[str] = []


class Spec(msgspec.Struct, rename="camel", kw_only=True):
    """What is wanted."""

    size: Annotated[int, Meta(ge=0, le=100)] = 1
    """How many."""
    image: Annotated[str, Meta(min_length=1, max_length=9, pattern="^a", description="Which.")]
    colour: Colour = Colour.RED
    policy: Literal["Always", "Never"] | None = None
    nested: Nested = msgspec.field(default_factory=Nested)
    bare: Bare = msgspec.field(default_factory=Bare)
    amount: int | Annotated[str, Meta(pattern="^[0-9]+$")] = 1
    limits: Annotated[dict[str, float], Meta(max_length=3)] = {}
    ports: Annotated[
        list[Nested],
        Meta(
            max_length=2,
            extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["keepFor"]},
        ),
    ] = []
    tags: set[str] = set()
    since: datetime | None = None
    anything: Any = None


class Status(msgspec.Struct, rename="camel", kw_only=True):
    """What is."""

    size: int = 0
    selector: str = ""
    last_seen: datetime | None = None


class Thing(
    Resource[Spec, Status],
    group="example.com",
    short_names=("th",),
    categories=("all",),
    columns=(("Size", ".spec.size"), ("Seen", ".status.lastSeen"), ("Is", '.status.a[?(@.b=="c")].d', "boolean")),
    scale=(".spec.size", ".status.size", ".status.selector"),
):
    """A thing in the world.

    It has two paragraphs.

    Threads: immutable.
    """


class Empty(msgspec.Struct):
    pass


@pytest.fixture(scope="module")
def crd():
    """Return the CRD of Thing."""
    return crd_of(Thing)


@pytest.fixture(scope="module")
def root(crd):
    """Return the schema of the whole object."""
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


@pytest.fixture(scope="module")
def spec(root):
    """Return the schemas of the spec's fields."""
    return root["properties"]["spec"]["properties"]


def kind(spec=Empty, **names):
    """Return a Resource class with that spec."""

    class Kind(Resource[spec, Empty], group="example.com", **names):
        pass

    return Kind


def kind_with(field, default=msgspec.NODEFAULT):
    """Return a Resource class whose spec has one field `f` of the given type."""
    entry = ("f", field) if default is msgspec.NODEFAULT else ("f", field, default)
    return kind(msgspec.defstruct("Made", [entry], kw_only=True))


def field_of(field, default=msgspec.NODEFAULT):
    """Return the schema of a field of the given type."""
    root = crd_of(kind_with(field, default))["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return root["properties"]["spec"]["properties"]["f"]


class TestNames:
    def test_names_follow_the_class(self, crd):
        """Group, names, scope and version are the class's."""
        names = {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing"}

        assert "things.example.com" == crd["metadata"]["name"]
        assert names | {"shortNames": ["th"], "categories": ["all"]} == crd["spec"]["names"]
        assert ("example.com", "Namespaced") == (crd["spec"]["group"], crd["spec"]["scope"])
        assert ("v1", True, True) == tuple(crd["spec"]["versions"][0][k] for k in ("name", "served", "storage"))

    def test_a_cluster_scoped_kind_says_so(self):
        """Scope follows `namespaced`, and names that are not given are left out."""
        crd = crd_of(kind(namespaced=False))

        assert "Cluster" == crd["spec"]["scope"]
        assert {"kind", "listKind", "plural", "singular"} == set(crd["spec"]["names"])
        assert {"status": {}} == crd["spec"]["versions"][0]["subresources"]

    def test_a_kind_without_a_status_has_no_such_field_and_no_such_subresource(self):
        """`None` in place of the class of its status."""

        class Setting(Resource[Spec, None], group="x"):
            pass

        version = crd_of(Setting)["spec"]["versions"][0]

        assert "status" not in version["schema"]["openAPIV3Schema"]["properties"]
        assert "subresources" not in version

    def test_columns_know_their_type_and_end_with_the_age(self, crd):
        """The type of a column is that of the field, unless it is given."""
        columns = crd["spec"]["versions"][0]["additionalPrinterColumns"]

        assert [("Size", "integer"), ("Seen", "date"), ("Is", "boolean"), ("Age", "date")] == [
            (column["name"], column["type"]) for column in columns
        ]

    def test_scale_paths_are_subresources(self, crd):
        """`scale` and `status` are served."""
        scale = {
            "specReplicasPath": ".spec.size",
            "statusReplicasPath": ".status.size",
            "labelSelectorPath": ".status.selector",
        }

        assert {"status": {}, "scale": scale} == crd["spec"]["versions"][0]["subresources"]

    @pytest.mark.parametrize("names", [{"columns": (("A", ".spec.sise"),)}, {"scale": (".spec.sise", ".status.a")}])
    def test_a_path_that_leads_nowhere_is_refused(self, names):
        """A misspelt path is found here and not by an empty column."""
        with pytest.raises(ValueError, match=r"\.spec\.sise"):
            crd_of(kind(**names))


class TestWords:
    def test_docstrings_describe_objects(self, root):
        """The class docstring describes, without what it says to Python people."""
        assert "A thing in the world.\n\nIt has two paragraphs." == root["description"]
        assert "How to keep it." == root["properties"]["spec"]["properties"]["nested"]["description"]

    def test_the_string_below_a_field_describes_it(self, root, spec):
        """So does `Meta(description=...)`."""
        assert "How many." == spec["size"]["description"]
        assert "Which." == spec["image"]["description"]
        assert "Days until it is thrown away." == spec["nested"]["properties"]["keepFor"]["description"]

    def test_a_class_without_words_has_none(self):
        """No description is made up."""
        assert "description" not in field_of(Bare)


class TestTypes:
    @pytest.mark.parametrize(
        ("field", "schema"),
        [
            (int, {"type": "integer", "format": "int64"}),
            (
                Annotated[int, Meta(ge=0, lt=9)],
                {"format": "int32", "minimum": 0, "maximum": 9, "exclusiveMaximum": True},
            ),
            (Annotated[int, Meta(ge=0, le=2**40)], {"format": "int64", "maximum": 2**40}),
            (
                Annotated[float, Meta(gt=0, multiple_of=0.5)],
                {"minimum": 0, "exclusiveMinimum": True, "multipleOf": 0.5},
            ),
            (bool, {"type": "boolean"}),
            (bytes, {"type": "string", "format": "byte"}),
            (datetime, {"type": "string", "format": "date-time"}),
            (Any, {"x-kubernetes-preserve-unknown-fields": True}),
            (Literal[1, 2], {"type": "integer", "enum": [1, 2]}),
            (tuple[int, ...], {"type": "array", "items": {"type": "integer", "format": "int64"}}),
            (Annotated[str, Meta(examples=["a", "b"], title="T")], {"example": "a", "title": "T"}),
        ],
    )
    def test_each_type_has_its_schema(self, field, schema):
        """Every part of the expected schema is there."""
        assert schema.items() <= field_of(field).items()

    def test_strings_keep_their_constraints(self, spec):
        """Lengths and pattern."""
        image = {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"}

        assert image.items() <= spec["image"].items()

    def test_enums_list_their_values(self, spec):
        """Literals and enum classes alike; `| None` makes any field nullable."""
        assert {"type": "string", "enum": ["red", "blue"], "default": "red"} == spec["colour"]
        assert {"type": "string", "enum": ["Always", "Never"], "nullable": True} == spec["policy"]
        assert spec["since"]["nullable"]

    def test_int_or_string(self, spec):
        """An integer or a string, with the string's constraints."""
        either = [{"type": "integer"}, {"type": "string"}]
        expected = {"anyOf": either, "pattern": "^[0-9]+$", "x-kubernetes-int-or-string": True, "default": 1}

        assert expected == spec["amount"]

    def test_maps_and_lists(self, spec):
        """Maps have values, lists have items; Kubernetes' own words pass through."""
        assert {"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": 3} == spec["limits"]
        assert ("map", ["keepFor"], 2) == (
            spec["ports"]["x-kubernetes-list-type"],
            spec["ports"]["x-kubernetes-list-map-keys"],
            spec["ports"]["maxItems"],
        )
        assert {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"} == spec["tags"]

    def test_rules_of_a_class_are_rules_of_its_object(self, spec):
        """`x_kubernetes_validations` lands where CEL rules belong."""
        assert [{"rule": "self.keepFor > 0", "message": "keep it"}] == list(spec["nested"]["x-kubernetes-validations"])

    @pytest.mark.parametrize(
        "field",
        [int | bool, str | bool | int, tuple[int, str], dict[int, str], Literal["a", 1], complex, list[complex]],
    )
    def test_what_kubernetes_cannot_express_is_refused_with_its_path(self, field):
        """The message names the field."""
        with pytest.raises(TypeError, match=r"spec\.f"):
            crd_of(kind_with(field))

    def test_a_type_that_contains_itself_is_refused(self):
        """Structural schemas are finite."""
        with pytest.raises(TypeError, match=r"Tree contains itself"):
            crd_of(kind_with(Tree))


class Tree(msgspec.Struct):
    branches: list["Tree"]


class TestDefaults:
    def test_a_field_without_default_is_required(self, root):
        """And with it, the spec."""
        assert ["image"] == root["properties"]["spec"]["required"]
        assert ["spec"] == root["required"]

    def test_defaults_fill_in_nested_objects(self, spec):
        """The parent defaults to an empty object, so that the fields' defaults apply."""
        assert (1, {}) == (spec["size"]["default"], spec["nested"]["default"])

    def test_defaults_that_say_nothing_are_left_out(self, spec):
        """Absence says the same, and no object is written full of it."""
        assert [] == [
            name for name in ("policy", "bare", "limits", "ports", "tags", "since") if "default" in spec[name]
        ]

    def test_a_spec_that_may_be_absent_is_defaulted(self):
        """Without a spec the object gets all defaults."""
        root = crd_of(kind_with(int, 3))["spec"]["versions"][0]["schema"]["openAPIV3Schema"]

        assert ({}, False) == (root["properties"]["spec"]["default"], "required" in root)

    def test_the_status_has_no_defaults(self, root):
        """Servers do not make up what was observed."""
        assert "default" not in str(root["properties"]["status"])

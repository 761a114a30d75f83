"""Recording the built-in kinds: the facts of the OpenAPI documents, joined with the Go types behind them."""

from informers.testing.recording.kinds import go_fields, record

SOURCE = """
package v1

type Plain struct {
	metav1.TypeMeta `json:",inline"`
	Inner `json:",inline"`
	// Count is prose.
	Count *int32 `json:"count,omitempty" protobuf:"varint,1,opt,name=count"`
	Always Thing `json:"always"`
	Never metav1.Time `json:"never,omitzero"`
	hidden string
}

type Inner struct {
	Names []string `json:"names,omitempty"`
}
"""
NAME = "io.k8s.api.apps.v1.Plain"


def source(tmp_path):
    """A folder of Go modules with one package."""
    package = tmp_path / "api@v0.1.0" / "apps" / "v1"
    package.mkdir(parents=True)
    (package / "types.go").write_text(SOURCE)
    return tmp_path


def test_go_types_of_fields(tmp_path):
    """The type of each field, whether it is always written, and the struct that it is inlined from."""
    assert {
        "apiVersion": "string",
        "kind": "string",
        "names": "Inner:[]string",
        "count": "*int32",
        "always": "v1.Thing!",
        "never": "v1.Time~",
    } == go_fields(source(tmp_path), NAME)


def test_a_definition_without_source_has_no_go_types(tmp_path):
    """Definitions of modules that are not there are recorded without them."""
    assert {} == go_fields(tmp_path, NAME)


def test_a_recording(tmp_path):
    """Prose and custom kinds are left out, kinds come from version 2, and definitions are sorted."""
    property_ = {"type": "integer", "format": "int32", "description": "prose"}
    kinds = [{"group": group, "version": "v1", "kind": "Plain"} for group in ("apps", "example.com")]
    document = {
        "components": {
            "schemas": {
                NAME: {"type": "object", "properties": {"count": property_}},
                "io.k8s.api.apps.v1.Other": {"type": "string"},
                "com.example.v1.Custom": {"type": "object"},
            }
        }
    }
    swagger = {"definitions": {NAME: {"x-kubernetes-group-version-kind": kinds}}}
    recording = record({"apis/apps/v1": document}, swagger, source(tmp_path))

    assert ["io.k8s.api.apps.v1.Other", NAME] == list(recording)
    assert {"count": {"type": "integer", "format": "int32", "x-go": "*int32"}} == recording[NAME]["properties"]
    assert kinds[:1] == recording[NAME]["x-kubernetes-group-version-kind"]

package main

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

var (
	poolKind = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Pool"}
	pools    = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "pools"}
)

// installed puts the custom kind there, as envtest does it for Go's controllers.
func installed(w *world) error {
	_, err := envtest.InstallCRDs(w.config, envtest.CRDInstallOptions{Paths: []string{w.crd}})
	return err
}

// unstructureds writes a custom kind without Go types: client-go's dynamic client, then controller-runtime's.
func unstructureds(ctx context.Context, w *world) error {
	if err := installed(w); err != nil {
		return err
	}
	api := dynamic.NewForConfigOrDie(w.config).Resource(pools).Namespace(w.namespace)
	made, err := api.Create(ctx, pool("p", map[string]any{}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	w.saw("created, with defaults", []any{made.Object["spec"], made.GetGeneration()})
	_, err = api.Create(ctx, pool("q", map[string]any{"size": int64(12)}), metav1.CreateOptions{})
	w.saw("refused by the schema", err)
	_, err = api.Create(ctx, pool("q", map[string]any{"size": int64(1), "mode": "fast"}), metav1.CreateOptions{})
	w.saw("refused by a rule", err)
	_, err = api.Create(ctx, pool("q", map[string]any{"colour": "red"}), metav1.CreateOptions{FieldValidation: "Strict"})
	w.saw("unknown field", err)
	pruned, err := api.Create(ctx, pool("q", map[string]any{"colour": "red"}), metav1.CreateOptions{DryRun: []string{"All"}})
	w.saw("pruned", []any{pruned.Object["spec"], err})

	made.Object["status"] = map[string]any{"ready": int64(1)}
	unstructured.SetNestedField(made.Object, int64(5), "spec", "size")
	status, err := api.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	w.saw("status alone", []any{status.Object["spec"], status.Object["status"], status.GetGeneration(), err})
	scale, err := api.Get(ctx, "p", metav1.GetOptions{}, "scale")
	w.saw("scale", []any{scale.Object["spec"], scale.Object["status"], scale.GetKind(), err})
	listed, err := api.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=p"})
	w.saw("listed", []any{len(listed.Items), listed.GetKind(), err})
	partial, err := metadata.NewForConfigOrDie(w.config).Resource(pools).Namespace(w.namespace).List(ctx, metav1.ListOptions{})
	w.saw("metadata alone", []any{len(partial.Items), partial.Items[0].Name, partial.Items[0].Kind, err})
	return throughController(ctx, w)
}

// throughController does the same with controller-runtime's client, which finds the resource by discovery.
func throughController(ctx context.Context, w *world) error {
	c, err := client.New(w.config, client.Options{})
	if err != nil {
		return err
	}
	one, key := pool("", nil), types.NamespacedName{Namespace: w.namespace, Name: "p"}
	if err := c.Get(ctx, key, one); err != nil {
		return err
	}
	before := one.DeepCopy()
	one.SetLabels(map[string]string{"a": "b"})
	unstructured.SetNestedField(one.Object, "two", "spec", "image")
	w.saw("merge patch", []any{c.Patch(ctx, one, client.MergeFrom(before)), one.Object["spec"], one.GetLabels()})
	stale := before.DeepCopy()
	stale.SetLabels(map[string]string{"a": "c"})
	w.saw("optimistic lock", c.Patch(ctx, stale, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})))
	one.Object["status"] = map[string]any{"ready": int64(2)}
	w.saw("status", []any{c.Status().Update(ctx, one), one.Object["status"]})

	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(poolKind)
	err = c.List(ctx, list, client.InNamespace(w.namespace), client.MatchingLabels{"a": "b"})
	w.saw("listed by label", []any{len(list.Items), err})
	w.saw("deleted", c.Delete(ctx, one) == nil)
	w.saw("gone", client.IgnoreNotFound(c.Get(ctx, key, one)) == nil)
	w.saw("all of them", c.DeleteAllOf(ctx, pool("", nil), client.InNamespace(w.namespace)) == nil)
	return nil
}

func pool(name string, spec map[string]any) *unstructured.Unstructured {
	one := &unstructured.Unstructured{Object: map[string]any{}}
	one.SetGroupVersionKind(poolKind)
	one.SetName(name)
	if spec != nil {
		one.Object["spec"] = spec
	}
	return one
}

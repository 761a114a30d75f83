package main

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// refusals plays what a server must refuse, and how a typed client reads it.
func refusals(ctx context.Context, w *world) error {
	cs := protobuf(w.config)
	configs, deployments := cs.CoreV1().ConfigMaps(w.namespace), cs.AppsV1().Deployments(w.namespace)
	made, err := configs.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = configs.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}}, metav1.CreateOptions{})
	w.saw("already there", err)
	w.saw("read as that", apierrors.IsAlreadyExists(err))
	_, err = configs.Get(ctx, "none", metav1.GetOptions{})
	w.saw("not found", err)

	old := made.DeepCopy()
	made.Data = map[string]string{"a": "b"}
	if _, err = configs.Update(ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	_, err = configs.Update(ctx, old, metav1.UpdateOptions{})
	w.saw("conflict", err)
	w.saw("read as that too", apierrors.IsConflict(err))
	wrong := types.UID("somebody-else")
	err = configs.Delete(ctx, "c", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}})
	w.saw("another one's uid", apierrors.IsConflict(err))

	invalid := deployment("Bad_Name", -1)
	invalid.Spec.Template.Labels = map[string]string{"app": "other"}
	invalid.Spec.Template.Spec.Containers[0].Image = ""
	_, err = deployments.Create(ctx, invalid, metav1.CreateOptions{})
	w.saw("invalid", err)
	_, err = configs.Patch(ctx, "c", types.JSONPatchType, []byte(`[{"op":"test","path":"/data/a","value":"z"}]`), metav1.PatchOptions{})
	w.saw("a test that fails", err)
	_, err = configs.Patch(ctx, "c", types.MergePatchType, []byte(`{"data":`), metav1.PatchOptions{})
	w.saw("no JSON", apierrors.IsBadRequest(err))
	_, err = configs.List(ctx, metav1.ListOptions{FieldSelector: "data.a=b"})
	w.saw("field selector", err)
	_, err = configs.List(ctx, metav1.ListOptions{Continue: "nonsense"})
	w.saw("continue token", apierrors.IsBadRequest(err))
	_, err = cs.CoreV1().ConfigMaps("none-such").Create(ctx, old, metav1.CreateOptions{})
	w.saw("another namespace", err)
	w.saw("a version to come", ahead(ctx, w))

	anonymous := rest.AnonymousClientConfig(w.config)
	anonymous.BearerToken = "nonsense"
	_, err = protobuf(anonymous).CoreV1().ConfigMaps(w.namespace).List(ctx, metav1.ListOptions{})
	w.saw("wrong token", err)
	return nil
}

// ahead watches from a version that is not there yet, and returns what it is told.
func ahead(ctx context.Context, w *world) any {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := protobuf(w.config).CoreV1().ConfigMaps(w.namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: "99999999999"})
	if err != nil {
		return apierrors.ReasonForError(err)
	}
	defer stream.Stop()
	return (<-stream.ResultChan()).Type
}

package main

import (
	"context"
	"sort"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// apply plays server-side apply with typed configurations, the dynamic client and controller-runtime's.
func apply(ctx context.Context, w *world) error {
	if err := installed(w); err != nil {
		return err
	}
	deployments := protobuf(w.config).AppsV1().Deployments(w.namespace)
	one, two := metav1.ApplyOptions{FieldManager: "one"}, metav1.ApplyOptions{FieldManager: "two"}
	made, err := deployments.Apply(ctx, wanted(w.namespace, "nginx:1").WithSpec(spec("nginx:1").WithReplicas(1)), one)
	if err != nil {
		return err
	}
	w.saw("made", owners(made.ManagedFields))
	again, err := deployments.Apply(ctx, wanted(w.namespace, "nginx:1").WithSpec(spec("nginx:1").WithReplicas(1)), one)
	w.saw("nothing to do", []any{again.Generation == made.Generation, err})
	_, err = deployments.Apply(ctx, wanted(w.namespace, "nginx:2"), two)
	w.saw("conflict", err)
	forced := two
	forced.Force = true
	taken, err := deployments.Apply(ctx, wanted(w.namespace, "nginx:2"), forced)
	w.saw("forced", []any{taken.Spec.Template.Spec.Containers[0].Image, owners(taken.ManagedFields), err})
	extracted, err := appsv1ac.ExtractDeployment(taken, "two")
	w.saw("extracted", []any{extracted.Spec.Template.Spec.Containers[0].Image, extracted.Spec.Replicas, err})
	left, err := deployments.Apply(ctx, wanted(w.namespace, "nginx:2"), one)
	w.saw("replicas given up", []any{*left.Spec.Replicas, err})

	api := dynamic.NewForConfigOrDie(w.config).Resource(pools).Namespace(w.namespace)
	thing, err := api.Apply(ctx, "p", pool("p", map[string]any{"size": int64(4)}), one)
	w.saw("custom", []any{thing.Object["spec"], owners(thing.GetManagedFields()), err})
	_, err = api.Apply(ctx, "p", pool("p", map[string]any{"size": int64(5)}), two)
	w.saw("custom conflict", err)
	status := pool("p", nil)
	status.Object["status"] = map[string]any{"ready": int64(3)}
	thing, err = api.ApplyStatus(ctx, "p", status, two)
	w.saw("custom status", []any{thing.Object["spec"], thing.Object["status"], owners(thing.GetManagedFields()), err})

	c, err := client.New(w.config, client.Options{})
	if err != nil {
		return err
	}
	config := corev1ac.ConfigMap("c", w.namespace).WithData(map[string]string{"a": "b"})
	w.saw("controller-runtime", c.Apply(ctx, config, client.FieldOwner("three")))
	w.saw("its answer", []any{config.Data, *config.Namespace, *config.UID != ""})
	return nil
}

func wanted(namespace, image string) *appsv1ac.DeploymentApplyConfiguration {
	return appsv1ac.Deployment("web", namespace).WithSpec(spec(image))
}

func spec(image string) *appsv1ac.DeploymentSpecApplyConfiguration {
	labels := map[string]string{"app": "web"}
	pod := corev1ac.PodSpec().WithContainers(corev1ac.Container().WithName("main").WithImage(image))
	return appsv1ac.DeploymentSpec().
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(labels)).
		WithTemplate(corev1ac.PodTemplateSpec().WithLabels(labels).WithSpec(pod))
}

// owners returns who owns which fields, but for the controllers, who write when they please.
func owners(entries []metav1.ManagedFieldsEntry) []string {
	found := []string{}
	for _, entry := range entries {
		if entry.Manager != "kube-controller-manager" {
			found = append(found, entry.Manager+" "+string(entry.Operation)+" "+entry.Subresource+" "+string(entry.FieldsV1.Raw))
		}
	}
	sort.Strings(found)
	return found
}

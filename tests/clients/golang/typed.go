package main

import (
	"context"
	"fmt"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
)

// protobuf returns a typed client that speaks protobuf in both directions, and JSON to nobody.
func protobuf(cfg *rest.Config) *kubernetes.Clientset {
	binary := rest.CopyConfig(cfg)
	binary.ContentType, binary.AcceptContentTypes = runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf
	return kubernetes.NewForConfigOrDie(binary)
}

// typed reads and writes built-in kinds over protobuf, with every verb.
func typed(ctx context.Context, w *world) error {
	cs := protobuf(w.config)
	deployments, configs := cs.AppsV1().Deployments(w.namespace), cs.CoreV1().ConfigMaps(w.namespace)
	made, err := deployments.Create(ctx, deployment("web", 2), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	w.saw("created, with defaults", made.Spec)
	err = eventually(ctx, func(ctx context.Context) (bool, error) {
		got, err := deployments.Get(ctx, "web", metav1.GetOptions{})
		return err == nil && got.Status.ReadyReplicas == 2 && got.Status.ObservedGeneration == got.Generation, err
	})
	w.saw("became ready", err == nil)

	scale, err := deployments.GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err
	}
	scale.Spec = autoscalingv1.ScaleSpec{Replicas: 1}
	scaled, err := deployments.UpdateScale(ctx, "web", scale, metav1.UpdateOptions{})
	w.saw("scaled", []any{scaled.Spec, scaled.Status.Selector, err})

	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		got, err := deployments.Get(ctx, "web", metav1.GetOptions{})
		if err == nil {
			got.Spec.Template.Spec.Containers[0].Image = "nginx:2"
			_, err = deployments.Update(ctx, got, metav1.UpdateOptions{})
		}
		return err
	})
	w.saw("updated", err == nil)
	change := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"b"}]}]}}}}`)
	patched, err := deployments.Patch(ctx, "web", types.StrategicMergePatchType, change, metav1.PatchOptions{})
	w.saw("patched", []any{patched.Spec.Template.Spec.Containers, patched.Generation, err})

	for number := range 5 {
		labels := map[string]string{"odd": fmt.Sprint(number % 2)}
		one := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("c", number), Labels: labels}}
		one.Data, one.BinaryData = map[string]string{"n": fmt.Sprint(number)}, map[string][]byte{"b": {0, 255, byte(number)}}
		if _, err := configs.Create(ctx, one, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	odd, err := configs.List(ctx, metav1.ListOptions{LabelSelector: "odd=1"})
	w.saw("listed by label", []any{contents(odd.Items), err})
	first, err := configs.List(ctx, metav1.ListOptions{LabelSelector: "odd", Limit: 2})
	w.saw("first page", []any{contents(first.Items), first.RemainingItemCount, err})
	second, err := configs.List(ctx, metav1.ListOptions{LabelSelector: "odd", Limit: 2, Continue: first.Continue})
	w.saw("second page", []any{contents(second.Items), second.ResourceVersion == first.ResourceVersion, err})
	w.saw("watched", watched(ctx, cs, w.namespace, odd.ResourceVersion))
	err = configs.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "odd=0"})
	left, _ := configs.List(ctx, metav1.ListOptions{LabelSelector: "odd"})
	w.saw("collection deleted", []any{contents(left.Items), err})
	return asked(ctx, w, cs)
}

// asked plays what is asked and told rather than stored.
func asked(ctx context.Context, w *world, cs *kubernetes.Clientset) error {
	accounts, pods := cs.CoreV1().ServiceAccounts(w.namespace), cs.CoreV1().Pods(w.namespace)
	bot := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "bot"}}
	if _, err := accounts.Create(ctx, bot, metav1.CreateOptions{}); err != nil {
		return err
	}
	wanted := &authv1.TokenRequest{Spec: authv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](600)}}
	token, err := accounts.CreateToken(ctx, "bot", wanted, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	review := &authv1.TokenReview{Spec: authv1.TokenReviewSpec{Token: token.Status.Token}}
	reviewed, err := cs.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
	w.saw("token", []any{reviewed.Status.Authenticated, reviewed.Status.User.Username, reviewed.Status.User.Groups, err})
	question := authzv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authzv1.ResourceAttributes{Verb: "get", Resource: "pods"}}
	may, err := cs.AuthorizationV1().SelfSubjectAccessReviews().Create(
		ctx, &authzv1.SelfSubjectAccessReview{Spec: question}, metav1.CreateOptions{})
	w.saw("may", []any{may.Status.Allowed, err})

	one := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "one"}, Spec: deployment("", 1).Spec.Template.Spec}
	if _, err := pods.Create(ctx, one, metav1.CreateOptions{}); err != nil {
		return err
	}
	err = pods.EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "one"}})
	w.saw("evicted", err == nil)
	raw, err := cs.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	w.saw("ready", []any{string(raw), err})
	discovery := kubernetes.NewForConfigOrDie(w.config).Discovery()
	version, err := discovery.ServerVersion()
	if err != nil {
		return err
	}
	w.saw("version", []any{version.Major, version.Minor})
	kinds, err := discovery.ServerPreferredNamespacedResources()
	names := []string{}
	for _, list := range kinds {
		for _, kind := range list.APIResources {
			names = append(names, list.GroupVersion+" "+kind.Name)
		}
	}
	sort.Strings(names)
	w.saw("discovered", []any{strings.Join(names, ", "), err})
	return nil
}

func deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	pod := corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx:1"}}, TerminationGracePeriodSeconds: ptr.To[int64](0)}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
}

func contents(items []corev1.ConfigMap) []any {
	found := []any{}
	for _, item := range items {
		found = append(found, []any{item.Name, item.Data, item.BinaryData})
	}
	return found
}

// watched follows changes of one object and returns the events' types, up to its deletion.
func watched(ctx context.Context, cs *kubernetes.Clientset, namespace, version string) []string {
	configs, seen := cs.CoreV1().ConfigMaps(namespace), []string{}
	bookmarks := metav1.ListOptions{LabelSelector: "odd=1", ResourceVersion: version, AllowWatchBookmarks: true}
	stream, err := configs.Watch(ctx, bookmarks)
	if err != nil {
		return []string{err.Error()}
	}
	defer stream.Stop()
	for _, label := range []string{"1", "0", "1"} {
		change := fmt.Appendf(nil, `{"metadata":{"labels":{"odd":%q}},"data":{"n":"%s again"}}`, label, label)
		if _, err := configs.Patch(ctx, "c3", types.MergePatchType, change, metav1.PatchOptions{}); err != nil {
			return append(seen, err.Error())
		}
	}
	if err := configs.Delete(ctx, "c3", metav1.DeleteOptions{}); err != nil {
		return append(seen, err.Error())
	}
	for event := range stream.ResultChan() {
		one := event.Object.(*corev1.ConfigMap)
		seen = append(seen, fmt.Sprintf("%s %s %s", event.Type, one.Name, one.Data["n"]))
		if len(seen) == 4 {
			break
		}
	}
	return seen
}

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "example.com/keep"

// pooler keeps a ConfigMap for each Pool: owned, with the pool's size, counted in the pool's status.
type pooler struct {
	client.Client
	events events.EventRecorder
}

func (p *pooler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	one := pool("", nil)
	if err := p.Get(ctx, request.NamespacedName, one); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !one.GetDeletionTimestamp().IsZero() {
		p.events.Eventf(one, nil, corev1.EventTypeNormal, "Released", "Release", "let go")
		controllerutil.RemoveFinalizer(one, finalizer)
		return ctrl.Result{}, p.Update(ctx, one)
	}
	if controllerutil.AddFinalizer(one, finalizer) {
		return ctrl.Result{}, p.Update(ctx, one)
	}
	size, _, _ := unstructured.NestedInt64(one.Object, "spec", "size")
	child := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: request.Namespace, Name: request.Name}}
	done, err := controllerutil.CreateOrUpdate(ctx, p.Client, child, func() error {
		child.Data = map[string]string{"size": fmt.Sprint(size)}
		return controllerutil.SetControllerReference(one, child, p.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if done != controllerutil.OperationResultNone {
		p.events.Eventf(one, child, corev1.EventTypeNormal, "Kept", "Keep", "child %s", done)
	}
	one.Object["status"] = map[string]any{"ready": size}
	return ctrl.Result{RequeueAfter: time.Hour}, p.Status().Update(ctx, one)
}

// managed starts a manager with the reconciler, elected, and returns when its context ends.
func managed(ctx context.Context, w *world) error {
	mgr, err := ctrl.NewManager(w.config, ctrl.Options{
		LeaderElection: true, LeaderElectionID: "pooler", LeaderElectionNamespace: w.namespace,
		LeaderElectionReleaseOnCancel: true,
		Cache:                         cache.Options{DefaultNamespaces: map[string]cache.Config{w.namespace: {}}},
		Metrics:                       server.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	keeper := &pooler{mgr.GetClient(), mgr.GetEventRecorder("pooler")}
	if err := ctrl.NewControllerManagedBy(mgr).Named("pooler").For(pool("", nil)).Owns(&corev1.ConfigMap{}).Complete(keeper); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// manager lets a controller of controller-runtime keep objects of a custom kind, through a whole life.
func manager(ctx context.Context, w *world) error {
	if err := installed(w); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- managed(running, w) }()
	c, err := client.New(w.config, client.Options{})
	if err != nil {
		return err
	}
	one, child := pool("p", map[string]any{"size": int64(2)}), &corev1.ConfigMap{}
	one.SetNamespace(w.namespace)
	key := client.ObjectKeyFromObject(one)
	must(c.Create(ctx, one))
	kept := func(size string) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			must(c.Get(ctx, key, one))
			ready, found, _ := unstructured.NestedInt64(one.Object, "status", "ready")
			err := c.Get(ctx, key, child)
			return found && fmt.Sprint(ready) == size && child.Data["size"] == size, client.IgnoreNotFound(err)
		}
	}
	must(eventually(ctx, kept("2")))
	owner := child.OwnerReferences[0]
	w.saw("kept", []any{child.Data, owner.Kind, owner.Name, ptr.Deref(owner.Controller, false), one.GetFinalizers()})
	must(c.Delete(ctx, child))
	must(eventually(ctx, kept("2")))
	w.saw("kept again", child.Data)
	must(c.Patch(ctx, one, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"size":3}}`))))
	must(eventually(ctx, kept("3")))
	w.saw("changed", []any{child.Data, one.Object["status"], one.GetGeneration()})
	must(c.Delete(ctx, one))
	gone := func(obj client.Object) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			err := c.Get(ctx, key, obj)
			return errors.IsNotFound(err), client.IgnoreNotFound(err)
		}
	}
	must(eventually(ctx, gone(one)))
	must(eventually(ctx, gone(child)))
	w.saw("gone with its child", true)
	w.saw("events", told(ctx, w))
	stop()
	w.saw("manager ended", <-ended)
	return nil
}

// told returns the reasons of the events, each once.
func told(ctx context.Context, w *world) []string {
	wanted := []string{}
	for _, reason := range []string{"Kept", "Released"} {
		err := eventually(ctx, func(ctx context.Context) (bool, error) {
			found, err := kubernetes.NewForConfigOrDie(w.config).EventsV1().Events(w.namespace).List(
				ctx, metav1.ListOptions{FieldSelector: "reason=" + reason})
			return err == nil && len(found.Items) > 0, err
		})
		wanted = append(wanted, fmt.Sprint(reason, " ", err == nil))
	}
	return wanted
}

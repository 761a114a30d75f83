package main

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// election lets two candidates want one lease: the second leads when the first lets go.
func election(ctx context.Context, w *world) error {
	cs := protobuf(w.config)
	led := make(chan string, 8)
	first, resign := context.WithCancel(ctx)
	second, end := context.WithCancel(ctx)
	defer end()
	go candidate(first, cs, w.namespace, "first", led)
	w.saw("leads", <-led)
	go candidate(second, cs, w.namespace, "second", led)
	lease, err := cs.CoordinationV1().Leases(w.namespace).Get(ctx, "lock", metav1.GetOptions{})
	w.saw("lease", []any{lease.Spec.HolderIdentity, lease.Spec.LeaseDurationSeconds, lease.Spec.LeaseTransitions, err})
	resign()
	w.saw("lets go", <-led)
	w.saw("leads then", <-led)
	lease, err = cs.CoordinationV1().Leases(w.namespace).Get(ctx, "lock", metav1.GetOptions{})
	w.saw("lease then", []any{lease.Spec.HolderIdentity, lease.Spec.LeaseTransitions, err})
	return nil
}

// candidate runs until its context ends and says when it begins and stops to lead.
func candidate(ctx context.Context, cs *kubernetes.Clientset, namespace, name string, led chan<- string) {
	lock := must2(resourcelock.New(
		resourcelock.LeasesResourceLock, namespace, "lock", cs.CoreV1(), cs.CoordinationV1(),
		resourcelock.ResourceLockConfig{Identity: name}))
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock, ReleaseOnCancel: true,
		LeaseDuration: 6 * time.Second, RenewDeadline: 4 * time.Second, RetryPeriod: 200 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { led <- name + " leads" },
			OnStoppedLeading: func() { led <- name + " stopped" },
		},
	})
}

// Command converge is the Memcached controller of reconcilers/memcached as a Go author writes it on controller-runtime:
// the same three watches, the same Deployment, status and events. It is the peer of `levelset run memcached` in
// `python -m bench.converge`, and it is given 4 workers there like its peer.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"sort"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	"levelset.dev/bench/peers/api"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	nameLabel     = "app.kubernetes.io/name"
	instanceLabel = "app.kubernetes.io/instance"
	controlledBy  = "app.kubernetes.io/managed-by"
)

type reconciler struct {
	client.Client
	recorder events.EventRecorder
}

func main() {
	metrics := flag.String("metrics", "0", "address of /metrics")
	workers := flag.Int("workers", 4, "reconciles at the same time")
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	api.AddToScheme(scheme)
	conf := config.GetConfigOrDie()
	conf.UserAgent = "go-peer"
	mgr, err := ctrl.NewManager(conf, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: *metrics},
	})
	must(err)
	must(ctrl.NewControllerManagedBy(mgr).
		For(&api.Memcached{}).
		Owns(&appsv1.Deployment{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(instanceOf)).
		WithOptions(controller.Options{MaxConcurrentReconciles: *workers}).
		Complete(&reconciler{mgr.GetClient(), mgr.GetEventRecorder("memcached-controller")}))
	must(mgr.Start(ctrl.SetupSignalHandler()))
}

func instanceOf(_ context.Context, pod client.Object) []reconcile.Request {
	labels := pod.GetLabels()
	if labels[nameLabel] != "memcached" || labels[instanceLabel] == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{
		Namespace: pod.GetNamespace(), Name: labels[instanceLabel],
	}}}
}

// Reconcile makes one Memcached's Deployment as wanted and its status as seen.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var memcached api.Memcached
	if err := r.Get(ctx, req.NamespacedName, &memcached); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !memcached.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: req.Name, Namespace: req.Namespace}}
	done, err := controllerutil.CreateOrUpdate(ctx, r.Client, deployment, func() error {
		shape(deployment, &memcached)
		return controllerutil.SetControllerReference(&memcached, deployment, r.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	switch done {
	case controllerutil.OperationResultCreated:
		r.recorder.Eventf(&memcached, nil, "Normal", "Created", "Create",
			"Created Deployment %s of size %d", req.Name, memcached.Spec.Size)
	case controllerutil.OperationResultUpdated:
		r.recorder.Eventf(&memcached, nil, "Normal", "Updated", "Update", "Updated Deployment %s", req.Name)
	}
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(req.Namespace), client.MatchingLabels(selector(req.Name))); err != nil {
		return ctrl.Result{}, err
	}
	before := memcached.Status
	memcached.Status = status(&memcached, deployment, pods.Items)
	if !equality.Semantic.DeepEqual(before, memcached.Status) {
		if err := r.Status().Update(ctx, &memcached); err != nil {
			return ctrl.Result{}, err
		}
	}
	return ctrl.Result{RequeueAfter: 300e9}, nil
}

func selector(name string) map[string]string {
	return map[string]string{nameLabel: "memcached", instanceLabel: name}
}

// shape sets what the controller cares for and leaves the server's defaults alone, so that nothing differs later.
func shape(deployment *appsv1.Deployment, memcached *api.Memcached) {
	labels := selector(memcached.Name)
	labels["app.kubernetes.io/component"] = "cache"
	labels[controlledBy] = "memcached-controller"
	deployment.Labels = labels
	deployment.Spec.Replicas = &memcached.Spec.Size
	if deployment.Spec.Selector == nil {
		deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: selector(memcached.Name)}
	}
	deployment.Spec.Template.Labels = labels
	pod := &deployment.Spec.Template.Spec
	pod.AutomountServiceAccountToken = ptr(false)
	pod.SecurityContext = &corev1.PodSecurityContext{
		RunAsNonRoot: ptr(true), RunAsUser: ptr(int64(11211)), RunAsGroup: ptr(int64(11211)),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if len(pod.Containers) != 1 {
		pod.Containers = make([]corev1.Container, 1)
	}
	container(&pod.Containers[0], memcached)
}

func container(c *corev1.Container, memcached *api.Memcached) {
	c.Name, c.Image, c.ImagePullPolicy = "memcached", memcached.Spec.Image, corev1.PullIfNotPresent
	c.Command, c.Args = []string{"memcached", "-m=64", "-o", "modern", "-v"}, []string{"--memory-limit=64"}
	c.Ports = []corev1.ContainerPort{{Name: "memcached", ContainerPort: 11211, Protocol: corev1.ProtocolTCP}}
	if c.ReadinessProbe == nil {
		c.ReadinessProbe = probe(0, 5, 2)
		c.LivenessProbe = probe(10, 20, 5)
	}
	c.SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr(false), Privileged: ptr(false), ReadOnlyRootFilesystem: ptr(true),
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

func probe(delay, period, timeout int32) *corev1.Probe {
	p := &corev1.Probe{InitialDelaySeconds: delay, PeriodSeconds: period, TimeoutSeconds: timeout}
	p.TCPSocket = &corev1.TCPSocketAction{}
	p.TCPSocket.Port.StrVal, p.TCPSocket.Port.Type = "memcached", 1
	return p
}

// status says what was seen, in the words of the Python controller.
func status(memcached *api.Memcached, deployment *appsv1.Deployment, pods []corev1.Pod) api.MemcachedStatus {
	nodes := []string{}
	for i := range pods {
		for _, condition := range pods[i].Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				nodes = append(nodes, pods[i].Name)
			}
		}
	}
	sort.Strings(nodes)
	seen := deployment.Status
	current := seen.ObservedGeneration >= deployment.Generation
	complete := current && seen.UpdatedReplicas == memcached.Spec.Size && seen.AvailableReplicas == memcached.Spec.Size
	next := *memcached.DeepCopyObject().(*api.Memcached)
	say := func(kind string, is bool, reason string) {
		value := metav1.ConditionFalse
		if is {
			value = metav1.ConditionTrue
		}
		meta.SetStatusCondition(&next.Status.Conditions, metav1.Condition{
			Type: kind, Status: value, Reason: reason, ObservedGeneration: memcached.Generation,
		})
	}
	if complete {
		say("Available", true, "MinimumReplicasAvailable")
		say("Progressing", false, "RolloutComplete")
	} else {
		say("Available", false, "RolloutInProgress")
		say("Progressing", true, "RolloutInProgress")
	}
	say("Degraded", false, "AsExpected")
	return api.MemcachedStatus{
		ObservedGeneration: memcached.Generation,
		Replicas:           seen.Replicas,
		ReadyReplicas:      int32(len(nodes)),
		Nodes:              nodes,
		Selector:           instanceLabel + "=" + memcached.Name + "," + nameLabel + "=memcached",
		Conditions:         next.Status.Conditions,
	}
}

func ptr[T any](value T) *T { return &value }

func must(err error) {
	if err != nil {
		logf.Log.Error(err, "cannot go on")
		log.Fatal(err)
	}
}

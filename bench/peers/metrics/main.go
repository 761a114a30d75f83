// Command metrics prints the metrics that controller-runtime serves, as JSON: {version, metrics: {name: {type, labels,
// buckets}}}. A small program with a controller, an election and a webhook lives for some seconds against the cluster of
// the kubeconfig and then reads its own registry. `python -m bench.metrics` records what it prints.
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	_ "sigs.k8s.io/controller-runtime/pkg/webhook/conversion"
)

type family struct {
	Type    string    `json:"type"`
	Labels  []string  `json:"labels"`
	Buckets []float64 `json:"buckets,omitempty"`
}

func main() {
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	scheme := runtime.NewScheme()
	must(corev1.AddToScheme(scheme))
	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme:                  scheme,
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "metrics-list",
		LeaderElectionNamespace: "default",
	})
	must(err)
	must(ctrl.NewControllerManagedBy(mgr).For(&corev1.Namespace{}).Complete(reconcile.Func(
		func(context.Context, reconcile.Request) (reconcile.Result, error) { return reconcile.Result{}, nil },
	)))
	ask()
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	must(mgr.Start(ctx))
	gathered, err := metrics.Registry.Gather()
	must(err)
	found := map[string]family{}
	for _, one := range gathered {
		if !strings.HasPrefix(one.GetName(), "go_") { // about Go, which no other program has
			found[one.GetName()] = describe(one)
		}
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	must(out.Encode(map[string]any{"version": version(), "metrics": found}))
}

// version returns that of controller-runtime.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "sigs.k8s.io/controller-runtime" {
			return module.Version
		}
	}
	return ""
}

// ask has a webhook answer once, without a socket.
func ask() {
	server := webhook.NewServer(webhook.Options{})
	server.Register("/validate", &admission.Webhook{Handler: admission.HandlerFunc(
		func(context.Context, admission.Request) admission.Response { return admission.Allowed("") },
	)})
	body := strings.NewReader(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1"}}`)
	request := httptest.NewRequest(http.MethodPost, "/validate", body)
	request.Header.Set("Content-Type", "application/json")
	server.WebhookMux().ServeHTTP(httptest.NewRecorder(), request)
}

func describe(one *dto.MetricFamily) family {
	labels := map[string]bool{}
	made := family{Type: strings.ToLower(one.GetType().String()), Labels: []string{}}
	for _, metric := range one.GetMetric() {
		for _, pair := range metric.GetLabel() {
			labels[pair.GetName()] = true
		}
		made.Buckets = nil
		for _, bucket := range metric.GetHistogram().GetBucket() {
			made.Buckets = append(made.Buckets, bucket.GetUpperBound())
		}
	}
	for label := range labels {
		made.Labels = append(made.Labels, label)
	}
	slices.Sort(made.Labels)
	return made
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

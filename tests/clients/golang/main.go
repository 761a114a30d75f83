// Command golang plays scenarios with client-go and controller-runtime against the server that KUBECONFIG names, in one
// namespace, and prints one JSON line for each thing that a scenario saw: {"scenario", "step", "saw"}. What differs
// between two runs on one server (uids, times, versions) is never printed.
//
//	golang [-namespace NAME] -crd FILE SCENARIO...
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// patience is how long a scenario waits for anything.
const patience = 30 * time.Second

// world is what every scenario gets: a server, a namespace of its own, and where to say what it saw.
type world struct {
	config    *rest.Config
	namespace string
	crd       string
	scenario  string
	out       *json.Encoder
}

var scenarios = map[string]func(context.Context, *world) error{
	"typed":        typed,
	"refusals":     refusals,
	"unstructured": unstructureds,
	"informers":    informers,
	"apply":        apply,
	"election":     election,
	"manager":      manager,
	"webhooks":     webhooks,
}

func main() {
	crd := flag.String("crd", "", "the file with the custom kind that the scenarios use")
	flag.Parse()
	klog.LogToStderr(false)
	klog.SetOutput(os.Stderr)
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	logf.SetLogger(ctrl.Log)
	cfg, err := config.GetConfig()
	must(err)
	cfg.QPS, cfg.Burst = 500, 1000
	for _, name := range flag.Args() {
		w := &world{config: cfg, namespace: "go-" + name, crd: *crd, scenario: name, out: json.NewEncoder(os.Stdout)}
		must(w.play(scenarios[name]))
	}
}

// play runs a scenario in a namespace of its own, which goes when the scenario ends.
func (w *world) play(scenario func(context.Context, *world) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	namespaces := kubernetes.NewForConfigOrDie(w.config).CoreV1().Namespaces()
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	if _, err := namespaces.Create(ctx, made, metav1.CreateOptions{}); err != nil {
		return err
	}
	return errors.Join(scenario(ctx, w), namespaces.Delete(ctx, w.namespace, metav1.DeleteOptions{}))
}

// saw prints what a step saw; an error from the server in the server's words.
func (w *world) saw(step string, what any) {
	var status apierrors.APIStatus
	if err, failed := what.(error); failed && errors.As(err, &status) {
		told := status.Status()
		what = map[string]any{"code": told.Code, "reason": told.Reason, "message": told.Message, "details": told.Details}
	} else if failed {
		what = map[string]any{"error": err.Error()}
	}
	must(w.out.Encode(map[string]any{"scenario": w.scenario, "step": step, "saw": what}))
}

// eventually waits until a look says yes.
func eventually(ctx context.Context, look func(context.Context) (bool, error)) error {
	return wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, patience, true, look)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

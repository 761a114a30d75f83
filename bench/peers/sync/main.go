// Command sync mirrors one kind with controller-runtime's cache and prints one JSON line: objects, wall_s from the
// cache's start to its first complete list, peak_kb of the process. It is the peer of `python -m bench.sync`.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"levelset.dev/bench/peers/api"
)

// The kinds that are measured, by the name under which `python -m bench.sync` takes them.
var kinds = map[string]struct {
	gvk schema.GroupVersionKind
	obj func() client.Object
}{
	"pods.v1": {corev1.SchemeGroupVersion.WithKind("Pod"), func() client.Object { return &corev1.Pod{} }},
	"memcacheds.v1.cache.example.com": {
		api.GroupVersion.WithKind("Memcached"), func() client.Object { return &api.Memcached{} },
	},
}

func main() {
	as := flag.String("as", "typed", "typed, unstructured or metadata")
	flag.Parse()
	logf.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	kind, known := kinds[flag.Arg(0)]
	if !known {
		log.Fatalf("no such kind here: %q", flag.Arg(0))
	}
	scheme := runtime.NewScheme()
	api.AddToScheme(scheme)
	must(clientgoscheme.AddToScheme(scheme))

	var obj client.Object
	switch *as {
	case "typed":
		obj = kind.obj()
	case "unstructured":
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(kind.gvk)
		obj = u
	case "metadata":
		m := &metav1.PartialObjectMetadata{}
		m.SetGroupVersionKind(kind.gvk)
		obj = m
	default:
		log.Fatalf("-as %q is none of typed, unstructured, metadata", *as)
	}
	objects, wall := sync(scheme, obj)
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{"objects": objects, "wall_s": wall, "peak_kb": peak()}))
}

func sync(scheme *runtime.Scheme, obj client.Object) (int, float64) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	conf := config.GetConfigOrDie()
	began := time.Now()
	mirror, err := cache.New(conf, cache.Options{Scheme: scheme})
	must(err)
	go func() { must(mirror.Start(ctx)) }()
	informer, err := mirror.GetInformer(ctx, obj, cache.BlockUntilSynced(false))
	must(err)
	for !informer.HasSynced() { // not WaitForCacheSync, which looks ten times a second only
		time.Sleep(time.Millisecond)
	}
	wall := time.Since(began).Seconds()
	return len(informer.(toolscache.SharedIndexInformer).GetStore().ListKeys()), wall
}

// peak returns VmHWM: the largest resident size that this process ever had, in KB.
func peak() (kb int) {
	status, err := os.Open("/proc/self/status")
	must(err)
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if after, found := strings.CutPrefix(lines.Text(), "VmHWM:"); found {
			fmt.Sscan(after, &kb)
		}
	}
	return kb
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	clientinformers "k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// diary keeps what an informer told, in order.
type diary struct {
	lock  sync.Mutex
	lines []string
}

func (d *diary) note(what string, obj any) {
	one, err := meta.Accessor(obj)
	if err != nil {
		one = obj.(cache.DeletedFinalStateUnknown).Obj.(metav1.Object)
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	d.lines = append(d.lines, fmt.Sprint(what, " ", one.GetName(), " ", one.GetLabels()))
}

func (d *diary) read() []string {
	d.lock.Lock()
	defer d.lock.Unlock()
	return slices.Clone(d.lines)
}

func (d *diary) of(informer cache.SharedIndexInformer) *diary {
	must2(informer.AddEventHandler(cache.ResourceEventHandlerDetailedFuncs{
		AddFunc:    func(obj any, initial bool) { d.note(fmt.Sprint("added ", initial), obj) },
		UpdateFunc: func(_, obj any) { d.note("updated", obj) },
		DeleteFunc: func(obj any) { d.note("deleted", obj) },
	}))
	return d
}

func must2[T any](value T, err error) T {
	must(err)
	return value
}

// informers mirrors one kind three times, typed over protobuf, dynamic and metadata alone, and a custom kind.
func informers(ctx context.Context, w *world) error {
	if err := installed(w); err != nil {
		return err
	}
	cs := protobuf(w.config)
	selected := func(options *metav1.ListOptions) { options.LabelSelector = "seen" }
	typed := clientinformers.NewSharedInformerFactoryWithOptions(
		cs, 0, clientinformers.WithNamespace(w.namespace), clientinformers.WithTweakListOptions(selected))
	dyn := dynamicinformer.NewFilteredDynamicSharedInformerFactory(
		dynamic.NewForConfigOrDie(w.config), 0, w.namespace, selected)
	partial := metadatainformer.NewFilteredSharedInformerFactory(
		metadata.NewForConfigOrDie(w.config), 0, w.namespace, selected)
	configs := corev1.SchemeGroupVersion.WithResource("configmaps")
	lister := typed.Core().V1().ConfigMaps().Lister().ConfigMaps(w.namespace)
	diaries := map[string]*diary{
		"typed":    new(diary).of(typed.Core().V1().ConfigMaps().Informer()),
		"dynamic":  new(diary).of(dyn.ForResource(configs).Informer()),
		"metadata": new(diary).of(partial.ForResource(configs).Informer()),
		"custom":   new(diary).of(dyn.ForResource(pools).Informer()),
	}
	api, custom := cs.CoreV1().ConfigMaps(w.namespace), dynamic.NewForConfigOrDie(w.config).Resource(pools).Namespace(w.namespace)
	if err := written(ctx, cs, w.namespace, "first"); err != nil {
		return err
	}
	typed.Start(ctx.Done())
	dyn.Start(ctx.Done())
	partial.Start(ctx.Done())
	typed.WaitForCacheSync(ctx.Done())
	dyn.WaitForCacheSync(ctx.Done())
	partial.WaitForCacheSync(ctx.Done())
	if err := written(ctx, cs, w.namespace, "second"); err != nil {
		return err
	}
	one := pool("p", map[string]any{})
	one.SetLabels(map[string]string{"seen": "yes"})
	must2(custom.Create(ctx, one, metav1.CreateOptions{}))
	hide := []byte(`{"metadata":{"labels":{"seen":null}}}`)
	must2(api.Patch(ctx, "second", types.MergePatchType, hide, metav1.PatchOptions{}))
	must(api.Delete(ctx, "first", metav1.DeleteOptions{}))
	must(custom.Delete(ctx, "p", metav1.DeleteOptions{}))
	lengths := map[string]int{"typed": 4, "dynamic": 4, "metadata": 4, "custom": 2}
	for _, name := range []string{"typed", "dynamic", "metadata", "custom"} {
		book := diaries[name]
		must(eventually(ctx, func(context.Context) (bool, error) { return len(book.read()) >= lengths[name], nil }))
		w.saw(name, book.read())
	}
	found, err := lister.List(labels.Everything())
	w.saw("left in the lister", []any{len(found), err})
	return nil
}

// written creates an object that informers see.
func written(ctx context.Context, cs *kubernetes.Clientset, namespace, name string) error {
	labels := map[string]string{"seen": "yes"}
	one := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	_, err := cs.CoreV1().ConfigMaps(namespace).Create(ctx, one, metav1.CreateOptions{})
	return err
}

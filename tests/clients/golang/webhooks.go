package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// webhooks serves two webhooks with controller-runtime and lets the API server call them.
func webhooks(ctx context.Context, w *world) error {
	if err := installed(w); err != nil {
		return err
	}
	place, ca, err := serveWebhooks(ctx)
	if err != nil {
		return err
	}
	configs := kubernetes.NewForConfigOrDie(w.config).AdmissionregistrationV1()
	rules := []admissionv1.RuleWithOperations{{
		Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update, admissionv1.Delete},
		Rule:       admissionv1.Rule{APIGroups: []string{"example.com"}, APIVersions: []string{"v1"}, Resources: []string{"pools"}},
	}}
	here := &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": w.namespace}}
	at := func(path string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{URL: ptr.To(place + path), CABundle: ca}
	}
	none, name := ptr.To(admissionv1.SideEffectClassNone), metav1.ObjectMeta{Name: w.namespace}
	must2(configs.MutatingWebhookConfigurations().Create(ctx, &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: name, Webhooks: []admissionv1.MutatingWebhook{{
			Name: "m.example.com", ClientConfig: at("/mutate"), Rules: rules, NamespaceSelector: here,
			SideEffects: none, AdmissionReviewVersions: []string{"v1"}}},
	}, metav1.CreateOptions{}))
	must2(configs.ValidatingWebhookConfigurations().Create(ctx, &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: name, Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "v.example.com", ClientConfig: at("/validate"), Rules: rules, NamespaceSelector: here,
			SideEffects: none, AdmissionReviewVersions: []string{"v1"}}},
	}, metav1.CreateOptions{}))
	defer func() {
		must(configs.MutatingWebhookConfigurations().Delete(ctx, w.namespace, metav1.DeleteOptions{}))
		must(configs.ValidatingWebhookConfigurations().Delete(ctx, w.namespace, metav1.DeleteOptions{}))
	}()
	return admitted(ctx, w)
}

// admitted writes objects that the webhooks change, warn of and refuse.
func admitted(ctx context.Context, w *world) error {
	heard := []string{}
	listening := rest.CopyConfig(w.config)
	listening.WarningHandler = warnings(func(text string) { heard = append(heard, text) })
	api := dynamic.NewForConfigOrDie(listening).Resource(pools).Namespace(w.namespace)
	// The API server notices the configurations a moment after they are made.
	err := eventually(ctx, func(ctx context.Context) (bool, error) {
		probe, err := api.Create(ctx, pool("probe", map[string]any{}), metav1.CreateOptions{DryRun: []string{"All"}})
		return err == nil && probe.GetLabels()["by"] == "webhook" && len(heard) > 0, err
	})
	if err != nil {
		return err
	}
	heard = nil
	made, err := api.Create(ctx, pool("p", map[string]any{"size": int64(2)}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	w.saw("changed", []any{made.GetLabels(), made.Object["spec"]})
	w.saw("warned", heard)
	_, err = api.Create(ctx, pool("q", map[string]any{"image": "forbidden"}), metav1.CreateOptions{})
	w.saw("refused", err)
	made.Object["spec"] = map[string]any{"image": "forbidden", "size": int64(2)}
	_, err = api.Update(ctx, made, metav1.UpdateOptions{})
	w.saw("refused again", err)
	w.saw("deleted", api.Delete(ctx, "p", metav1.DeleteOptions{}))
	return nil
}

// mutate labels what is created, and makes pools without an image use one.
func mutate(_ context.Context, request admission.Request) admission.Response {
	if len(request.Object.Raw) == 0 {
		return admission.Allowed("nothing to change")
	}
	one := map[string]any{}
	if err := json.Unmarshal(request.Object.Raw, &one); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	one["metadata"].(map[string]any)["labels"] = map[string]string{"by": "webhook"}
	if spec := one["spec"].(map[string]any); spec["image"] == nil {
		spec["image"] = "given"
	}
	changed, err := json.Marshal(one)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, changed)
}

// validate refuses a word and warns of everything else.
func validate(_ context.Context, request admission.Request) admission.Response {
	one := pool("", nil)
	if len(request.Object.Raw) > 0 {
		if err := one.UnmarshalJSON(request.Object.Raw); err != nil {
			return admission.Errored(http.StatusBadRequest, err)
		}
	}
	if spec, _ := one.Object["spec"].(map[string]any); spec["image"] == "forbidden" {
		return admission.Denied("that image is forbidden")
	}
	return admission.Allowed("").WithWarnings(fmt.Sprintf("%s of %s", request.Operation, request.Kind.Kind))
}

// serveWebhooks starts controller-runtime's webhook server and returns where it is and what it is trusted by.
func serveWebhooks(ctx context.Context) (string, []byte, error) {
	folder, err := os.MkdirTemp("", "levelset-webhooks-")
	if err != nil {
		return "", nil, err
	}
	context.AfterFunc(ctx, func() { os.RemoveAll(folder) })
	certificate, key, err := certutil.GenerateSelfSignedCertKey("127.0.0.1", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return "", nil, err
	}
	must(os.WriteFile(folder+"/tls.crt", certificate, 0o600))
	must(os.WriteFile(folder+"/tls.key", key, 0o600))
	free := must2(net.Listen("tcp", "127.0.0.1:0"))
	port := free.Addr().(*net.TCPAddr).Port
	must(free.Close())
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: folder})
	server.Register("/mutate", &webhook.Admission{Handler: admission.HandlerFunc(mutate)})
	server.Register("/validate", &webhook.Admission{Handler: admission.HandlerFunc(validate)})
	go func() { must(server.Start(ctx)) }()
	return fmt.Sprintf("https://127.0.0.1:%d", port), certificate, nil
}

// warnings takes what the server warns of.
type warnings func(string)

func (w warnings) HandleWarningHeader(_ int, _, text string) { w(text) }

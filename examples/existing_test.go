package examples

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/envoy/envoytest"
)

var update = flag.Bool("update", false, "rewrite the examples that are made from others")

const existing = "existing-envoy"

// TestExistingEnvoyIsUpToDate holds that envoy.yaml is before.yaml with the pieces that
// its README names, as they are rendered today.
func TestExistingEnvoyIsUpToDate(t *testing.T) {
	got := merge(t, read(t, "before.yaml"), render(t, filepath.Join(existing, "policy.yaml"), "/run/headgate/extproc.sock"))
	file := filepath.Join(existing, "envoy.yaml")
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(read(t, "envoy.yaml"), string(got)); d != "" {
		t.Errorf("%s is out of date, run with -update (-it +made now):\n%s", file, d)
	}
	if err := envoytest.Validate(t, envoytest.Path(t), got); err != nil {
		t.Error(err)
	}
}

// TestExistingEnvoy holds that the shop works as before, whatever ext_proc does, and
// that LLM traffic is governed, and refused if ext_proc is gone.
func TestExistingEnvoy(t *testing.T) {
	gatewaytest.Envoy(t)
	var asked atomic.Int64
	say := func(who, text string) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if r.Header.Get("x-headgate-int-route") != "" {
				t.Errorf("%s got a header of Headgate's", who)
			}
			w.Header().Set("content-type", "application/json")
			fmt.Fprint(w, text)
		}))
		t.Cleanup(s.Close)
		return s
	}
	shop, local := say("shop", "shoes"), say("local", `{"id":"1","object":"chat.completion","model":"llama","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)
	port := gatewaytest.FreePort(t)
	ports := strings.NewReplacer(":9001/", ":"+portOf(local)+"/", "10000", fmt.Sprint(port), "9000", portOf(shop))
	e := gatewaytest.StartExtproc(t, ports.Replace(read(t, "policy.yaml")))
	envoytest.Start(t, merge(t, ports.Replace(read(t, "before.yaml")), render(t, e.Policy, e.Socket)))
	url := fmt.Sprintf("http://127.0.0.1:%d", port)

	const ask = `{"model":"assistant","messages":[{"role":"user","content":"Hello!"}]}`
	shopping := func() {
		t.Helper()
		if status, h, body := post(t, url+"/v1/chat/completions", ask, "x-headgate-int-route", "assistant/json"); status != 200 || body != "shoes" || h.Get("x-headgate-exchange-id") != "" {
			t.Errorf("the shop: %d %v %s", status, h, body)
		}
	}
	shopping()
	status, h, body := llm(t, url, ask)
	if status != 200 || h.Get("x-headgate-backend") != "local" || !strings.Contains(body, "chat.completion") {
		t.Errorf("LLM: %d %v %s", status, h, body)
	}
	if status, _, body = llm(t, url, strings.Replace(ask, "assistant", "unknown", 1)); status != 404 || !strings.Contains(body, "model_not_found") {
		t.Errorf("an unknown model: %d %s", status, body)
	}
	before := asked.Load()
	e.Stop()
	// A client that names the route itself gets no further.
	for _, further := range [][]string{nil, {"x-headgate-int-route", "assistant/json"}} {
		if status, h, body = llm(t, url, ask, further...); status != 503 || h.Get("x-headgate-refused-by") != "gateway" || !strings.Contains(body, "gateway_unavailable") {
			t.Errorf("LLM without ext_proc: %d %v %s", status, h, body)
		}
	}
	if n := asked.Load() - before; n != 0 {
		t.Errorf("without ext_proc %d requests went on", n)
	}
	shopping()
	shop.Close()
	if status, h, body = post(t, url+"/", ask); status != 503 || h.Get("x-headgate-refused-by") != "" || strings.Contains(body, "_unavailable") {
		t.Errorf("the shop's own refusal: %d %v %s", status, h, body)
	}
}

func portOf(s *httptest.Server) string { return s.URL[strings.LastIndex(s.URL, ":")+1:] }

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(existing, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func render(t *testing.T, policy, socket string) string {
	t.Helper()
	out, errs, code := gatewaytest.Run(t, "render", "envoy", "-f", policy, "--socket", socket, "--envoy-access-log", "")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	return out
}

// llm is post to the host of the models.
func llm(t *testing.T, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	return post(t, url+"/v1/chat/completions", body, append(header, "host", "llm.example.com")...)
}

// merge takes the pieces that the README names from what was rendered into an Envoy's
// configuration.
func merge(t *testing.T, before, rendered string) []byte {
	t.Helper()
	own, theirs := document(t, before), document(t, rendered)
	own.Content[0].HeadComment = "# before.yaml with the pieces of Headgate's that README.md names, each below a comment."
	managers := []string{"static_resources", "listeners", "0", "filter_chains", "0", "filters", "0", "typed_config"}
	manager, from := at(t, own, managers...), at(t, theirs, managers...)
	for _, key := range []string{
		"early_header_mutation_extensions", "local_reply_config", "access_log", "stream_idle_timeout", "request_timeout", "request_headers_timeout",
		"delayed_close_timeout", "use_remote_address", "normalize_path", "merge_slashes", "path_with_escaped_slashes_action", "scheme_header_transformation",
	} {
		manager.Content = append(manager.Content, commented(&yaml.Node{Kind: yaml.ScalarNode, Value: key}), at(t, from, key))
	}
	others := document(t, `{filter: {header_filter: {header: {name: ":authority", string_match: {prefix: llm.example.com}, invert_match: true}}}}`)
	mappers := at(t, manager, "local_reply_config", "mappers")
	mappers.Content = slices.Insert(mappers.Content, 0, others)

	filters := at(t, manager, "http_filters")
	for i, name := range []string{"headgate.router", "headgate.fold", "headgate.order"} {
		filters.Content = slices.Insert(filters.Content, i, commented(named(t, at(t, from, "http_filters"), name)))
	}
	hosts := at(t, manager, "route_config", "virtual_hosts")
	for _, host := range hosts.Content {
		off := document(t, `{headgate.router: {"@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute, disabled: true}}`)
		host.Content = append(host.Content, commented(&yaml.Node{Kind: yaml.ScalarNode, Value: "typed_per_filter_config"}), off)
	}
	gateway := commented(at(t, from, "route_config", "virtual_hosts", "0"))
	*at(t, gateway, "domains") = *document(t, `["llm.example.com", "llm.example.com:*"]`)
	hosts.Content = append(hosts.Content, gateway)

	clusters := at(t, own, "static_resources", "clusters")
	for _, c := range at(t, theirs, "static_resources", "clusters").Content {
		clusters.Content = append(clusters.Content, commented(c))
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(own); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func commented(n *yaml.Node) *yaml.Node {
	n.HeadComment = "# headgate:"
	return n
}

func document(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return n.Content[0]
}

// at finds what stands below a node, by keys and indices.
func at(t *testing.T, n *yaml.Node, path ...string) *yaml.Node {
	t.Helper()
	for _, key := range path {
		var next *yaml.Node
		for i := range n.Content {
			switch {
			case n.Kind == yaml.SequenceNode && fmt.Sprint(i) == key:
				next = n.Content[i]
			case n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == key:
				next = n.Content[i]
			}
		}
		if next == nil {
			t.Fatalf("no %s in %v", key, path)
		}
		n = next
	}
	return n
}

// named finds an element of a list by its name.
func named(t *testing.T, list *yaml.Node, name string) *yaml.Node {
	t.Helper()
	for _, n := range list.Content {
		if at(t, n, "name").Value == name {
			return n
		}
	}
	t.Fatalf("no %s", name)
	return nil
}

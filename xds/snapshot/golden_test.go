package snapshot_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/xds/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// documents are the policies in testdata, by name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.policy.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies in testdata: %v", err)
	}
	out := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".policy.yaml")] = string(text)
	}
	return out
}

func options(t *testing.T) snapshot.Options {
	t.Helper()
	u, err := url.Parse("http://127.0.0.1:9999/v1")
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Options{AccessLog: "/dev/stdout", Simulated: u}
}

// TestGolden compares every resource of each policy, as Envoy gets it, with a file.
func TestGolden(t *testing.T) {
	for name, document := range documents(t) {
		t.Run(name, func(t *testing.T) {
			r, err := snapshot.Build(parse(t, document), options(t))
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, r)
			golden := filepath.Join("testdata", name+".golden.yaml")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (run with -update)", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("resources differ from %s (-want +got); if that is meant, run with -update:\n%s", golden, d)
			}
		})
	}
}

// render writes resources as YAML with sorted keys.
func render(t *testing.T, r *snapshot.Resources) []byte {
	t.Helper()
	clusters := make([]any, len(r.Clusters))
	for i, c := range r.Clusters {
		clusters[i] = plain(t, c)
	}
	out, err := yaml.Marshal(map[string]any{"listener": plain(t, r.Listener), "routes": plain(t, r.Routes), "clusters": clusters})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func plain(t *testing.T, m proto.Message) (v any) {
	t.Helper()
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestEnvoyAccepts has Envoy check each policy's resources, without a warning: the
// pinned one and, if it is there, the oldest that is supported.
func TestEnvoyAccepts(t *testing.T) {
	folder := t.TempDir()
	bundle := pemFiles(t, folder)
	for which, path := range map[string]func(testing.TB) string{"pinned": envoytest.Path, "oldest": envoytest.Oldest} {
		t.Run(which, func(t *testing.T) {
			binary := path(t)
			for name, document := range documents(t) {
				// The files must exist, and hold a certificate: any will do.
				set := parse(t, strings.ReplaceAll(document, "/run/headgate", folder))
				o := options(t)
				o.Roots = bundle
				static, err := snapshot.Static(set, o)
				if err != nil {
					t.Fatal(err)
				}
				if err := envoytest.Validate(t, binary, bootstrapOf(t, static, "/tmp/extproc.sock")); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// pemFiles writes a certificate with its key to tls.crt and tls.key in a folder, and to ca.pem,
// of which it returns the path.
func pemFiles(t *testing.T, folder string) (bundle string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	bundle = filepath.Join(folder, "ca.pem")
	certificate := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	for path, block := range map[string]*pem.Block{
		bundle: certificate, filepath.Join(folder, "tls.crt"): certificate,
		filepath.Join(folder, "tls.key"): {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return bundle
}

// TestEnvoysWarningsAreSeen holds that the check above is one: Envoy warns of a field
// that is deprecated.
func TestEnvoysWarningsAreSeen(t *testing.T) {
	const deprecated = `static_resources: {clusters: [{name: c, type: STATIC, http2_protocol_options: {}, load_assignment: {cluster_name: c}}]}`
	if err := envoytest.Validate(t, envoytest.Path(t), []byte(deprecated)); err == nil || !strings.Contains(err.Error(), "http2_protocol_options") {
		t.Errorf("error %v, want Envoy's warning", err)
	}
}

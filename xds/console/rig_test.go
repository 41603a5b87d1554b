package console_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
)

// first is the policy in effect when a test begins.
const first = `# the first
version: 1
unpriced: flag
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {fast: b/m}
`

// second differs from it by a model and a limit.
const second = first + "limits: {body: 1MiB}\n"

type rig struct {
	t        *testing.T
	policies *consoletest.Policies
	fleet    xds.Status
	url      string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{}
	policies := consoletest.New(t, first)
	*r = *serve(t, console.Options{Policies: policies, Fleet: func() xds.Status { return r.fleet }, Compile: consoletest.Compile})
	r.policies = policies
	return r
}

func serve(t *testing.T, o console.Options) *rig {
	t.Helper()
	s := httptest.NewServer(console.New(o))
	t.Cleanup(s.Close)
	return &rig{t: t, url: s.URL}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request with a body that is JSON, whatever headers say otherwise, as
// pairs of name and value.
func (r *rig) ask(method, path string, body any, headers ...string) answer {
	r.t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		text = string(data)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, data}
}

// want demands a status and decodes the body.
func want[T any](t *testing.T, a answer, status int) (v T) {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, want %d: %s", a.status, status, a.body)
	}
	if typ := a.header.Get("Content-Type"); typ != "application/json" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the answer's content type is %q", typ)
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func one(text string) []policy.File {
	return []policy.File{{Name: "policy.yaml", Data: []byte(text)}}
}

func revision(t *testing.T, text string) string {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set.Revision
}

// Package field plays inputs that users of gateways have reported as faults, and those that a
// study of the wire formats found, through a real Envoy, and holds what must come out of each.
// The inputs are no part of the repository: HEADGATE_SHARED names the folder of their folder
// cases.
package field

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
)

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
)

// rig is a gateway with the models of all cases, before one scripted provider.
type rig struct {
	gateway  *gatewaytest.Gateway
	provider *provider
	folder   string // of the cases
	python   string // that reads the expectations of reports
}

func newRig(t *testing.T) *rig {
	t.Helper()
	folder := filepath.Join(recorded.Shared(t), "cases")
	text, err := os.ReadFile(filepath.Join(folder, "field", "policy.yaml"))
	if err != nil {
		t.Skipf("no cases: set HEADGATE_SHARED (%v)", err)
	}
	p := newProvider(t)
	_, port, _ := strings.Cut(p.url, "127.0.0.1:")
	policy := strings.NewReplacer("@BASE@", port, "listen:", "#",
		"\nbackends:\n", "\nbackends:\n"+wireBackends(p.url), "\nmodels:\n", "\nmodels:\n"+wireModels(t, folder)).Replace(string(text))
	g := gatewaytest.Start(t, policy+wirePrices, gatewaytest.Options{Env: []string{"CASES_KEY=sk-cases"}})
	return &rig{g, p, folder, gatewaytest.Python(t)}
}

// request is what a client asks in a case.
type request struct {
	Path    string
	Headers map[string]string
	Body    json.RawMessage

	RoutedTo string `json:"routed_to"` // backend and model, or those of several links with spaces between
}

// got is what came of a case: what the client, the provider and the operator see. The names are
// those of the expectations.
type got struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Text    string            `json:"text"`
	JSON    any               `json:"js"`    // nil: it is none
	Events  []any             `json:"ev"`    // the data of each event of a stream
	Up      []any             `json:"up"`    // bodies that reached the provider
	Paths   []string          `json:"paths"` // theirs
	Row     map[string]any    `json:"row"`
}

// play asks what a client of the case asks, of a provider that gives the answers.
func (r *rig) play(t *testing.T, q request, answers []scripted) got {
	t.Helper()
	r.provider.script(answers)
	headers := map[string]string{}
	if strings.HasPrefix(q.Path, messagesPath) {
		headers["anthropic-version"] = "2023-06-01"
	}
	for name, value := range q.Headers {
		headers[name] = value
	}
	g := r.gateway.With(t)
	a := g.Ask(gatewaytest.Request{Path: q.Path, Body: string(q.Body), Header: headers})
	out := got{Status: a.Status, Headers: map[string]string{}, Text: a.Body, Events: []any{}, Up: []any{}, Paths: []string{}, Row: map[string]any{}}
	for name, values := range a.Header {
		out.Headers[strings.ToLower(name)] = values[len(values)-1]
	}
	out.JSON = value(a.Body)
	for line := range strings.Lines(a.Body) {
		if data, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: "); ok && data != "[DONE]" {
			out.Events = append(out.Events, value(data))
		}
	}
	for _, s := range r.provider.requests() {
		out.Up, out.Paths = append(out.Up, value(string(s.body))), append(out.Paths, s.path)
	}
	if id := a.Exchange(); id != "" {
		row, err := json.Marshal(g.Row(id))
		if err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal(row, &out.Row)
	}
	return out
}

// value reads JSON, and is nil if the text is none.
func value(text string) (v any) {
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	return v
}

// files lists the cases of a folder.
func (r *rig) files(t *testing.T, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(r.folder, folder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	return paths
}

func readCase(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestCases holds what must come out of each case.
func TestCases(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range r.files(t, "field") {
		t.Run("field/"+filepath.Base(path), func(t *testing.T) { r.checkField(t, path) })
	}
	for _, path := range r.files(t, "wire") {
		t.Run("wire/"+filepath.Base(path), func(t *testing.T) { r.checkWire(t, path) })
	}
}

// checkField plays a report of the field, whose expectations are expressions of Python.
func (r *rig) checkField(t *testing.T, path string) {
	var c struct {
		Request request
		Answers []scripted
		Expect  []string
	}
	readCase(t, path, &c)
	if len(c.Expect) == 0 {
		t.Fatal("nothing is expected")
	}
	out := r.play(t, c.Request, c.Answers)
	for _, fault := range r.judge(t, out, c.Expect) {
		t.Errorf("not: %s", fault)
	}
	if t.Failed() {
		t.Logf("%d %s\nrow %v\nto the provider %v", out.Status, out.Text, out.Row, out.Up)
	}
}

// judge returns the expectations that do not hold.
func (r *rig) judge(t *testing.T, out got, expect []string) (fails []string) {
	t.Helper()
	asked, err := json.Marshal(map[string]any{"names": out, "expect": expect})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(r.python, filepath.Join("testdata", "expect.py"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(append(asked, '\n')), os.Stderr
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("judging: %v", err)
	}
	if err := json.Unmarshal(said, &fails); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return fails
}

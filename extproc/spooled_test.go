package extproc

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	alsdatav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/spool"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// openSpool opens a spool that ends with the test.
func openSpool(t testing.TB, folder string) *spool.Spool {
	t.Helper()
	s, err := spool.Open(spool.Options{Folder: folder, Journal: policy.DefaultJournal(), Log: zap.NewNop()}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// shipped waits for rows, and returns them by how they ended.
func shipped(t testing.TB, s *spool.Spool, n int) map[string]*policypb.Row {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	all := map[string]*policypb.Row{}
	for len(all) < n {
		rows, taken, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("%d of %d rows: %v", len(all), n, err)
		}
		for _, message := range rows {
			r := &policypb.Row{}
			if err := proto.Unmarshal(message, r); err != nil {
				t.Fatal(err)
			}
			all[r.Outcome] = r
		}
		taken()
	}
	return all
}

// canaries are what no spool may hold.
var canaries = map[string]string{
	"a prompt": "canary-prompt-7f", "an answer": "canary-answer-7f", "a client's key": "canary-client-key-7f", "the gateway's key": "sk-backend-secret",
	"the gateway's other key": "sk-ant-secret", "a cookie": "canary-cookie-7f", "a query": "canary-query-7f", "a tool's argument": "canary-argument-7f", "what an error quotes": "canary-error-7f",
}

// TestNothingOfARequestIsSpooled has exchanges that end in each way, full of canaries, and then
// searches every file of the spool.
func TestNothingOfARequestIsSpooled(t *testing.T) {
	folder := t.TempDir()
	s := openSpool(t, folder)
	r := newRigWith(t, testPolicy, s)
	ask := func(path, model string, stream bool) *Stream {
		x := r.Open("router")
		x.RequestHeaders(Post(path+"?key="+canaries["a query"], "authorization", "Bearer "+canaries["a client's key"], "x-api-key", canaries["a client's key"],
			"cookie", canaries["a cookie"], "x-headgate-user", "somebody"), false)
		more := ""
		if stream {
			more = `"stream":true,`
		}
		x.RequestBody(`{"model":"` + model + `",` + more + `"max_tokens":9,"messages":[{"role":"user","content":"` + canaries["a prompt"] + `"}]}`)
		return x
	}
	whole := strings.NewReplacer("hello", canaries["an answer"], `"finish_reason":"stop"`, `"finish_reason":"stop","x":"`+canaries["a tool's argument"]+`"`)
	for _, model := range []string{"gpt-4o-mini", "claude"} {
		x := ask("/v1/chat/completions", model, false)
		x.ResponseHeaders(Answered("200", "application/json"), false)
		x.ResponseBody(whole.Replace(chatAnswer), true)
		x.Cancel()
		x = ask("/v1/messages", model, true)
		x.ResponseHeaders(Answered("200", "text/event-stream"), false)
		x.ResponseBody(strings.ReplaceAll(strings.Join(streamEvents[:2], ""), "hel", canaries["an answer"]), false)
		x.Cancel() // it broke off
		x = ask("/v1/chat/completions", model, false)
		x.ResponseHeaders(Answered("500", "application/json"), false)
		x.ResponseBody(`{"error":{"message":"The key `+canaries["the gateway's key"]+` may not say '`+canaries["what an error quotes"]+` and more' for `+canaries["a client's key"]+`, nor `+canaries["a prompt"]+`."}}`, true)
		x.Cancel()
		x = ask("/v1/chat/completions", "unknown-model", false)
		x.Cancel()
		ask("/v1/chat/completions", model, true).Cancel() // before anything came
	}
	r.idle()
	if rows := r.rows(); len(rows) != 10 {
		t.Fatalf("%d rows", len(rows))
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.spool"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files %q, %v", files, err)
	}
	said := false
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		said = said || bytes.Count(data, []byte("somebody")) >= 10
		for what, canary := range canaries {
			if bytes.Contains(data, []byte(canary)) {
				t.Errorf("%s holds %s", filepath.Base(file), what)
			}
		}
	}
	if !said {
		t.Error("the files do not hold the rows")
	}
}

// TestWhatWasUnderWayIsEstimated kills what keeps rows while exchanges are under way, as a dead
// process does: each has one row, with what its attempt consumes at least.
func TestWhatWasUnderWayIsEstimated(t *testing.T) {
	folder := t.TempDir()
	r := newRigWith(t, testPolicy, openSpool(t, folder))
	r.Open("router").RequestHeaders(Post("/v1/chat/completions"), false) // has not asked yet
	x := r.Open("router")
	x.RequestHeaders(Post("/v1/chat/completions", "x-headgate-user", "somebody"), false)
	x.RequestBody(chatBody)
	copied := t.TempDir() // what a dead process leaves is what its files hold at that moment
	if err := os.CopyFS(copied, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	row := shipped(t, openSpool(t, copied), 1)["gateway_error"]
	if row.GetUser() != "somebody" || row.GetBackend() != "gpt" || row.GetProvider() != "openai" || row.GetAttempts() != 1 || row.GetUsageSource() != "estimated" ||
		row.GetTokens().GetInput() == 0 || row.GetCostNanoUsd() == 0 || row.GetBy() != "gateway" {
		t.Errorf("row %v", row)
	}
}

// full is a spool without room.
type full struct{ spooling }

func (full) Full() bool { return true }

// TestAFullSpoolRefusesInTheClientsDialect holds what a client gets where the policy says to
// stop: an error of its own dialect that says when to come again, and nothing leaves.
func TestAFullSpoolRefusesInTheClientsDialect(t *testing.T) {
	for path, want := range map[string]string{"/v1/chat/completions": `"code":"journal_full"`, "/v1/messages": `"type":"error"`} {
		r := newRigWith(t, testPolicy+"journal: {when_full: stop}\n", full{openSpool(t, t.TempDir())})
		x := r.Open("router")
		x.RequestHeaders(Post(path), false)
		got := x.RequestBody(`{"model":"gpt-4o-mini","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`).Immediate()
		if got == nil {
			t.Fatalf("%s: it is not refused", path)
		}
		retry := slices.ContainsFunc(got.GetHeaders().GetSetHeaders(), func(h *corev3.HeaderValueOption) bool {
			return h.GetHeader().GetKey() == "retry-after" && string(h.GetHeader().GetRawValue()) == "10"
		})
		if got.GetStatus().GetCode() != 503 || !strings.Contains(string(got.GetBody()), want) || !retry {
			t.Errorf("%s: %v", path, got)
		}
		x.Cancel()
		if row := r.row(); row.Status != 503 || row.Reason != "journal_full" || row.Outcome != "gateway_error" || row.By != "gateway" || row.Tokens != nil {
			t.Errorf("%s: row %+v", path, row)
		}
	}
}

// TestBrokenOffExchangesAreCharged holds that however a stream breaks off, its row goes to the
// control plane with its outcome and with a charge for what came.
func TestBrokenOffExchangesAreCharged(t *testing.T) {
	s := openSpool(t, t.TempDir())
	r := newRigWith(t, testPolicy, s)
	want := map[string]string{"cut": "provider", "cancelled": "client", "idle_timeout": "provider", "deadline": "provider"}
	for details, flags := range map[string]*alsdatav3.ResponseFlags{
		"upstream_reset_after_response_started{connection_termination}": {UpstreamConnectionTermination: true},
		"downstream_remote_disconnect":                                  {DownstreamConnectionTermination: true},
		"upstream_per_try_idle_timeout":                                 {UpstreamRequestTimeout: true},
		"max_duration_timeout":                                          {DurationTimeout: true},
	} {
		x := r.Open("router")
		id := x.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
		x.RequestBody(streamBody)
		x.ResponseHeaders(Answered("200", "text/event-stream"), false)
		for _, ev := range streamEvents[:2] {
			x.ResponseBody(ev, false)
		}
		_ = x.Close() // an error says that it was not complete
		sendEntry(t, r, entry(id, details, 200, flags))
	}
	for outcome, row := range shipped(t, s, len(want)) {
		tokens := row.GetTokens()
		if row.GetBy() != want[outcome] || row.GetUsageSource() != "estimated" || tokens.GetInput() == 0 || tokens.GetOutput() == 0 || row.GetCostNanoUsd() == 0 {
			t.Errorf("%s: %v", outcome, row)
		}
	}
}

package extproc

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/policy"
)

// shaped is a pipeline of which only the names matter.
func shaped(revision, shape string) *Pipeline { return &Pipeline{revision: revision, shape: shape} }

// TestPolicies holds which policies are there after each that was taken in, and which of
// them a stream of each shape gets.
func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		name  string
		taken []*Pipeline
		want  map[string]string // by shape: the revision; empty: it is unknown
	}{
		{"one", []*Pipeline{shaped("r1", "a")}, map[string]string{"": "r1", "a": "r1", "b": ""}},
		{"the one before", []*Pipeline{shaped("r1", "a"), shaped("r2", "b")}, map[string]string{"": "r2", "a": "r1", "b": "r2"}},
		{"no third", []*Pipeline{shaped("r1", "a"), shaped("r2", "b"), shaped("r3", "c")}, map[string]string{"a": "", "b": "r2", "c": "r3"}},
		{"other weights", []*Pipeline{shaped("r1", "a"), shaped("r2", "b"), shaped("r3", "b")}, map[string]string{"a": "r1", "b": "r3"}},
		{"taken back", []*Pipeline{shaped("r1", "a"), shaped("r2", "b"), shaped("r1", "a")}, map[string]string{"": "r1", "a": "r1", "b": "r2"}},
		{"the next after it was taken back", []*Pipeline{shaped("r1", "a"), shaped("r2", "b"), shaped("r1", "a"), shaped("r3", "c")},
			map[string]string{"a": "r1", "b": "", "c": "r3"}},
		{"other weights taken back", []*Pipeline{shaped("r1", "a"), shaped("r2", "b"), shaped("r3", "b"), shaped("r2", "b")},
			map[string]string{"a": "r1", "b": "r2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h *policies
			for _, p := range c.taken {
				h, _ = h.with(p)
			}
			got := map[string]string{}
			for shape := range c.want {
				got[shape] = ""
				if p := h.by(shape); p != nil {
					got[shape] = p.revision
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("by shape (-want +got):\n%s", d)
			}
		})
	}
}

// otherPolicy is testPolicy with another body limit: of another shape.
const otherPolicy = testPolicy + "limits: {body: 2MiB}\n"

// hold takes another policy in, and returns it.
func (r *rig) hold(document string) *policy.Set {
	r.t.Helper()
	set, err := policy.Parse("test.yaml", []byte(document))
	if err != nil {
		r.t.Fatal(err)
	}
	r.server.Use(r.compile(set))
	return set
}

// TestExchangeKeepsItsPolicy holds that an exchange goes to its end through the policy
// that Envoy routed it by, whatever is taken in meanwhile.
func TestExchangeKeepsItsPolicy(t *testing.T) {
	r := newRig(t, testPolicy)
	before := r.Open("router", policy.ShapeHeader, r.set.Shape)
	before.RequestHeaders(Post("/v1/chat/completions"), false)
	second := r.hold(otherPolicy)
	late := r.Open("router", policy.ShapeHeader, r.set.Shape)
	late.RequestHeaders(Post("/v1/chat/completions"), false)
	third := r.hold(otherPolicy + "anonymous: true\n")
	if r.set.Shape == second.Shape || second.Shape == third.Shape {
		t.Fatal("the policies have one shape")
	}
	for name, s := range map[string]*Stream{"begun before": before, "begun between": late} {
		s.RequestBody(chatBody)
		s.ResponseHeaders(Answered("200", "application/json"), false)
		if got := s.ResponseBody(chatAnswer, true).Set("x-headgate-policy-revision"); got != r.set.Revision {
			t.Errorf("%s: the exchange ends with policy %s, want %s", name, got, r.set.Revision)
		}
		s.Cancel()
	}
	r.idle()
	for _, row := range r.rows() {
		if row.Revision != r.set.Revision || row.Outcome != "ok" {
			t.Errorf("row %+v, want one of policy %s", row, r.set.Revision)
		}
	}
}

// TestUnknownRevision holds how an exchange of an unknown policy is refused: in the
// client's dialect, with when to try again, counted, and on record.
func TestUnknownRevision(t *testing.T) {
	for _, c := range []struct {
		name string
		post H
		kind string // of the error's type
	}{
		{"openai", Post("/v1/chat/completions"), "server_error"},
		{"anthropic", Post("/v1/messages", "anthropic-version", "2023-06-01"), "overloaded_error"},
		{"too large as well", Post("/v1/chat/completions", "content-length", "999999999"), "server_error"},
		{"unknown path", Post("/v1/nothing"), "server_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router", policy.ShapeHeader, "0123456789ab")
			reply := s.RequestHeaders(c.post, false)
			if im := reply.Immediate(); im == nil || im.GetStatus().GetCode() != 503 {
				t.Fatalf("answer %v, want 503", reply)
			}
			for name, want := range map[string]string{"retry-after": "1", "retry-after-ms": "1000", "x-headgate-refused-by": "gateway"} {
				if got := reply.Set(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			var body struct {
				Error struct {
					Type    string `json:"type"`
					Message string `json:"message"`
				} `json:"error"`
			}
			if err := json.Unmarshal(reply.Immediate().GetBody(), &body); err != nil || body.Error.Message == "" {
				t.Errorf("body %s: %v", reply.Immediate().GetBody(), err)
			}
			if body.Error.Type != c.kind {
				t.Errorf("error type %q, want %q", body.Error.Type, c.kind)
			}
			s.Cancel()
			row := r.row()
			if row.Status != 503 || row.Reason != "policy_revision_unknown" || row.Outcome != "gateway_error" || row.By != "gateway" {
				t.Errorf("row %+v", row)
			}
			if n := r.gauge("headgate_exchanges_unknown_revision_total"); n != 1 {
				t.Errorf("%v counted, want 1", n)
			}
		})
	}
}

// TestAnOutdatedRenderingIsNamed holds that an Envoy whose configuration was rendered of another policy
// is said to need another: to its clients, and once to its operator.
func TestAnOutdatedRenderingIsNamed(t *testing.T) {
	r := newRig(t, testPolicy)
	core, logs := observer.New(zapcore.WarnLevel)
	r.server.log = zap.New(core)
	r.server.Rendered()
	for range 3 {
		s := r.Open("router", policy.ShapeHeader, "0123456789ab")
		if reply := s.RequestHeaders(Post("/v1/chat/completions"), false); !strings.Contains(string(reply.Immediate().GetBody()), "render it again") {
			t.Errorf("the client gets %v", reply)
		}
		s.Cancel()
	}
	if all := logs.FilterMessageSnippet("render its configuration again").Len(); all != 1 {
		t.Errorf("logged %d times: %v", all, logs.All())
	}
}

// TestNoPolicyYet holds that a server without a policy ends streams with an error.
func TestNoPolicyYet(t *testing.T) {
	r := newRig(t, testPolicy)
	r.server.policies.Store(nil)
	s := r.Open("router")
	if err := s.Close(); err == nil {
		t.Error("the stream ended well")
	}
	r.idle()
}

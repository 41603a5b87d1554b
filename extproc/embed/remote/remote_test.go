package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/extproc/embed/remote"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// pipe is what answers own calls in place of Envoy and ext_proc: it claims each, and answers as the
// test says.
type pipe struct {
	client *self.Client
	number atomic.Int64
	mu     sync.Mutex
	owns   []exchange.Own
	bodies []string
}

func newPipe(t *testing.T, answer http.HandlerFunc) *pipe {
	t.Helper()
	folder, err := os.MkdirTemp("", "hg") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "own")
	p := &pipe{client: self.New(self.Options{Socket: socket, Now: time.Now}, prometheus.NewRegistry())}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.note(r)
		answer(w, r)
	})}}
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(p.client.Close)
	return p
}

func (p *pipe) note(r *http.Request) {
	own := p.client.Claim([]byte(r.Header.Get(policy.OwnHeader)), fmt.Sprint("exchange-", p.number.Add(1)))
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owns, p.bodies = append(p.owns, *own), append(p.bodies, r.Method+" "+r.URL.Path+" "+strings.TrimSpace(string(body)))
}

func (p *pipe) embedder(t *testing.T, edit ...func(*remote.Options)) *remote.Embedder {
	t.Helper()
	o := remote.Options{Own: p.client, Model: "embed-small", Dims: 2, Timeout: time.Minute}
	for _, e := range edit {
		e(&o)
	}
	e, err := remote.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// vectorOf is an answer with one vector.
func vectorOf(numbers string) string {
	return `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[` + numbers + `]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}`
}

// TestAsking holds what a call asks for, on whose behalf, and that the vector is scaled and stands
// after what dst has.
func TestAsking(t *testing.T) {
	p := newPipe(t, answering(200, vectorOf("3, -4.0e0")))
	e := p.embedder(t, func(o *remote.Options) { o.Dims = 0 })
	got, err := e.Embed(t.Context(), []float32{7}, `a "quoted" <b>`)
	if want := []float32{7, 0.6, -0.8}; err != nil || !slices.Equal(got, want) {
		t.Errorf("vector %v, error %v, want %v", got, err, want)
	}
	short := p.embedder(t).For("parent")
	if _, err := short.Embed(t.Context(), nil, "text"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		`POST /v1/embeddings {"model":"embed-small","input":"a \"quoted\" <b>","encoding_format":"float"}`,
		`POST /v1/embeddings {"model":"embed-small","input":"text","encoding_format":"float","dimensions":2}`,
	}, p.bodies); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]exchange.Own{{Feature: "cache"}, {Feature: "cache", Parent: "parent"}}, p.owns); diff != "" {
		t.Errorf("on behalf of (-want +got):\n%s", diff)
	}
	if e.ID() != "embed-small" || short.ID() != "embed-small/2" {
		t.Errorf("IDs %q and %q", e.ID(), short.ID())
	}
}

// TestNumbersOfAnySize holds that vectors of very large and very small numbers are scaled, too.
func TestNumbersOfAnySize(t *testing.T) {
	for _, numbers := range []string{"3e300,4e300", "3e-300,4e-300", "3e-320,4e-320"} {
		e := newPipe(t, answering(200, vectorOf(numbers))).embedder(t)
		got, err := e.Embed(t.Context(), nil, "text")
		if err != nil || len(got) != 2 || math.Abs(float64(got[0])-0.6) > 1e-3 || math.Abs(float64(got[1])-0.8) > 1e-3 {
			t.Errorf("%s: vector %v, error %v", numbers, got, err)
		}
	}
}

// TestNothingIsAsked holds that texts that no model can be asked about cost no call.
func TestNothingIsAsked(t *testing.T) {
	p := newPipe(t, answering(200, vectorOf("3,4")))
	for text, want := range map[string]string{
		"": embed.ErrNoVector.Error(), " \n\u00a0": embed.ErrNoVector.Error(), strings.Repeat("secret ", 5000): "35000 bytes",
	} {
		got, err := p.embedder(t).Embed(t.Context(), []float32{7}, text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") || !slices.Equal(got, []float32{7}) {
			t.Errorf("%.10q: vector %v, error %v", text, got, err)
		}
		if blank := want == embed.ErrNoVector.Error(); blank != errors.Is(err, embed.ErrNoVector) {
			t.Errorf("%.10q: error %v", text, err)
		}
	}
	if len(p.owns) != 0 {
		t.Errorf("%d calls", len(p.owns))
	}
}

// TestAnswersThatAreNoVector holds that each is an error that says what is wrong, leaves dst, and
// shows neither the text nor what was answered.
func TestAnswersThatAreNoVector(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"too many requests", 429, `{"error":{"message":"secret"}}`, "status 429"},
		{"a model that is not there", 404, `{"error":{"message":"secret"}}`, "status 404"},
		{"a status that is no refusal", 204, "", "status 204"},
		{"nothing", 200, "", "not a JSON object"},
		{"no JSON", 200, "<html>secret</html>", "not a JSON object"},
		{"JSON that is cut off", 200, `{"data":[{"embedding":[3,4]}]`, "not a JSON object"},
		{"no data", 200, `{"error":"secret"}`, "data: must be a list"},
		{"data of another kind", 200, `{"data":"secret"}`, "data: must be a list"},
		{"no vector", 200, `{"data":[]}`, "has 0 elements"},
		{"two vectors", 200, `{"data":[{"embedding":[3,4]},{"embedding":[3,4]}]}`, "has 2 elements"},
		{"a vector that is no object", 200, `{"data":["secret"]}`, "must have one object"},
		{"a vector without numbers", 200, `{"data":[{"index":0}]}`, "embedding: must be a list"},
		{"base64", 200, `{"data":[{"embedding":"AABAQAAAgEA="}]}`, "embedding: must be a list"},
		{"too few dimensions", 200, vectorOf("3"), "has 1 dimensions, want 2"},
		{"too many dimensions", 200, vectorOf("3,4,5"), "more than 2 dimensions"},
		{"a text among numbers", 200, vectorOf(`3,"secret"`), "element 1 must be a number"},
		{"null among numbers", 200, vectorOf("3,null"), "element 1 must be a number"},
		{"a list among numbers", 200, vectorOf("3,[4]"), "element 1 must be a number"},
		{"a name for no number", 200, vectorOf("3,NaN"), "not a JSON object"},
		{"a name for a number without bounds", 200, vectorOf("3,Infinity"), "not a JSON object"},
		{"a number that is none in JSON", 200, vectorOf("3,0x10"), "not a JSON object"},
		{"a number without bounds", 200, vectorOf("3,1e999"), "element 1 must be a number"},
		{"zero", 200, vectorOf("0,-0.0"), "is zero"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newPipe(t, answering(c.status, c.body)).embedder(t)
			got, err := e.Embed(t.Context(), []float32{7}, "a text")
			switch {
			case err == nil || !slices.Equal(got, []float32{7}):
				t.Errorf("vector %v, error %v", got, err)
			case !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "embed-small"):
				t.Errorf("error %q, want %q in it", err, c.want)
			case strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "a text") || errors.Is(err, embed.ErrNoVector):
				t.Errorf("error %q", err)
			}
		})
	}
}

// TestCallsThatFail holds that the reasons of own calls reach the caller.
func TestCallsThatFail(t *testing.T) {
	wait := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	long := answering(200, vectorOf(strings.Repeat("1,", 1<<20)+"1"))
	left, leave := context.WithCancel(t.Context())
	leave()
	short := func(o *remote.Options) { o.Timeout = time.Millisecond }
	for _, c := range []struct {
		name   string
		ctx    context.Context
		answer http.HandlerFunc
		edit   func(*remote.Options)
		want   error
	}{
		{"the timeout", t.Context(), wait, short, self.ErrTimeout},
		{"the caller has left", left, wait, func(*remote.Options) {}, context.Canceled},
		{"an answer without end", t.Context(), long, func(*remote.Options) {}, self.ErrTooLarge},
		{"no own calls", t.Context(), wait, func(o *remote.Options) { o.Own = nil }, self.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := newPipe(t, c.answer).embedder(t, c.edit).Embed(c.ctx, []float32{7}, "a text")
			if !errors.Is(err, c.want) || !slices.Equal(got, []float32{7}) || strings.Contains(err.Error(), "a text") {
				t.Errorf("vector %v, error %v, want %v", got, err, c.want)
			}
		})
	}
}

// TestASilentModelIsLeftAlone holds that few requests wait for a model that gives no answer, that one
// who has less time than the policy allows does not count, nor an answer of any status.
func TestASilentModelIsLeftAlone(t *testing.T) {
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		allowed time.Duration // to who asks
		want    int           // calls of ten
	}{
		{"silent", silent, time.Minute, 3},
		{"silent for one in haste", silent, time.Millisecond, 10},
		{"failing", answering(500, "{}"), time.Minute, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			timeout := time.Minute
			if c.want == 3 {
				timeout = 10 * time.Millisecond
			}
			rests := 0
			e := newPipe(t, c.answer).embedder(t, func(o *remote.Options) { o.Timeout = timeout })
			for range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), c.allowed)
				_, err := e.Embed(ctx, nil, "a text")
				cancel()
				if errors.Is(err, remote.ErrResting) {
					rests++
				} else if err == nil {
					t.Error("there is a vector")
				}
			}
			if asked := 10 - rests; asked != c.want {
				t.Errorf("it is asked %d times, want %d", asked, c.want)
			}
		})
	}
}

// TestTheBound holds that no vector is asked for when the day's money for own calls is used up.
func TestTheBound(t *testing.T) {
	p := newPipe(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Headgate-Cost-Usd", "1")
		answering(200, vectorOf("3,4"))(w, r)
	})
	set, err := policy.Parse("policy.yaml", []byte("version: 1\nown_calls: {usd_per_day: 1}\n"))
	if err == nil {
		err = p.client.Use(set)
	}
	if err != nil {
		t.Fatal(err)
	}
	e := p.embedder(t)
	if _, err := e.Embed(t.Context(), nil, "a text"); err != nil {
		t.Errorf("below the bound: %v", err)
	}
	if _, err := e.Embed(t.Context(), nil, "a text"); !errors.Is(err, self.ErrBound) || len(p.owns) != 1 {
		t.Errorf("beyond the bound: error %v, %d calls", err, len(p.owns))
	}
}

// TestOptionsThatCannotBe holds that each fault is said.
func TestOptionsThatCannotBe(t *testing.T) {
	for want, edit := range map[string]func(*remote.Options){
		"no model":         func(o *remote.Options) { o.Model = "" },
		"-1 dimensions":    func(o *remote.Options) { o.Dims = -1 },
		"4097 dimensions":  func(o *remote.Options) { o.Dims = remote.MaxDims + 1 },
		"must be above 0":  func(o *remote.Options) { o.Timeout = 0 },
		"timeout -1s: mus": func(o *remote.Options) { o.Timeout = -time.Second },
	} {
		o := remote.Options{Model: "m", Dims: 1, Timeout: time.Second}
		edit(&o)
		if e, err := remote.New(o); err == nil || !strings.Contains(err.Error(), want) || e != nil {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// TestTheLargestVector holds that its answer has room.
func TestTheLargestVector(t *testing.T) {
	numbers := slices.Repeat([]float64{-1.2345678901234567e-100}, remote.MaxDims)
	list, err := json.Marshal(numbers)
	if err != nil {
		t.Fatal(err)
	}
	p := newPipe(t, answering(200, vectorOf(strings.Trim(string(list), "[]"))))
	got, err := p.embedder(t, func(o *remote.Options) { o.Dims = remote.MaxDims }).Embed(t.Context(), nil, "text")
	if err != nil || len(got) != remote.MaxDims || got[0] != -1.0/64 {
		t.Errorf("%d dimensions, error %v", len(got), err)
	}
}

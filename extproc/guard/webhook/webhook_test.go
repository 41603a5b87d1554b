package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// hook is a service that gives one answer and keeps what it got.
type hook struct {
	mu     sync.Mutex
	answer string
	bodies []string
	header http.Header
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.bodies, h.header = append(h.bodies, string(body)), r.Header
	_, _ = io.WriteString(w, h.answer) // the client reads it or fails
}

var environment = map[string]string{"TOKEN": "token", "SIGNING": "a-long-signing-secret"}

func lookup(name string) (string, bool) {
	v, ok := environment[name]
	return v, ok
}

// start returns a guard that asks h; change may change what the policy says.
func start(t *testing.T, h http.Handler, change func(*policy.WebhookGuard)) *Guard {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL + "/check")
	if err != nil {
		t.Fatal(err)
	}
	p := &policy.WebhookGuard{GuardTerms: policy.GuardTerms{Name: "hook", Timeout: time.Minute}, Service: policy.Service{URL: u, Remember: time.Minute, MaxBytes: 64 << 10}}
	if change != nil {
		change(p)
	}
	shared := detector.NewShared(prometheus.NewRegistry(), 1<<20)
	t.Cleanup(shared.Close)
	g, err := New(p, shared, lookup)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func subject() *content.Subject {
	return &content.Subject{Exchange: "01J", Model: "fast", Caller: "ci", Team: "search", Texts: []content.Text{
		{Plain: []byte(`I am Zoë 😀, <b>"here"</b>`), Kind: content.Message, Role: "user", Path: "messages[0].content"},
		{Plain: []byte("Ann Lee"), Kind: content.Result, Role: "tool", Path: "messages[1].content"},
	}}
}

func TestWhatIsSentIsWhatTheSchemaSays(t *testing.T) {
	t.Parallel()
	h := &hook{answer: `{"flagged":false}`}
	g := start(t, h, func(p *policy.WebhookGuard) {
		p.Bearer, p.Signing = policy.Credential{Env: "TOKEN"}, policy.Credential{Env: "SIGNING"}
	})
	output := subject()
	output.Output, output.Caller, output.Team = true, "", ""
	for _, s := range []*content.Subject{subject(), output} {
		if _, err := g.Check(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	const texts = `"texts":[{"kind":"message","role":"user","path":"messages[0].content","text":"I am Zoë 😀, <b>\"here\"</b>"},{"kind":"result","role":"tool","path":"messages[1].content","text":"Ann Lee"}]}` + "\n"
	want := []string{
		`{"version":1,"guard":"hook","direction":"input","exchange":"01J","model":"fast","caller":"ci","team":"search",` + texts,
		`{"version":1,"guard":"hook","direction":"output","exchange":"01J","model":"fast","caller":"","team":"",` + texts,
	}
	if diff := cmp.Diff(want, h.bodies); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, body := range h.bodies {
		if err := validate(schema(t, "request"), []byte(body)); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	at := h.header.Get(timestampHeader)
	mac := hmac.New(sha256.New, []byte(environment["SIGNING"]))
	mac.Write([]byte(at + "." + h.bodies[1]))
	if got, want := h.header.Get(signatureHeader), "v1="+hex.EncodeToString(mac.Sum(nil)); got != want || at == "" {
		t.Errorf("the signature of time %q is %s, want %s", at, got, want)
	}
	if got := h.header.Get("Authorization"); got != "Bearer token" {
		t.Errorf("authorization: %s", got)
	}
}

// TestASignatureIsTheOneOfTheReadme holds an example that others can check their code with.
func TestASignatureIsTheOneOfTheReadme(t *testing.T) {
	t.Parallel()
	got := sign(secret.NewSecret("an-example-of-a-secret"), []byte(`{"version":1}`), time.Unix(1_800_000_000, 0))
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range got {
		if line := name + ": " + values[0]; !strings.Contains(string(readme), line) {
			t.Errorf("README.md lacks %s", line)
		}
	}
}

// answers are answers, what is made of them, and whether the schema takes them.
var answers = []struct {
	name, text string
	fits       bool // the schema
	want       content.Opinion
	err        string
}{
	{"clean", `{"flagged":false}`, true, content.Opinion{}, ""},
	{"flagged", `{"flagged":true,"types":["violence","self-harm/intent"],"score":0.75,"message":"Nein, danke."}`, true,
		content.Opinion{Flagged: true, Types: []string{"self-harm/intent", "violence"}, Score: 0.75, Message: "Nein, danke."}, ""},
	{"spans in code points", `{"flagged":false,"spans":[{"text":1,"start":0,"end":7,"type":"NAME"},{"text":0,"start":9,"end":10,"type":"EMOJI"},{"text":0,"start":5,"end":8,"type":"NAME"}]}`, true,
		content.Opinion{Findings: []content.Finding{{Text: 0, Start: 5, End: 9, Type: "NAME", Score: 1}, {Text: 0, Start: 10, End: 14, Type: "EMOJI", Score: 1}, {Text: 1, Start: 0, End: 7, Type: "NAME", Score: 1}}}, ""},
	{"spans that overlap", `{"flagged":false,"spans":[{"text":1,"start":0,"end":3,"type":"FIRST"},{"text":1,"start":0,"end":7,"type":"NAME"}]}`, true,
		content.Opinion{Findings: []content.Finding{{Text: 1, Start: 0, End: 7, Type: "NAME", Score: 1}}}, ""},
	{"unknown members", `{"flagged":false,"version":2,"spans":[{"text":1,"start":0,"end":3,"type":"NAME","why":{}}]}`, true,
		content.Opinion{Findings: []content.Finding{{Text: 1, Start: 0, End: 3, Type: "NAME", Score: 1}}}, ""},
	{"nothing", ``, false, content.Opinion{}, "answer: "},
	{"no JSON", `my secret text`, false, content.Opinion{}, "answer: "},
	{"cut off", `{"flagged":false`, false, content.Opinion{}, "answer: "},
	{"a list", `[{"flagged":false}]`, false, content.Opinion{}, "answer: "},
	{"without flagged", `{"types":[]}`, false, content.Opinion{}, "answer: flagged: is missing"},
	{"flagged is a word", `{"flagged":"my secret text"}`, false, content.Opinion{}, "answer: flagged: must be true or false"},
	{"flagged is null", `{"flagged":null}`, false, content.Opinion{}, "answer: flagged: must be true or false"},
	{"types are null", `{"flagged":false,"types":null}`, false, content.Opinion{}, "answer: types: must be a list"},
	{"a text as a type", `{"flagged":true,"types":["my secret text"]}`, false, content.Opinion{}, "answer: types: element 0: must be the name of a type: a letter, then up to 63 letters, digits and _./-"},
	{"a score of percent", `{"flagged":true,"score":75}`, false, content.Opinion{}, "answer: score: must be a number from 0 to 1"},
	{"a message of no end", `{"flagged":true,"message":"` + strings.Repeat("m", 1001) + `"}`, false, content.Opinion{}, "answer: message: must be a text of at most 1000 characters"},
	{"spans are an object", `{"flagged":false,"spans":{}}`, false, content.Opinion{}, "answer: spans: must be a list"},
	{"a span is a number", `{"flagged":false,"spans":[1]}`, false, content.Opinion{}, "answer: spans: element 0: must be an object"},
	{"a span without a text", `{"flagged":false,"spans":[{"start":0,"end":1,"type":"NAME"}]}`, false, content.Opinion{}, "answer: spans: element 0: text: is missing"},
	{"a span of half a character", `{"flagged":false,"spans":[{"text":0,"start":0.5,"end":1,"type":"NAME"}]}`, false, content.Opinion{}, "answer: spans: element 0: start: must be a whole number"},
	{"a span of a type in words", `{"flagged":false,"spans":[{"text":0,"start":0,"end":1,"type":"my secret"}]}`, false, content.Opinion{}, "answer: spans: element 0: type: must be the type of a span: 2 to 40 upper-case letters, digits and _, a letter first"},
	{"a span of no text", `{"flagged":false,"spans":[{"text":2,"start":0,"end":1,"type":"NAME"}]}`, true, content.Opinion{}, "answer: spans: element 0: text is 2, of 2 texts"},
	{"a span before the first text", `{"flagged":false,"spans":[{"text":-1,"start":0,"end":1,"type":"NAME"}]}`, false, content.Opinion{}, "answer: spans: element 0: text is -1, of 2 texts"},
	{"a span beyond its text", `{"flagged":false,"spans":[{"text":1,"start":0,"end":8,"type":"NAME"}]}`, true, content.Opinion{}, "answer: spans of text 1: span 0 is from 0 to 8 in a text of 7 code points"},
	{"an empty span", `{"flagged":false,"spans":[{"text":1,"start":1,"end":1,"type":"NAME"}]}`, true, content.Opinion{}, "answer: spans of text 1: span 0 is from 1 to 1 in a text of 7 code points"},
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	fits := schema(t, "answer")
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := validate(fits, []byte(c.text)); (err == nil) != c.fits {
				t.Errorf("the schema says %v", err)
			}
			got, err := start(t, &hook{answer: c.text}, nil).Check(t.Context(), subject())
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var failure *detector.Failure
			switch {
			case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err)):
				t.Errorf("%v, want %s", err, c.err)
			case err != nil && (!errors.As(err, &failure) || failure.Result != detector.Failed):
				t.Errorf("%v is no failure of result error", err)
			case err != nil && strings.Contains(err.Error(), "secret"):
				t.Errorf("%v shows what the service said", err)
			}
		})
	}
}

func TestAnotherStatusIsAnError(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusAccepted, http.StatusUnauthorized, http.StatusInternalServerError} {
		g := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"flagged":false}`) // it is not read
		}), nil)
		if _, err := g.Check(t.Context(), subject()); detector.ResultOf(err) != detector.Failed {
			t.Errorf("status %d: %v", status, err)
		}
	}
}

func TestOnlyWhatIsNotFlaggedIsRemembered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer string
		remember     time.Duration
		calls        int
	}{
		{"clean", `{"flagged":false,"score":0.1}`, time.Minute, 1},
		{"with spans", `{"flagged":false,"spans":[{"text":1,"start":0,"end":3,"type":"NAME"}]}`, time.Minute, 1},
		{"flagged", `{"flagged":true}`, time.Minute, 2},
		{"with types", `{"flagged":false,"types":["odd"]}`, time.Minute, 2},
		{"with a message", `{"flagged":false,"message":"odd"}`, time.Minute, 2},
		{"clean, but nothing is to be remembered", `{"flagged":false}`, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := &hook{answer: c.answer}
			g := start(t, h, func(p *policy.WebhookGuard) { p.Remember = c.remember })
			first, err := g.Check(t.Context(), subject())
			if err != nil {
				t.Fatal(err)
			}
			again, err := g.Check(t.Context(), subject())
			if diff := cmp.Diff(first, again); diff != "" || err != nil {
				t.Errorf("%v, (-first +again)\n%s", err, diff)
			}
			if len(h.bodies) != c.calls {
				t.Errorf("%d calls, want %d", len(h.bodies), c.calls)
			}
		})
	}
}

func TestSecretsThatCannotBeFoundAreErrors(t *testing.T) {
	t.Parallel()
	shared := detector.NewShared(prometheus.NewRegistry(), 1<<20)
	defer shared.Close()
	none := policy.Credential{Env: "NONE"}
	for _, c := range []struct {
		p    policy.WebhookGuard
		want string
	}{
		{policy.WebhookGuard{Service: policy.Service{URL: &url.URL{}, Bearer: none}}, "bearer: environment variable NONE: credential is not set: it is missing or empty"},
		{policy.WebhookGuard{Service: policy.Service{URL: &url.URL{}}, Signing: none}, "signing: environment variable NONE: credential is not set: it is missing or empty"},
		{policy.WebhookGuard{Service: policy.Service{URL: &url.URL{}}, Signing: policy.Credential{Env: "TOKEN"}}, "signing: environment variable TOKEN: the key has 5 characters: 16 are needed at least"},
	} {
		if _, err := New(&c.p, shared, lookup); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// FuzzAnswer holds that what is read is what the schema allows, and that its findings are in the
// texts.
func FuzzAnswer(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a.text))
	}
	fits := schema(f, "answer")
	pieces := []detector.Piece{{Plain: `I am Zoë 😀, <b>"here"</b>`}, {Plain: "Ann Lee"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := read(data)
		if err != nil {
			return
		}
		all, err := a.of(pieces)
		if err != nil {
			return
		}
		if err := validate(fits, data); err != nil {
			t.Errorf("%q is read, and the schema says %v", data, err)
		}
		for i, a := range all {
			end := 0
			for _, f := range a.Findings {
				if f.Start < end || f.End <= f.Start || f.End > len(pieces[i].Plain) {
					t.Errorf("%q: finding %+v in a text of %d bytes, after %d", data, f, len(pieces[i].Plain), end)
				}
				end = f.End
			}
		}
	})
}

// schema returns the published schema of one of its definitions.
func schema(t testing.TB, definition string) *jsonschema.Resolved {
	t.Helper()
	data, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	s.OneOf, s.Ref = nil, "#/$defs/"+definition
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func validate(s *jsonschema.Resolved, data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	return s.Validate(v)
}

func TestTheSchemaHasThePatternsThatAreRead(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{detector.TypePattern, detector.EntityPattern} {
		if !strings.Contains(string(data), `"pattern": "`+pattern+`"`) {
			t.Errorf("schema.json lacks %s", pattern)
		}
	}
}

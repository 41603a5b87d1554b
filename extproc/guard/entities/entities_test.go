package entities

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/policy"
)

// analyzer answers as Presidio does and knows one person, Zoë Lee. What answer is not empty it
// gives in its place.
type analyzer struct {
	mu     sync.Mutex
	old    bool // it takes one text at a time
	answer string
	bodies []string
	path   string
}

func (a *analyzer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var asked struct{ Text any }
	if err != nil || json.Unmarshal(body, &asked) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bodies, a.path = append(a.bodies, string(body)), r.URL.Path
	if a.answer == "" {
		a.analyze(w, asked.Text)
		return
	}
	_, _ = io.WriteString(w, a.answer) // the client reads it or fails
}

func (a *analyzer) analyze(w http.ResponseWriter, text any) {
	one, single := text.(string)
	if !single && a.old {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if single {
		_ = json.NewEncoder(w).Encode(persons(one)) // as above
		return
	}
	all := [][]map[string]any{}
	for _, t := range text.([]any) {
		all = append(all, persons(t.(string)))
	}
	_ = json.NewEncoder(w).Encode(all) // as above
}

func persons(text string) []map[string]any {
	found := []map[string]any{}
	before, _, ok := strings.Cut(text, "Zoë Lee")
	if ok {
		n := len([]rune(before))
		found = append(found, map[string]any{"analysis_explanation": nil, "entity_type": "PERSON", "start": n, "end": n + 7, "score": 0.85})
	}
	return found
}

func start(t *testing.T, a *analyzer, change func(*policy.EntitiesGuard)) *Guard {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := &policy.EntitiesGuard{GuardTerms: policy.GuardTerms{Name: "entities", Timeout: time.Minute}, Language: "en", MinScore: 0.5, Batch: true,
		Service: policy.Service{URL: u, Remember: time.Minute, MaxBytes: 1 << 10}}
	if change != nil {
		change(p)
	}
	shared := detector.NewShared(prometheus.NewRegistry(), 1<<20)
	t.Cleanup(shared.Close)
	g, err := New(p, shared, func(string) (string, bool) { return "token", true })
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func subject(texts ...string) *content.Subject {
	s := &content.Subject{Exchange: "01J"}
	for _, t := range texts {
		s.Texts = append(s.Texts, content.Text{Plain: []byte(t), Kind: content.Message})
	}
	return s
}

func TestWhatIsAskedAndFound(t *testing.T) {
	t.Parallel()
	texts := []string{"Ask 😀 <b>Zoë Lee</b>", "nobody", "Zoë Lee"}
	want := content.Opinion{Findings: []content.Finding{{Text: 0, Start: 12, End: 20, Type: "PERSON", Score: 0.85}, {Text: 2, Start: 0, End: 8, Type: "PERSON", Score: 0.85}}}
	const usual = `,"language":"en","entities":["PERSON","LOCATION","NRP"],"score_threshold":0.5}` + "\n"
	for _, c := range []struct {
		name   string
		change func(*policy.EntitiesGuard)
		old    bool
		path   string
		bodies []string
	}{
		{"several texts at once", nil, false, "/analyze", []string{`{"text":["Ask 😀 <b>Zoë Lee</b>","nobody","Zoë Lee"]` + usual}},
		{"one at a time", func(p *policy.EntitiesGuard) { p.Batch = false }, true, "/analyze",
			[]string{`{"text":"Ask 😀 <b>Zoë Lee</b>"` + usual, `{"text":"Zoë Lee"` + usual, `{"text":"nobody"` + usual}},
		{"another language and other entities below another path", func(p *policy.EntitiesGuard) {
			p.Language, p.Entities, p.MinScore, p.URL = "de", []string{"PERSON"}, 0.7, p.URL.JoinPath("base/")
		}, false, "/base/analyze", []string{`{"text":["Ask 😀 <b>Zoë Lee</b>","nobody","Zoë Lee"],"language":"de","entities":["PERSON"],"score_threshold":0.7}` + "\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := &analyzer{old: c.old}
			g := start(t, a, c.change)
			for range 2 { // the second time from memory
				got, err := g.Check(t.Context(), subject(texts...))
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%v, (-want +got)\n%s", err, diff)
				}
			}
			if diff := cmp.Diff(c.bodies, slices.Sorted(slices.Values(a.bodies))); diff != "" || a.path != c.path {
				t.Errorf("%s (-want +got)\n%s", a.path, diff)
			}
		})
	}
}

func TestALongTextIsAnalyzedInPieces(t *testing.T) {
	t.Parallel()
	a := &analyzer{}
	g := start(t, a, nil)
	for at := 700; at < 1100; at += 7 {
		text := strings.Repeat("é", at/2) + "Zoë Lee" + strings.Repeat(".", 1000)
		got, err := g.Check(t.Context(), subject(text))
		want := content.Opinion{Findings: []content.Finding{{Start: at / 2 * 2, End: at/2*2 + 8, Type: "PERSON", Score: 0.85}}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("at %d: %v, (-want +got)\n%s", at, err, diff)
		}
	}
}

func TestAnOldAnalyzerIsAnErrorUntilThePolicySaysSo(t *testing.T) {
	t.Parallel()
	_, err := start(t, &analyzer{old: true}, nil).Check(t.Context(), subject("Zoë Lee"))
	if err == nil || err.Error() != "answered with status 500" {
		t.Errorf("%v", err)
	}
}

// answers are answers about the texts "Ann Lee" and "x".
var answers = []struct{ name, text, err string }{
	{"nothing found", `[[],[]]`, ""},
	{"not a list for each text", `[[]]`, "answer: a list of another length than that of the texts: an analyzer that takes one text at a time needs batch: false"},
	{"a list too many", `[[],[],[]]`, "answer: has more than 2 elements"},
	{"results of one text", `[{"entity_type":"PERSON","start":0,"end":3,"score":1}]`, "answer: element 0: must be a list"},
	{"an object", `{"error":"my secret text"}`, "answer: must be a list"},
	{"garbage", `my secret text`, "answer: no JSON at byte 0"},
	{"garbage after it", `[[],[]] x`, "answer: no JSON at byte 8"},
	{"without a score", `[[{"entity_type":"PERSON","start":0,"end":3}],[]]`, "answer: element 0: element 0: score: is missing"},
	{"a text as a type", `[[{"entity_type":"my secret","start":0,"end":3,"score":1}],[]]`, "answer: element 0: element 0: entity_type: must be the type of a span: 2 to 40 upper-case letters, digits and _, a letter first"},
	{"beyond the text", `[[],[{"entity_type":"PERSON","start":0,"end":3,"score":1}]]`, "answer: element 1: span 0 is from 0 to 3 in a text of 1 code points"},
	{"before it", `[[],[{"entity_type":"PERSON","start":-1,"end":1,"score":1}]]`, "answer: element 1: span 0 is from -1 to 1 in a text of 1 code points"},
}

func TestAnswersThatDoNotFitAreErrors(t *testing.T) {
	t.Parallel()
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := start(t, &analyzer{answer: c.text}, nil).Check(t.Context(), subject("Ann Lee", "x"))
			if diff := cmp.Diff(content.Opinion{}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("%v, want %s", err, c.err)
			}
		})
	}
}

func TestOverlapsAreResolved(t *testing.T) {
	t.Parallel()
	a := &analyzer{answer: `[[{"entity_type":"PERSON","start":0,"end":7,"score":0.85},{"entity_type":"LOCATION","start":4,"end":7,"score":0.6},{"entity_type":"NRP","start":0,"end":3,"score":0.85}]]`}
	got, err := start(t, a, nil).Check(t.Context(), subject("Ann Lee"))
	want := content.Opinion{Findings: []content.Finding{{Start: 0, End: 7, Type: "PERSON", Score: 0.85}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got)\n%s", err, diff)
	}
}

// FuzzAnswer holds that findings are in their text, in order and without overlaps.
func FuzzAnswer(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a.text), true)
	}
	f.Add([]byte(`[{"entity_type":"PERSON","start":1,"end":2,"score":1}]`), false)
	pieces := []detector.Piece{{Plain: "Ann 😀 Zoë"}, {Plain: "x"}}
	f.Fuzz(func(t *testing.T, data []byte, batch bool) {
		all, err := read(data, pieces[:1+map[bool]int{true: 1}[batch]], batch)
		if err != nil {
			return
		}
		for i, a := range all {
			end := 0
			for _, found := range a.Findings {
				if found.Start < end || found.End <= found.Start || found.End > len(pieces[i].Plain) {
					t.Errorf("%q: finding %+v after %d", data, found, end)
				}
				end = found.End
			}
		}
	})
}

package moderation

import (
	"context"
	"errors"
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

// provider gives one answer and keeps what it was asked.
type provider struct {
	mu     sync.Mutex
	status int
	answer string
	err    error
	asked  []string // parent and body
}

func (p *provider) Ask(_ context.Context, parent string, body []byte) (int, []byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, parent+" "+string(body))
	return p.status, []byte(p.answer), p.err
}

func start(t *testing.T, asker Asker, categories map[string]*policy.Share) *Guard {
	t.Helper()
	shared := detector.NewShared(prometheus.NewRegistry(), 1<<20)
	t.Cleanup(shared.Close)
	return New(&policy.ModerationGuard{GuardTerms: policy.GuardTerms{Name: "moderation", Timeout: time.Minute}, Model: "moderator", Categories: categories, Remember: time.Minute}, shared, asker)
}

func subject(texts ...string) *content.Subject {
	s := &content.Subject{Exchange: "01J"}
	for _, t := range texts {
		s.Texts = append(s.Texts, content.Text{Plain: []byte(t), Kind: content.Message})
	}
	return s
}

// both is an answer about two texts, as OpenAI's models give it.
const both = `{"id":"modr-1","model":"omni-moderation-latest","results":[
{"flagged":false,"categories":{"harassment":false,"violence":false,"illicit":null},"category_scores":{"harassment":0.01,"violence":0.02,"illicit":null},"category_applied_input_types":{"violence":["text"]}},
{"flagged":true,"categories":{"violence":true,"harassment":true,"illicit":false},"category_scores":{"harassment":0.6,"violence":0.9,"illicit":5e-7}}]}`

func TestWhatTheProviderSays(t *testing.T) {
	t.Parallel()
	least := func(s policy.Share) *policy.Share { return &s }
	for _, c := range []struct {
		name       string
		categories map[string]*policy.Share
		answer     string
		want       content.Opinion
		err        string
	}{
		{"its own flags", nil, both, content.Opinion{Flagged: true, Types: []string{"harassment", "violence"}, Score: 0.9}, ""},
		{"flagged without a category", nil, `{"results":[{"flagged":true,"categories":{},"category_scores":{}},{"flagged":false,"categories":{},"category_scores":{}}]}`, content.Opinion{Flagged: true}, ""},
		{"a threshold that is reached", map[string]*policy.Share{"harassment": least(0.6)}, both, content.Opinion{Flagged: true, Types: []string{"harassment"}, Score: 0.6}, ""},
		{"a threshold that is not, of what the provider flags", map[string]*policy.Share{"violence": least(0.91)}, both, content.Opinion{Score: 0.9}, ""},
		{"a threshold of a category without a score", map[string]*policy.Share{"violence": least(1), "illicit": least(1)}, both, content.Opinion{}, "answer of model moderator: results: element 0: category_scores: illicit has a threshold in the policy and no score"},
		{"fewer results than texts", nil, `{"results":[{"flagged":false,"categories":{},"category_scores":{}}]}`, content.Opinion{}, "1 answers to 2 texts"},
		{"no results", nil, `{"error":{"message":"my secret text"}}`, content.Opinion{}, "answer of model moderator: results: is missing"},
		{"a result without scores", nil, `{"results":[{"flagged":false,"categories":{}}]}`, content.Opinion{}, "answer of model moderator: results: element 0: category_scores: is missing"},
		{"a category twice", nil, `{"results":[{"flagged":false,"categories":{"a":true,"a":false},"category_scores":{}}]}`, content.Opinion{}, "answer of model moderator: results: element 0: categories: a: stands twice"},
		{"a text as a category", nil, `{"results":[{"flagged":false,"categories":{"my secret":true},"category_scores":{}}]}`, content.Opinion{}, "answer of model moderator: results: element 0: categories: has a category with a name that is none"},
		{"a score of percent", nil, `{"results":[{"flagged":false,"categories":{},"category_scores":{"a":50}}]}`, content.Opinion{}, "answer of model moderator: results: element 0: category_scores: a: must be a number from 0 to 1"},
		{"garbage", nil, `my secret text`, content.Opinion{}, "answer of model moderator: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := start(t, &provider{status: 200, answer: c.answer}, c.categories).Check(t.Context(), subject("hello", "I <will>"))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("%v, want %s", err, c.err)
			}
		})
	}
}

func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	p := &provider{status: 200, answer: both}
	g := start(t, p, nil)
	for range 2 {
		if o, err := g.Check(t.Context(), subject("hello", "", "I <will>")); err != nil || !o.Flagged {
			t.Errorf("%+v, %v", o, err)
		}
	}
	want := []string{"01J " + `{"model":"moderator","input":["hello","I <will>"]}` + "\n"}
	if diff := cmp.Diff(want, p.asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestACallWithoutAnAnswerIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("no pair")
	for _, c := range []struct {
		p      *provider
		want   string
		result detector.Result
	}{
		{&provider{err: broken}, "asking model moderator: no pair", detector.Failed},
		{&provider{err: context.DeadlineExceeded}, "asking model moderator: context deadline exceeded", detector.Timeout},
		{&provider{status: 429, answer: "my secret text"}, "model moderator answered with status 429", detector.Failed},
	} {
		_, err := start(t, c.p, nil).Check(t.Context(), subject("hello"))
		if err == nil || err.Error() != c.want || detector.ResultOf(err) != c.result || c.p.err != nil && !errors.Is(err, c.p.err) {
			t.Errorf("%v, want %s of result %s", err, c.want, c.result)
		}
	}
}

func TestACallIsBounded(t *testing.T) {
	t.Parallel()
	calls := &counting{}
	texts := make([]string, 2*maxTexts+1)
	for i := range texts {
		texts[i] = strings.Repeat("a", i+1)
	}
	texts = append(texts, strings.Repeat("b", 3*maxBytes))
	if _, err := start(t, calls, nil).Check(t.Context(), subject(texts...)); err != nil {
		t.Fatal(err)
	}
	if calls.texts > maxTexts || calls.bytes > maxBytes+calls.texts*len(`"",`)+len(`{"model":"moderator","input":[]}`) {
		t.Errorf("a call had %d texts, one %d bytes", calls.texts, calls.bytes)
	}
}

// counting finds nothing, and keeps how large calls were.
type counting struct {
	mu           sync.Mutex
	texts, bytes int
}

func (c *counting) Ask(_ context.Context, _ string, body []byte) (int, []byte, error) {
	n := strings.Count(string(body), `"`)/2 - len([]string{"model", "moderator", "input"})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts, c.bytes = max(c.texts, n), max(c.bytes, len(body))
	clean := strings.Repeat(`{"flagged":false,"categories":{},"category_scores":{}},`, n)
	return 200, []byte(`{"results":[` + strings.TrimSuffix(clean, ",") + `]}`), nil
}

// FuzzAnswer holds that what is read has scores and types as they may be in rows.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(both))
	f.Add([]byte(`{"results":[{"flagged":true,"categories":{"a":true},"category_scores":{"violence":1}}]}`))
	plain, strict := &Guard{}, &Guard{thresholds: map[string]float64{"violence": 0.5}, names: []string{"violence"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, g := range []*Guard{plain, strict} {
			answers, err := g.read(data)
			if err != nil {
				continue
			}
			for _, a := range answers {
				for _, name := range a.Types {
					if !categoryName.MatchString(name) {
						t.Errorf("type %q", name)
					}
				}
				if a.Score < 0 || a.Score > 1 {
					t.Errorf("score %v", a.Score)
				}
			}
		}
	})
}

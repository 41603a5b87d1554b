package detector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/headgate/headgate/extproc/guard/content"
)

// service is a detector that flags texts with the word bad and finds the word name. It keeps what
// it was asked.
type service struct {
	mu    sync.Mutex
	asked [][]string // texts, by call
	err   error
	gate  chan struct{} // if not nil, calls wait until it is closed, or their time is up
}

func (s *service) ask(ctx context.Context, q *Question) ([]Answer, error) {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	answers := make([]Answer, len(q.Pieces))
	for i, p := range q.Pieces {
		texts = append(texts, p.Plain)
		answers[i].Opinion = opinionOf(p.Plain)
	}
	s.asked = append(s.asked, texts)
	return answers, s.err
}

func opinionOf(text string) content.Opinion {
	var o content.Opinion
	if strings.Contains(text, "bad") {
		o = content.Opinion{Flagged: true, Types: []string{"bad"}, Score: 0.9, Message: "no"}
	}
	for at := 0; ; at += len("name") {
		i := strings.Index(text[at:], "name")
		if i < 0 {
			return o
		}
		at += i
		o.Findings = append(o.Findings, content.Finding{Start: at, End: at + len("name"), Type: "NAME", Score: 1})
	}
}

func (s *service) calls() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *service) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

var options = Options{Guard: "g", ID: "id", Timeout: time.Second, MaxBytes: 4 << 10, Remember: time.Minute}

func newShared(t *testing.T) (*Shared, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	s := NewShared(reg, 1<<20)
	t.Cleanup(s.Close)
	return s, reg
}

func subject(texts ...string) *content.Subject {
	s := &content.Subject{Exchange: "e1", Model: "m"}
	for i, t := range texts {
		s.Texts = append(s.Texts, content.Text{Plain: []byte(t), Kind: content.Message, Role: "user", Path: fmt.Sprintf("messages[%d]", i)})
	}
	return s
}

func check(t *testing.T, d *Detector, texts ...string) content.Opinion {
	t.Helper()
	o, err := d.Check(t.Context(), subject(texts...))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAnswersToTextsAreOneOpinion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		texts []string
		want  content.Opinion
	}{
		{"nothing to ask about", nil, content.Opinion{}},
		{"only empty texts", []string{"", ""}, content.Opinion{}},
		{"clean", []string{"a", "b"}, content.Opinion{}},
		{"one flagged text flags all", []string{"a", "bad", "b"}, content.Opinion{Flagged: true, Types: []string{"bad"}, Score: 0.9, Message: "no"}},
		{"a type is named once", []string{"bad 1", "bad 2"}, content.Opinion{Flagged: true, Types: []string{"bad"}, Score: 0.9, Message: "no"}},
		{"findings say in which text they are", []string{"my name", "", "name: name"}, content.Opinion{Findings: []content.Finding{
			{Text: 0, Start: 3, End: 7, Type: "NAME", Score: 1}, {Text: 2, Start: 0, End: 4, Type: "NAME", Score: 1}, {Text: 2, Start: 6, End: 10, Type: "NAME", Score: 1}}}},
		{"a text that stands twice has its findings twice", []string{"name", "name"}, content.Opinion{Findings: []content.Finding{
			{Text: 0, Start: 0, End: 4, Type: "NAME", Score: 1}, {Text: 1, Start: 0, End: 4, Type: "NAME", Score: 1}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shared, _ := newShared(t)
			d := shared.Detector(options, (&service{}).ask)
			for _, when := range []string{"asked", "remembered"} {
				if diff := cmp.Diff(c.want, check(t, d, c.texts...)); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", when, diff)
				}
			}
		})
	}
}

func TestTheSameQuestionUnderWayIsAskedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared, _ := newShared(t)
		s := &service{gate: make(chan struct{})}
		d := shared.Detector(options, s.ask)
		opinions := make([]content.Opinion, 10)
		var waiting sync.WaitGroup
		gone, leave := context.WithCancel(t.Context())
		for i := range opinions {
			waiting.Go(func() {
				if i == 0 {
					if _, err := d.Check(gone, subject("my name")); !errors.Is(err, context.Canceled) {
						t.Errorf("who leaves gets %v", err)
					}
					return
				}
				opinions[i], _ = d.Check(t.Context(), subject("my name"))
			})
			synctest.Wait() // the one who leaves began the call
		}
		leave()
		synctest.Wait()
		close(s.gate)
		waiting.Wait()
		want := content.Opinion{Findings: []content.Finding{{Start: 3, End: 7, Type: "NAME", Score: 1}}}
		for i, o := range opinions[1:] {
			if diff := cmp.Diff(want, o); diff != "" {
				t.Errorf("waiter %d: (-want +got)\n%s", i+1, diff)
			}
		}
		if len(s.calls()) != 1 {
			t.Errorf("%d calls, want 1", len(s.calls()))
		}
	})
}

func TestACallOutlivesTheTextOfItsExchange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared, _ := newShared(t)
		s := &service{gate: make(chan struct{})}
		d := shared.Detector(options, s.ask)
		ctx, leave := context.WithCancel(t.Context())
		sub := subject("my name")
		go func() { synctest.Wait(); leave() }()
		if _, err := d.Check(ctx, sub); err == nil {
			t.Error("no error for who leaves")
		}
		copy(sub.Texts[0].Plain, "XXXXXXX")
		close(s.gate)
		synctest.Wait()
		if diff := cmp.Diff([][]string{{"my name"}}, s.calls()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		check(t, d, "my name")
		if len(s.calls()) != 1 {
			t.Error("the answer was not remembered")
		}
	})
}

func TestCallsEndWithTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared := NewShared(prometheus.NewRegistry(), 1<<20)
		d := shared.Detector(options, (&service{gate: make(chan struct{})}).ask)
		began := time.Now()
		go func() { synctest.Wait(); shared.Close() }()
		if _, err := d.Check(t.Context(), subject("text")); err == nil || time.Since(began) > 0 {
			t.Errorf("ended after %v with %v, want an error at once", time.Since(began), err)
		}
		if _, err := d.Check(t.Context(), subject("text")); !errors.Is(err, errClosed) {
			t.Errorf("a later call gives %v", err)
		}
	})
}

func TestWhatWasFoundIsKeptWithAnError(t *testing.T) {
	t.Parallel()
	shared, _ := newShared(t)
	s := &service{}
	d := shared.Detector(options, s.ask)
	check(t, d, "bad")
	s.fail(errors.New("broken"))
	o, err := d.Check(t.Context(), subject("bad", "other"))
	if err == nil || !o.Flagged {
		t.Errorf("%+v and %v, want what is known and an error", o, err)
	}
}

func TestAnAnswerToEachTextIsNeeded(t *testing.T) {
	t.Parallel()
	shared, _ := newShared(t)
	d := shared.Detector(options, func(context.Context, *Question) ([]Answer, error) { return make([]Answer, 1), nil })
	if _, err := d.Check(t.Context(), subject("a", "b")); err == nil || err.Error() != "1 answers to 2 texts" || ResultOf(err) != Failed {
		t.Errorf("%v, of result %s", err, ResultOf(err))
	}
}

func TestAfterAFailureNoFurtherCallIsBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared, _ := newShared(t)
		o := options
		o.MaxPieces = 1
		texts := make([]string, 100)
		for i := range texts {
			texts[i] = fmt.Sprint("text ", i)
		}
		d := shared.Detector(o, (&service{err: errors.New("broken")}).ask)
		if _, err := d.Check(t.Context(), subject(texts...)); err == nil || err.Error() != "broken" {
			t.Errorf("%v, want the first failure", err)
		}
		synctest.Wait()
		n := 0.0
		for _, r := range []Result{Failed, Open} {
			n += testutil.ToFloat64(shared.metrics.calls.WithLabelValues("g", string(r)))
		}
		if n > 2*parallel {
			t.Errorf("%v calls were begun", n)
		}
	})
}

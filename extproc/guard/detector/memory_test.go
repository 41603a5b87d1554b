package detector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/headgate/headgate/extproc/guard/content"
)

func TestALongConversationAsksOnlyAboutItsNewTurns(t *testing.T) {
	t.Parallel()
	shared, reg := newShared(t)
	s := &service{}
	d := shared.Detector(options, s.ask)
	check(t, d, "one", "two")
	check(t, d, "one", "two", "name", "four", "four")
	check(t, d, "one", "two", "name", "four", "bad")
	if diff := cmp.Diff([][]string{{"one", "two"}, {"name", "four"}, {"bad"}}, s.calls()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const want = `
# HELP headgate_detector_remembered_total Texts that a remote detector was not asked about, because its answer to the same text was remembered, by guard.
# TYPE headgate_detector_remembered_total counter
headgate_detector_remembered_total{guard="g"} 6
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "headgate_detector_remembered_total"); err != nil {
		t.Error(err)
	}
}

func TestWhatAnAnswerDependsOnIsPartOfItsMemory(t *testing.T) {
	t.Parallel()
	with := func(change func(*Options)) Options {
		o := options
		change(&o)
		return o
	}
	byRole := with(func(o *Options) {
		o.Context = func(s *content.Subject, t *content.Text) []string { return []string{s.Caller, t.Role} }
	})
	asCaller := func(caller, role string) *content.Subject {
		s := subject("text")
		s.Caller, s.Texts[0].Role = caller, role
		return s
	}
	for _, c := range []struct {
		name          string
		first, second Options
		then          *content.Subject
		calls         int
	}{
		{"the same detector of another policy", options, options, asCaller("", "user"), 1},
		{"another guard with the same detector", options, with(func(o *Options) { o.Guard = "h" }), asCaller("", "user"), 1},
		{"another detector", options, with(func(o *Options) { o.ID = "other" }), asCaller("", "user"), 2},
		{"a caller and a role that do not matter", options, options, asCaller("x", "tool"), 1},
		{"the same caller and role", byRole, byRole, asCaller("", "user"), 1},
		{"another role", byRole, byRole, asCaller("", "tool"), 2},
		{"a caller and a role that look alike side by side", byRole, byRole, asCaller("u", "ser"), 2},
		{"nothing is remembered", with(func(o *Options) { o.Remember = 0 }), with(func(o *Options) { o.Remember = 0 }), asCaller("", "user"), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shared, _ := newShared(t)
			s := &service{}
			for i, o := range []Options{c.first, c.second} {
				if _, err := shared.Detector(o, s.ask).Check(t.Context(), []*content.Subject{asCaller("", "user"), c.then}[i]); err != nil {
					t.Fatal(err)
				}
			}
			if len(s.calls()) != c.calls {
				t.Errorf("%d calls, want %d", len(s.calls()), c.calls)
			}
		})
	}
}

func TestWithoutMemoryEveryTextIsAskedAboutEachTime(t *testing.T) {
	t.Parallel()
	shared, _ := newShared(t)
	s := &service{}
	o := options
	o.Remember = 0
	d := shared.Detector(o, s.ask)
	check(t, d, "name", "name")
	check(t, d, "name", "name")
	if diff := cmp.Diff([][]string{{"name", "name"}, {"name", "name"}}, s.calls()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestErrorsAndOpinionsOfTheWholeAreNotRemembered(t *testing.T) {
	t.Parallel()
	shared, _ := newShared(t)
	s := &service{err: errors.New("answered with status 500")}
	d := shared.Detector(options, s.ask)
	if _, err := d.Check(t.Context(), subject("text")); err == nil {
		t.Fatal("no error")
	}
	s.fail(nil)
	check(t, d, "text")
	check(t, d, "text")
	if len(s.calls()) != 2 {
		t.Errorf("%d calls, want 2: an error was remembered, or an answer was not", len(s.calls()))
	}
	o := options
	o.ID = "whole"
	whole := 0
	d = shared.Detector(o, func(context.Context, *Question) ([]Answer, error) {
		whole++
		return []Answer{{Whole: true}}, nil
	})
	check(t, d, "text")
	check(t, d, "text")
	if whole != 2 {
		t.Errorf("%d calls about the whole, want 2", whole)
	}
}

func TestMemoryEndsAndIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared, _ := newShared(t)
		s := &service{}
		d := shared.Detector(options, s.ask)
		check(t, d, "text")
		time.Sleep(options.Remember - time.Nanosecond)
		check(t, d, "text")
		if len(s.calls()) != 1 {
			t.Errorf("%d calls before the memory ends, want 1", len(s.calls()))
		}
		time.Sleep(2 * time.Second) // the clock of the memory is coarse
		check(t, d, "text")
		if len(s.calls()) != 2 {
			t.Errorf("%d calls after the memory has ended, want 2", len(s.calls()))
		}
	})
	shared := NewShared(prometheus.NewRegistry(), 100*entryBytes)
	defer shared.Close()
	d := shared.Detector(options, (&service{}).ask)
	for i := range 1000 {
		check(t, d, fmt.Sprint("text ", i))
	}
	shared.answers.m.CleanUp()
	if n := shared.answers.m.EstimatedSize(); n > 100 {
		t.Errorf("%d answers are remembered, where 100 fit", n)
	}
}

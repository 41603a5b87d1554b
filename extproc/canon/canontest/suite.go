// Package canontest judges dialects: Suite holds one to all that is asked of every
// dialect, so that a dialect's own tests are a corpus, a call, and what is particular.
// README.md says what a corpus is made of; toy_test.go is a whole dialect that brings
// no more than it must.
//
// The promise: an answer means the same whichever way it takes through the gateway. The
// trap: a golden file is only as good as the eyes that read it; what an answer must mean
// stands in answers.go, in no dialect's words.
package canontest

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/policy/quirk"
)

// Corpus is what a dialect brings to the suite, besides the files of Dir.
type Corpus struct {
	Dir  string // golden pairs and answers; empty: testdata
	From string // the dialect in which the inputs of the golden pairs are written

	// Lacks names the answers (answers.go) that the dialect cannot say, each with the
	// reason. Their files are absent.
	Lacks map[string]string
	// Loses takes from a meaning what the dialect has no words for. Nil: it has words
	// for all.
	Loses func(*Said)

	// Unasked takes from a request what the dialect has no words for. Nil: it has words for
	// all.
	Unasked func(*canon.Request)

	// Judge is the vendor's SDK; nil: there is none, and the dialect judges itself.
	Judge *Judge
	// Heard is what the judge makes of golden inputs once they are translated, by
	// folder and name, such as streams/text.
	Heard map[string]Heard
	// Broken names the golden streams that do not end well.
	Broken []string
	// Cut is the golden stream of which each piece up to Before must end as cut.
	Cut, Before string

	// Aborted is what ends a stream that has begun if the provider is busy.
	Aborted string
	// Faults are the statuses that each kind of fault is written with and read from
	// again.
	Faults map[canon.FaultKind]int
	// NamesRequests says that an error body has room for the id of a request.
	NamesRequests bool

	// Families are the beginnings of the names of recordings in this dialect, and
	// Recordings what each of those holds.
	Families   []string
	Recordings map[string]Recording

	// Seeds are the folders of corpora whose inputs are written in this dialect: they
	// seed its fuzz targets.
	Seeds []string
	// Quirks are tried by fuzzing, besides none.
	Quirks []quirk.Set
}

func (c *Corpus) dir() string {
	if c.Dir == "" {
		return "testdata"
	}
	return c.Dir
}

func (c *Corpus) loses(s Said) Said {
	if c.Loses != nil {
		c.Loses(&s)
	}
	return s
}

// asker is the client in all tests of the suite.
var asker = canon.Client{ID: "exchange-1", Created: 1700000000, Usage: true}

// target is a server without quirks.
var target = canon.Target{Model: "m"}

// under is a dialect under test with its corpus, and the one it is tested against.
type under struct {
	dialect.Dialect
	*Corpus
	from dialect.Dialect
}

func underTest(t testing.TB, d dialect.Dialect, c *Corpus) *under {
	t.Helper()
	from := dialect.ByName(c.From)
	if from == nil || from.Name() == d.Name() {
		t.Fatalf("the corpus of %s is written in %q: want another dialect", d.Name(), c.From)
	}
	u := &under{d, c, from}
	if c.Judge == nil {
		own := *c
		own.Judge = selfJudge(d)
		u.Corpus = &own
	}
	return u
}

// Suite holds a dialect to what is asked of all of them.
func Suite(t *testing.T, d dialect.Dialect, c *Corpus) {
	u := underTest(t, d, c)
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Golden/requests", u.goldenRequests},
		{"Golden/responses", u.goldenResponses},
		{"Golden/streams", u.goldenStreams},
		{"Golden/read", u.goldenRead},
		{"Answers", u.answers},
		{"FourWays", u.fourWays},
		{"Judge/requests", u.judgesRequests},
		{"Judge/answers", u.judgesAnswers},
		{"Judge/streams", u.judgesStreams},
		{"Ends/cut", u.everyCutIsVisible},
		{"Ends/broken", u.brokenStreamsHaveNoEnd},
		{"Ends/nothing follows", u.nothingFollowsTheEnd},
		{"Ends/abort", u.abortEndsWithAnError},
		{"Faults", u.faultsKeepTheirMeaning},
		{"RoundTrip/requests", u.requestsLoseNothing},
		{"RoundTrip/answers", u.answersLoseNothing},
		{"RoundTrip/streams", u.streamsLoseNothing},
		{"Recorded/requests", u.recordedRequests},
		{"Recorded/answers", u.recordedAnswers},
		{"Recorded/ways", u.recordedWays},
		{"Allocations", u.allocations},
	} {
		t.Run(part.name, part.run)
	}
}

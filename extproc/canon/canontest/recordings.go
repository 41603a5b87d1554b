package canontest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
)

// Recording is what a recorded exchange holds, read off it by hand.
type Recording struct {
	Usage canon.Usage // what the answer cost, by bucket

	Fault canon.FaultKind // of an answer that is an error, or a stream that ends with one
	Param string          // that the fault names
	NoID  bool            // the error names no request

	RequestOnly bool // its answer is none, such as a count of tokens
	NotAsked    bool // its request cannot be asked of the other dialect
	NotThere    bool // its answer has blocks that only this dialect understands
	NoFinish    bool // the SDK hears no finish in the stream as it was recorded
}

// recordings runs a test on each recorded exchange of the dialect.
func (u *under) recordings(t *testing.T, run func(*testing.T, *recorded.Exchange, *Recording)) {
	if len(u.Families) == 0 {
		t.Skip("the corpus names no recordings")
	}
	for _, ex := range recorded.Exchanges(t, u.Families...) {
		t.Run(ex.Name, func(t *testing.T) {
			want, known := u.Recordings[ex.Name]
			if !known {
				t.Fatal("nothing is known of this recording: add it to Recordings")
			}
			run(t, &ex, &want)
		})
	}
}

// recordedRequests holds that what clients really asked means the same in the same
// dialect, and in the other one.
func (u *under) recordedRequests(t *testing.T) {
	u.recordings(t, func(t *testing.T, ex *recorded.Exchange, rec *Recording) {
		r, err := u.Decode(ex.Request)
		if err != nil {
			t.Fatal(err)
		}
		want := MeaningOf(r)
		if diff := cmp.Diff(want, limited(want, MeaningOf(rewrite(t, u, r)))); diff != "" {
			t.Errorf("to the same dialect: %s", diff)
		}
		body, dropped, err := u.from.Encode(nil, r, target)
		if (err != nil) != rec.NotAsked {
			t.Fatalf("asking %s: %v, dropped %q; NotAsked %v", u.From, err, dropped, rec.NotAsked)
		}
		if err != nil {
			return
		}
		there, err := u.from.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		if len(dropped) > 0 {
			t.Logf("dropped %q", dropped)
			return
		}
		if diff := cmp.Diff(open(want), open(limited(want, MeaningOf(there)))); diff != "" {
			t.Errorf("to %s: %s", u.From, diff)
		}
	})
}

// limited is a meaning without the token limit that only its own dialect demands.
func limited(want, got Meaning) Meaning {
	if want.Max == 0 {
		got.Max = 0
	}
	return got
}

// open is a meaning whose answer schema does not say that its objects are closed: servers
// that enforce a schema want that said, and what it accepts is what was meant.
func open(m Meaning) Meaning {
	m.Format = strings.ReplaceAll(m.Format, `"additionalProperties":false,`, "")
	return m
}

// recordedAnswers holds that what servers really answered is counted exactly, and means
// the same in the same dialect, and in the other one and back.
func (u *under) recordedAnswers(t *testing.T) {
	u.recordings(t, func(t *testing.T, ex *recorded.Exchange, rec *Recording) {
		switch {
		case ex.Status != 200:
			u.recordedFault(t, ex, rec)
		case rec.RequestOnly:
		case ex.Stream:
			u.recordedStream(t, ex, rec)
		default:
			u.recordedAnswer(t, ex, rec)
		}
	})
}

func (u *under) recordedFault(t *testing.T, ex *recorded.Exchange, rec *Recording) {
	f := u.DecodeFault(ex.Status, ex.Response)
	if f.Kind != rec.Fault || f.Message == "" || f.Param != rec.Param || u.NamesRequests && f.RequestID == "" {
		t.Errorf("fault %+v", f)
	}
}

func (u *under) recordedAnswer(t *testing.T, ex *recorded.Exchange, rec *Recording) {
	r, err := u.DecodeAnswer(ex.Response)
	if err != nil {
		t.Fatal(err)
	}
	said := SaidBy(r)
	if diff := cmp.Diff(rec.Usage, said.Usage); diff != "" {
		t.Errorf("usage (-recorded +read) %s", diff)
	}
	same := respond(t, u, r)
	if diff := cmp.Diff(said, SaidBy(same)); diff != "" {
		t.Errorf("to the same dialect: %s", diff)
	}
	if diff := cmp.Diff(u.Judge.Answer(t, ex.Response), u.Judge.Answer(t, u.EncodeAnswer(nil, r, asker))); diff != "" {
		t.Errorf("the SDK reads (-original +ours) %s", diff)
	}
	there := respond(t, u.from, r)
	want := loses(u.from, said)
	if diff := cmp.Diff(want, SaidBy(there)); diff != "" {
		t.Errorf("to %s: %s", u.From, diff)
	}
	if diff := cmp.Diff(want, SaidBy(respond(t, u, there))); diff != "" {
		t.Errorf("to %s and back: %s", u.From, diff)
	}
}

func (u *under) recordedStream(t *testing.T, ex *recorded.Exchange, rec *Recording) {
	said := StreamSaid(u, ex.Response)
	if diff := cmp.Diff(rec.Usage, said.Usage); diff != "" {
		t.Errorf("usage (-recorded +read) %s", diff)
	}
	if said.Fault != rec.Fault {
		t.Errorf("the stream ends with %q, want %q", said.Fault, rec.Fault)
	}
	if rec.Fault != "" {
		return
	}
	foldsAsItReads(t, u, ex.Response)
	original, _, _ := u.Judge.Stream(t, ex.Response)
	same := u.judged(t, Stream(u.Decoder(true), u.Encoder(asker), ex.Response))
	if rec.NoFinish {
		original.Finish = same.Finish
	}
	original = original.joined()
	if diff := cmp.Diff(original, same); diff != "" {
		t.Errorf("the SDK reads (-original +ours) %s", diff)
	}
	if rec.NotThere {
		return
	}
	there := Stream(u.Decoder(false), u.from.Encoder(asker), ex.Response)
	back := Stream(u.from.Decoder(false), u.Encoder(asker), there)
	if diff := cmp.Diff(original, u.judged(t, back)); diff != "" {
		t.Errorf("to %s and back (-original +ours) %s", u.From, diff)
	}
}

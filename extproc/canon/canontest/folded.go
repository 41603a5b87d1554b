package canontest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// foldsAsItReads holds that a whole answer made of a stream of a dialect means what the
// stream means, and fails as the stream does. What a stream leaves open is said
// in a whole answer: that the arguments of a call are none, and that it ended with calls.
func foldsAsItReads(t *testing.T, d dialect.Dialect, stream []byte) {
	t.Helper()
	want, got := StreamSaid(d, stream), foldedSaid(t, d, stream)
	for i := range want.Choices {
		for j, call := range want.Choices[i].Calls {
			if none, ok := strings.CutSuffix(call, "not JSON: "); ok {
				want.Choices[i].Calls[j] = none + "{}"
			}
		}
	}
	for i := range got.Choices {
		if c := &got.Choices[i]; len(c.Calls) > 0 && c.Finish == canon.FinishStop {
			c.Finish = canon.FinishToolCalls
		}
	}
	if want.Fault != "" {
		if got.Fault != want.Fault {
			t.Errorf("the stream fails with %q, what is made of it with %q: %s", want.Fault, got.Fault, stream)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of the stream %s\nis made (-means +made) %s", stream, diff)
	}
}

// foldedSaid is the meaning of the whole answer that a stream makes. The memory of each
// event is overwritten before the next one is read.
func foldedSaid(t *testing.T, d dialect.Dialect, stream []byte) Said {
	t.Helper()
	body, fault := folded(d, stream)
	if fault != nil {
		return FaultSaid(fault)
	}
	r, err := d.DecodeAnswer(body)
	if errors.As(err, &fault) {
		return FaultSaid(fault)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return SaidBy(r)
}

func folded(d dialect.Dialect, stream []byte) ([]byte, *canon.Fault) {
	var resp exchange.Response
	skim, folder := d.Skim(&exchange.Request{}, &resp, &canon.Usage{}), d.Fold()
	var split scan.Splitter
	split.Feed(stream)
	events := []scan.Event{}
	for ev, err := split.Next(); ev != nil && err == nil; ev, err = split.Next() {
		events = append(events, ev)
	}
	if rest := split.Rest(); canon.Whole(rest.Data()) || string(rest.Data()) == "[DONE]" {
		events = append(events, rest)
	}
	for _, ev := range events {
		own := append(scan.Event(nil), ev...)
		skim.Frame(own)
		if fault := folder.Frame(own); fault != nil {
			return nil, fault
		}
		for i := range own {
			own[i] = 'X'
		}
	}
	body, ok := folder.Answer(nil)
	if !ok || !skim.SawEnd() {
		return nil, canon.Cut()
	}
	return body, nil
}

package provider

import (
	"bytes"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

func TestAnEndlessEventIsNotKept(t *testing.T) {
	ex := &exchange.Exchange{}
	ex.Response.Translates = true
	s := newStream(&target{dialect: dialect.ByName("openai")}, ex, false)
	piece := bytes.Repeat([]byte("data: x "), 1<<17)
	failed := 0
	for range 40 {
		if err := s.Feed(piece, false); err != nil {
			t.Fatal(err)
		}
		for events := s.Next(); events != nil; events = s.Next() {
			if events[0].Kind != canon.EventFailed {
				t.Fatalf("event %+v", events[0])
			}
			failed++
		}
	}
	if n := len(s.events.split.Rest()); n > scan.DefaultMaxEvent+len(piece) {
		t.Errorf("%d bytes of one event are kept", n)
	}
	if failed != 1 || !ex.Response.Failed {
		t.Errorf("failed %d times, the response %v", failed, ex.Response.Failed)
	}
}

// TestAStreamThatIsTooLongToFollowPassesAsItCame holds that a client of the same dialect
// gets the bytes of a stream with an endless event, and no error that may be wrong.
func TestAStreamThatIsTooLongToFollowPassesAsItCame(t *testing.T) {
	s := newStream(&target{dialect: dialect.ByName("openai")}, &exchange.Exchange{}, false)
	piece := bytes.Repeat([]byte("data: x "), 1<<17)
	got := 0
	for range 20 {
		out, err := s.Pass(piece, false)
		if err != nil {
			t.Fatal(err)
		}
		got += len(out)
	}
	out, err := s.Pass([]byte("\n\ndata: [DONE]\n\n"), true)
	if err != nil || got != 20<<20 || string(out) != "\n\ndata: [DONE]\n\n" {
		t.Errorf("%d bytes, then %q, %v", got, out, err)
	}
}

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
	piece := bytes.Repeat([]byte("x"), 1<<20)
	failed := 0
	for range 40 {
		events, err := s.Read(piece, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range events {
			if ev.Kind != canon.EventFailed {
				t.Fatalf("event %+v", ev)
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

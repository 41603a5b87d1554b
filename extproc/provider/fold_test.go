package provider

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestAStreamWithoutAnEndIsNotFoldedForEver holds the bound of what is kept of a stream.
func TestAStreamWithoutAnEndIsNotFoldedForEver(t *testing.T) {
	f := newFold(targetAt(t, "openai", "m"), &exchange.Request{Operation: exchange.Chat}, false)
	event := []byte(`data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"` + strings.Repeat("x", 1<<20) + `"}}]}` + "\n\n")
	for n := 0; f.Feed(event, false); n++ {
		if n > 2*maxPlain/len(event) {
			t.Fatal("no end")
		}
	}
	if _, fault := f.answer(); fault == nil || fault.Kind != canon.FaultMalformed {
		t.Errorf("fault %v", fault)
	}
}

// TestWhatCameIsNotedOnce holds that what is noted of an answer does not change when more
// of it comes late.
func TestWhatCameIsNotedOnce(t *testing.T) {
	f := newFold(targetAt(t, "openai", "m"), &exchange.Request{Operation: exchange.Chat}, false)
	events := spoken("openai")
	f.Feed([]byte(events[1]), false)
	var ex exchange.Exchange
	f.Note(&ex)
	if more := f.Feed([]byte(events[2]), false); more {
		t.Error("more is taken")
	}
	noted := ex.Response.TextBytes
	f.Note(&ex)
	if noted == 0 || ex.Response.TextBytes != noted || !ex.Response.Folded || ex.Route.Backend == "" {
		t.Errorf("noted %d and then %d bytes of %+v", noted, ex.Response.TextBytes, ex.Route)
	}
}

package exchange_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestWhatGuardsFindIsBounded holds that each type is counted in full, that spans and types beyond
// the bounds take no room, and that no type is longer than a text of others may be.
func TestWhatGuardsFindIsBounded(t *testing.T) {
	var g exchange.Guarded
	for i := range 3 {
		g.Found(exchange.GuardSpan{Start: i, End: i + 1, Type: "EMAIL_ADDRESS"})
	}
	g.FoundType("violence")
	want := exchange.Guarded{
		Types: []exchange.TypeCount{{Type: "EMAIL_ADDRESS", Count: 3}, {Type: "violence", Count: 1}},
		Spans: []exchange.GuardSpan{{Start: 0, End: 1, Type: "EMAIL_ADDRESS"}, {Start: 1, End: 2, Type: "EMAIL_ADDRESS"}, {Start: 2, End: 3, Type: "EMAIL_ADDRESS"}},
	}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("got %+v, want %+v", g, want)
	}
	for i := range 100 {
		g.Found(exchange.GuardSpan{Type: fmt.Sprint("type ", i)})
	}
	g.Found(exchange.GuardSpan{Type: "EMAIL_ADDRESS"})
	if len(g.Spans) != exchange.MaxSpans || len(g.Types) != exchange.MaxTypes {
		t.Errorf("%d spans and %d types are kept", len(g.Spans), len(g.Types))
	}
	if first, last := g.Types[0], g.Types[exchange.MaxTypes-1]; first.Count != 4 || last != (exchange.TypeCount{Type: exchange.OtherTypes, Count: 71}) {
		t.Errorf("the first type is %v, the last one %v", first, last)
	}
	var long exchange.Guarded
	long.Found(exchange.GuardSpan{Type: strings.Repeat("x", 1000)})
	if len(long.Types[0].Type) != exchange.MaxText || len(long.Spans[0].Type) != exchange.MaxText {
		t.Errorf("a type is %d bytes long", len(long.Types[0].Type))
	}
}

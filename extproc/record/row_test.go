package record_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
)

// TestEveryFieldOfARowIsFilled holds that the wire has no field that is never written, and
// that every row can be sent: its text is valid UTF-8.
func TestEveryFieldOfARowIsFilled(t *testing.T) {
	sink := &kept{}
	c := record.NewCloser(prometheus.NewRegistry(), nil, sink)
	o := exchange.Outcome{Result: exchange.ProviderError, By: exchange.ByProvider, Detail: "UC"}
	own := minimalExchange()
	own.Own = &exchange.Own{Feature: "guard", Parent: "01KXS6G7ZD4YQ2M8R5T9V0W1AB"}
	lost := minimalExchange()
	lost.Request.Operation, lost.Request.Path = "", "/v1/\xfffiles"
	for _, ex := range []*exchange.Exchange{fullExchange(), freeExchange(false), limitedExchange(), singleExchange(), own, lost, cachedExchange(), verifiedExchange()} {
		c.Add(ex, o)
	}
	unnamed := brokeOff()
	unnamed.Request.Headers = exchange.Headers{{Name: record.RequestHeader, Value: []byte("envoys-id")}}
	c.Add(unnamed, cut)
	c.Ending(record.Ending{Request: "envoys-id", Code: 504})
	filled := map[protoreflect.FullName]bool{}
	for _, row := range sink.all(t) {
		if _, err := proto.Marshal(row); err != nil {
			t.Error(err)
		}
		collect(row.ProtoReflect(), filled)
	}
	checkFilled(t, sink.all(t)[0].ProtoReflect().Descriptor(), filled)
}

// TestAHitThatNobodyGotSavesNothing holds so of one whose client had left before.
func TestAHitThatNobodyGotSavesNothing(t *testing.T) {
	sink := &kept{}
	c := record.NewCloser(prometheus.NewRegistry(), nil, sink)
	left := cachedExchange()
	left.Refused = exchange.Verdict{}
	for _, ex := range []*exchange.Exchange{left, cachedExchange()} {
		c.Add(ex, exchange.Outcome{Result: exchange.OK})
	}
	rows := sink.all(t)
	if c := rows[0].Cache; c.Result != "semantic_hit" || c.SavedNanoUsd != nil || c.SavedNanos != 0 {
		t.Errorf("nobody got %v", c)
	}
	if c := rows[1].Cache; c.GetSavedNanoUsd() != 1_500_000 || c.SavedNanos != 2e9 {
		t.Errorf("somebody got %v", c)
	}
}

// collect adds the names of all fields that are set in a message and in what it holds.
func collect(m protoreflect.Message, filled map[protoreflect.FullName]bool) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		filled[f.FullName()] = true
		switch {
		case f.Message() != nil && f.IsList():
			for i := range v.List().Len() {
				collect(v.List().Get(i).Message(), filled)
			}
		case f.Message() != nil:
			collect(v.Message(), filled)
		}
		return true
	})
}

func checkFilled(t *testing.T, d protoreflect.MessageDescriptor, filled map[protoreflect.FullName]bool) {
	t.Helper()
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		if !filled[f.FullName()] {
			t.Errorf("%s is never filled", f.FullName())
		}
		if f.Message() != nil {
			checkFilled(t, f.Message(), filled)
		}
	}
}

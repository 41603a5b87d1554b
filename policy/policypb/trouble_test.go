package policypb_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/headgate/headgate/policy/policypb"
)

// since is a moment with all the digits that a timestamp may have.
var since = time.Date(2026, 6, 1, 10, 20, 30, 123456789, time.UTC)

func whole() *policypb.Trouble {
	return &policypb.Trouble{Reason: "Envoy refuses a route: \"é\"", Since: timestamppb.New(since), Revision: "r-1"}
}

// TestAnyControlPlaneReadsTheReason holds the metadata's shape: a control plane that
// knows the reason only reads the string under "trouble".
func TestAnyControlPlaneReadsTheReason(t *testing.T) {
	want, err := structpb.NewStruct(map[string]any{
		"trouble": "Envoy refuses a route: \"é\"",
		"trouble_details": map[string]any{
			"reason": "Envoy refuses a route: \"é\"", "since": "2026-06-01T10:20:30.123456789Z", "revision": "r-1",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := policypb.TroubleMetadata(whole()); !proto.Equal(got, want) {
		t.Errorf("metadata %v, want %v", got, want)
	}
	for _, none := range []*policypb.Trouble{nil, {}, {Since: timestamppb.New(since), Revision: "r-1"}} {
		if got := policypb.TroubleMetadata(none); got != nil {
			t.Errorf("without a reason the metadata is %v", got)
		}
	}
}

// TestTroubleOfAnyPair holds what is read of pairs of every version, and of one that
// writes nonsense.
func TestTroubleOfAnyPair(t *testing.T) {
	for name, c := range map[string]struct {
		metadata map[string]any
		want     *policypb.Trouble
	}{
		"in no trouble":           {map[string]any{}, nil},
		"that knows a reason":     {map[string]any{"trouble": "no Envoy"}, &policypb.Trouble{Reason: "no Envoy"}},
		"that says since when":    {map[string]any{"trouble": "no Envoy", "trouble_details": map[string]any{"reason": "no Envoy", "since": "2026-06-01T10:20:30.123456789Z"}}, &policypb.Trouble{Reason: "no Envoy", Since: timestamppb.New(since)}},
		"that says more":          {map[string]any{"trouble": "no Envoy", "trouble_details": map[string]any{"reason": "no Envoy", "revision": "r-1", "colour": "red"}}, &policypb.Trouble{Reason: "no Envoy", Revision: "r-1"}},
		"with other details":      {map[string]any{"trouble": "no Envoy", "trouble_details": map[string]any{"reason": "all is well"}}, &policypb.Trouble{Reason: "no Envoy"}},
		"with unreadable details": {map[string]any{"trouble": "no Envoy", "trouble_details": map[string]any{"reason": "no Envoy", "since": "long ago"}}, &policypb.Trouble{Reason: "no Envoy"}},
		"with no details":         {map[string]any{"trouble": "no Envoy", "trouble_details": "none"}, &policypb.Trouble{Reason: "no Envoy"}},
		"with no reason":          {map[string]any{"trouble": 7}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			metadata, err := structpb.NewStruct(c.metadata)
			if err != nil {
				t.Fatal(err)
			}
			if got := policypb.TroubleOf(metadata); !proto.Equal(got, c.want) {
				t.Errorf("trouble %v, want %v", got, c.want)
			}
		})
	}
	if got := policypb.TroubleOf(nil); got != nil {
		t.Errorf("of no metadata: %v", got)
	}
	if got := policypb.TroubleOf(policypb.TroubleMetadata(whole())); !proto.Equal(got, whole()) {
		t.Errorf("read again: %v", got)
	}
}

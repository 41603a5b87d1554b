package xds_test

import (
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestTroubleOfPairsOfEveryVersion holds that the status says why a pair does not serve,
// whether the pair reports the reason only or more.
func TestTroubleOfPairsOfEveryVersion(t *testing.T) {
	reasonOnly, err := structpb.NewStruct(map[string]any{"trouble": "no Envoy is connected"})
	if err != nil {
		t.Fatal(err)
	}
	more := policypb.TroubleMetadata(&policypb.Trouble{Reason: "Envoy refuses a route: no", Since: timestamppb.New(time.Unix(1, 0)), Revision: "r-1"})
	for name, c := range map[string]struct {
		metadata *structpb.Struct
		want     string
		serves   bool
	}{
		"a reason":   {reasonOnly, "no Envoy is connected", false},
		"more":       {more, "Envoy refuses a route: no", false},
		"a warning":  {policypb.TroubleMetadata(&policypb.Trouble{Reason: "the disk is full", Serves: true}), "the disk is full", true},
		"no trouble": {nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t)
				node := &corev3.Node{Id: "one", Cluster: "edge", UserAgentName: policypb.PairAgent, Metadata: c.metadata}
				s := adstest.Open(t, f.l, node, nil)
				defer s.Close()
				s.Ask(policypb.TypeURL, nil, "*")
				synctest.Wait()
				if pairs := f.Status().Pairs; len(pairs) != 1 || pairs[0].Trouble != c.want || pairs[0].Serves != c.serves {
					t.Errorf("pairs %+v, want one with the trouble %q", pairs, c.want)
				}
			})
		})
	}
}

package xds_test

import (
	"testing"
	"testing/synctest"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads/adstest"
)

// TestAPairConnectsTwice holds that a pair that connects again is served, that its older
// connection is closed with a reason, and that the log says so once; an Envoy without a pair
// shares its id with others.
func TestAPairConnectsTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		revision := f.publish("a")
		first := f.join("one", "")
		f.join("two", "")
		synctest.Wait()
		if n := f.logs.Len(); n != 0 {
			t.Errorf("the log speaks of pairs with names of their own: %v", f.logs.All())
		}
		for range 3 {
			next := f.join("one", "")
			want(t, "the later one", take(t, next), revision)
			if code := status.Code(first.Err()); code != codes.Aborted {
				t.Errorf("the earlier one ended with %v", first.Err())
			}
			first = next
		}
		if got := f.logs.FilterMessageSnippet("older connection is closed").FilterField(zap.String("node", "one")).Len(); got != 1 || f.logs.Len() != 1 {
			t.Errorf("the log says %v", f.logs.All())
		}
		if got := len(f.Status().Pairs); got != 2 {
			t.Errorf("%d pairs are connected, want 2", got)
		}
		envoy := func() *adstest.Stream {
			s := adstest.Open(t, f.l, &corev3.Node{Id: "envoy", Cluster: "edge"}, nil)
			t.Cleanup(s.Close)
			s.Ask(policypb.TypeURL, nil, "*")
			synctest.Wait()
			return s
		}
		one := envoy()
		envoy()
		if err := one.Err(); err != nil {
			t.Errorf("an Envoy was closed: %v", err)
		}
		time.Sleep(time.Second)
	})
}

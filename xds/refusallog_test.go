package xds

import (
	"fmt"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/headgate/headgate/xds/ads"
)

// TestARefusalIsAnErrorOnce holds that the same refusal of one node is an error in the log once, each new
// one again, and none if the pair itself logs to the same place.
func TestARefusalIsAnErrorOnce(t *testing.T) {
	refusal := ads.Refusal{Type: "t", Version: "v", Reason: "no"}
	again, other := refusal, refusal
	again.Old, other.Reason = true, "not that either"
	s := &Server{refusals: map[string]ads.Refusal{}}
	for i, c := range []struct {
		node string
		of   ads.Refusal
		want zapcore.Level
	}{
		{"a", refusal, zap.ErrorLevel}, {"a", again, zap.DebugLevel}, {"b", again, zap.ErrorLevel}, {"a", other, zap.ErrorLevel}, {"a", refusal, zap.ErrorLevel},
	} {
		if got := s.refusalLevel(c.node, &c.of); got != c.want {
			t.Errorf("refusal %d of %s: level %v, want %v", i, c.node, got, c.want)
		}
	}
	for i := range 2 * maxRefusals {
		s.refusalLevel(fmt.Sprint(i), &refusal)
	}
	if len(s.refusals) > maxRefusals {
		t.Errorf("%d refusals are remembered", len(s.refusals))
	}
	s.options.PairsLog = true
	if got := s.refusalLevel("new", &refusal); got != zap.DebugLevel {
		t.Errorf("level %v although the pair logs it", got)
	}
}

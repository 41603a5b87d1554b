package relay

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestEnvoysComeAndGo holds that the pair's log says when an Envoy comes, and when there
// is none any more, but not of one that leaves beside another or when the pair ends.
func TestEnvoysComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		p := newPair(t, "", newControl(t))
		p.do(func() { p.Relay.log = zap.New(core) })
		first, second := p.envoy(nil), p.envoy(nil)
		first.Disconnect()
		synctest.Wait()
		second.Disconnect()
		synctest.Wait()
		p.envoy(nil)
		p.stop()
		var told []string
		for _, entry := range logs.All() {
			if strings.Contains(entry.Message, "Envoy") {
				told = append(told, entry.Level.String()+" "+entry.Message)
			}
		}
		const come, gone = "info an Envoy follows this pair", "warn the last Envoy has left; none is connected"
		if want := []string{come, come, gone, come}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

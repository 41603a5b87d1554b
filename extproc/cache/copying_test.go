package cache_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// TestAStreamIsKeptByTheEndThatItsBackendGave holds so of streams that are translated: the client's
// dialect may have no word for an end, and take it for a good one.
func TestAStreamIsKeptByTheEndThatItsBackendGave(t *testing.T) {
	for finish, want := range map[canon.Finish]exchange.CacheReason{
		canon.FinishStop: "", canon.FinishPause: exchange.CacheIncomplete, canon.FinishOther: exchange.CacheIncomplete,
		canon.FinishLength: exchange.CacheIncomplete, canon.FinishRefusal: exchange.CacheUnsuccessful,
	} {
		r := newRig(t, "models: {m: {chain: [b/x], cache: {}}}")
		v, _ := r.ask("openai", `{"model":"m","stream":true,"messages":[{"role":"user","content":"Why?"}]}`)
		v.Stream()
		v.Events(canon.Event{Kind: canon.EventStart}, exchangetest.Text("Because."), canon.Event{Kind: canon.EventFinish, Finish: finish}, exchangetest.Done())
		v.End(exchange.Outcome{Result: exchange.OK})
		if got := &v.Exchange.Cached; got.NotStored != want || (got.Stored != "") != (want == "") {
			t.Errorf("end %d: %+v, want %q", finish, got, want)
		}
	}
}

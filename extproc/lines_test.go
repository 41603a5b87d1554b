package extproc

import (
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

func TestEveryRowAfterTheEndIsCountedAsLost(t *testing.T) {
	r := newRig(t, testPolicy)
	r.rows()
	for range 100 {
		ex := &exchange.Exchange{}
		ex.Response.Complete = true
		r.closer.Add(ex, exchange.Outcome{Result: exchange.OK})
	}
	if n := r.gauge("headgate_access_records_lost_total"); n != 100 {
		t.Errorf("%v of 100 lost rows are counted", n)
	}
}

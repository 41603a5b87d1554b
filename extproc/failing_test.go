package extproc

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestAClientThatLeavesIsNoFailureOfTheGateway holds that an exchange whose stage was
// notified, and gave that as its error or still refused, waits for Envoy's account.
func TestAClientThatLeavesIsNoFailureOfTheGateway(t *testing.T) {
	for name, report := range map[string]func(error) (exchange.Verdict, error){
		"its error": func(err error) (exchange.Verdict, error) { return exchange.Verdict{}, err },
		"a refusal": func(error) (exchange.Verdict, error) {
			return exchange.Denied(503, exchange.ReasonExhausted, "Too late."), nil
		},
	} {
		r := newRig(t, testPolicy)
		waits := make(chan struct{})
		p, err := NewPipeline(r.set, append(r.kinds[:1:1], requestKind(func(ctx context.Context, req *exchange.Request) (exchange.Verdict, error) {
			ctx, err := req.More(ctx, time.Minute)
			if err != nil {
				return exchange.Verdict{}, err
			}
			close(waits)
			<-ctx.Done()
			return report(ctx.Err())
		})))
		if err != nil {
			t.Fatal(err)
		}
		r.server.Use(p)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody) // is answered with the wish for more time
		<-waits
		s.Cancel()
		if row := r.row(); row.Outcome != "cut" || row.By != "unknown" || row.Reason != "" {
			t.Errorf("%s: row %+v", name, row)
		}
	}
}

func TestPanicFailsOneExchangeClosed(t *testing.T) {
	r := newRig(t, testPolicy)
	broken, err := NewPipeline(r.set, append(r.kinds[:1:1], requestKind(func(context.Context, *exchange.Request) (exchange.Verdict, error) { panic("boom") })))
	if err != nil {
		t.Fatal(err)
	}
	r.server.Use(broken)
	bad := r.Open("router")
	bad.RequestHeaders(Post("/v1/chat/completions"), false)
	r.server.Use(r.compile(r.set))
	fine := r.Open("router")
	fine.RequestHeaders(Post("/v1/chat/completions"), false)
	if reply := bad.RequestBody(chatBody); status.Code(reply.Err) != codes.Internal {
		t.Errorf("got %v", reply.Err)
	}
	if reply := fine.RequestBody(chatBody); reply.Err != nil || !reply.Reroutes() {
		t.Errorf("another exchange suffered: %v", reply.Err)
	}
	if n := r.gauge("headgate_panics_total"); n != 1 {
		t.Errorf("%v panics counted", n)
	}
	fine.Cancel()
	r.idle()
	for _, row := range r.rows() {
		if row.Revision == "bad" && (row.Outcome != "gateway_error" || row.By != "gateway") {
			t.Errorf("row %+v", row)
		}
	}
}

// Package exchangetest drives one stage alone, without Envoy and without the stream
// loop: it makes an exchange, takes it through the phases of the stage's visit in the
// order that the contract demands (extproc/exchange, stage.go), and hands back verdicts,
// headers and emitted events.
//
//	e := exchangetest.Ask(t, "openai", `{"model":"m","messages":[]}`)
//	v := exchangetest.Join(t, stage, e)
//	if verdict := v.Request(); verdict.Action != exchange.Pass { … }
//	v.Stream()
//	out := v.Events(exchangetest.Text("one"), exchangetest.Done())
//	v.End(exchange.Outcome{Result: exchange.OK})
//
// The promise: a visit that breaks the contract fails the test, although the loop might
// not notice. Found are a visit that
//   - emits outside of Events, or after the end of the stream,
//   - emits what it had held back once the stream has failed,
//   - keeps an event over calls without Clone: its memory is overwritten after each,
//   - changes the canonical form, the body or the events' memory in place,
//   - answers in Events, or speaks in phases that its stage does not name,
//   - blocks in End.
//
// The trap: what other stages leave in the exchange is not there unless the test writes
// it, and a Visit is driven by one goroutine: what attempts share with the rest of a
// visit is for the race detector and tests of the loop.
package exchangetest

import (
	"context"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// T is what is used of a testing.TB. An Example, which has none, brings its own.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

var _ T = (testing.TB)(nil)

// Ask makes the exchange of a chat request in a dialect, read as the stream loop reads
// it. The model that it asks for is the policy's.
func Ask(t T, client, body string) *exchange.Exchange {
	t.Helper()
	d := dialect.ByName(client)
	if d == nil {
		t.Fatalf("there is no dialect %q", client)
	}
	ex := &exchange.Exchange{
		ID: "exchange-1", Revision: "revision-1", Dialect: client, Started: time.Unix(1700000000, 0),
		Request: exchange.Request{Operation: exchange.Chat, Method: "POST", Body: []byte(body), ReceivedBytes: len(body)},
	}
	ex.Request.Bind(d, Patience{})
	ex.Response.Bind(Patience{}, Patience{})
	if v := d.Read(&ex.Request); v.Action != exchange.Pass {
		t.Fatalf("the request cannot be read: %s", v.Message)
	}
	ex.Model, ex.Name = ex.Request.Model, ex.Request.Model
	return ex
}

// Patience grants all the time and memory that a visit asks for.
type Patience struct{}

// Unpacked implements exchange.Memory: there is enough.
func (Patience) Unpacked(int) {}

// More implements exchange.Waiting. The context ends by itself after the time.
func (Patience) More(ctx context.Context, d time.Duration) (context.Context, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	context.AfterFunc(ctx, cancel)
	return ctx, nil
}

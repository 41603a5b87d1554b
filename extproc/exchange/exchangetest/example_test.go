package exchangetest_test

import (
	"context"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// wait is a stage that holds a stream back until its end.
type wait struct{}

func (wait) Name() string                           { return "wait" }
func (wait) Phases() exchange.Phases                { return exchange.OnEvents }
func (wait) Join(*exchange.Exchange) exchange.Visit { return &waiting{} }

type waiting struct {
	exchange.Idle
	heldBack []*canon.Event
}

func (*waiting) Wants() exchange.Wants { return exchange.Wants{Events: true} }

func (v *waiting) Events(_ context.Context, events []canon.Event, emit exchange.Emit) (exchange.Verdict, error) {
	for i := range events {
		ev := &events[i]
		if ev.Kind == canon.EventDone {
			for _, held := range v.heldBack {
				emit(held)
			}
		}
		if ev.Ends() {
			emit(ev)
			continue
		}
		v.heldBack = append(v.heldBack, ev.Clone()) // without Clone the test would fail
	}
	return exchange.Verdict{}, nil
}

// printed is a T for an Example. In a test it is *testing.T.
type printed struct{}

func (printed) Helper()                           {}
func (printed) Errorf(format string, args ...any) { fmt.Printf("error: "+format+"\n", args...) }
func (printed) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func Example() {
	ex := exchangetest.Ask(printed{}, "openai", `{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	v := exchangetest.Join(printed{}, wait{}, ex)
	fmt.Println("goes on:", v.Request().Action == exchange.Pass)
	v.Stream()
	fmt.Println("while it speaks:", len(v.Events(exchangetest.Text("one"), exchangetest.Text("two"))))
	for _, ev := range v.Events(exchangetest.Done()) {
		fmt.Println("at the end:", canon.Str(ev.Text), ev.Ends())
	}
	v.End(exchange.Outcome{Result: exchange.OK})
	// Output:
	// goes on: true
	// while it speaks: 0
	// at the end: one false
	// at the end: two false
	// at the end:  true
}

package extproc

import (
	"context"
	"errors"
	"testing"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/headgate/headgate/extproc/exchange"
)

// wishes is a stream that keeps what Envoy was asked for.
type wishes struct {
	extprocv3.ExternalProcessor_ProcessServer
	more []time.Duration
}

func (w *wishes) SendMsg(v any) error {
	w.more = append(w.more, v.(*reply).more)
	return nil
}

// TestWaitingIsGrantedPerMessageAndBoundedPerExchange holds that Envoy is asked once per
// message, for what is left, that what a message waited is used up, and that its contexts
// end with it.
func TestWaitingIsGrantedPerMessageAndBoundedPerExchange(t *testing.T) {
	now := time.Unix(1000, 0)
	stream := &wishes{}
	w := &waiting{stream: stream, now: func() time.Time { return now }}
	first, err := w.More(context.Background(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.More(context.Background(), time.Second); err != nil {
		t.Fatal(err)
	}
	now = now.Add(20 * time.Second)
	w.endMessage()
	if first.Err() == nil {
		t.Error("a context outlives its message")
	}
	if _, err := w.More(context.Background(), time.Second); err != nil {
		t.Fatal(err)
	}
	if len(stream.more) != 2 || stream.more[0] != waitBound || stream.more[1] != waitBound-20*time.Second {
		t.Errorf("Envoy was asked for %v", stream.more)
	}
	now = now.Add(waitBound - 20*time.Second)
	if _, err := w.More(context.Background(), time.Second); !errors.Is(err, exchange.ErrNoTime) {
		t.Errorf("with nothing left in a message: %v", err)
	}
	w.endMessage()
	if _, err := w.More(context.Background(), time.Second); !errors.Is(err, exchange.ErrNoTime) || len(stream.more) != 2 {
		t.Errorf("with nothing left of the exchange: %v, Envoy was asked for %v", err, stream.more)
	}
}

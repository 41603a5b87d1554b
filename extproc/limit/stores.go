package limit

import (
	"context"
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy"
)

// sweepEvery is how often what is unused is forgotten.
const sweepEvery = time.Minute

// Memory keeps the balances of all policies in this process.
type Memory struct {
	store *ledger.Memory
	begin sync.Once
	stop  chan struct{} // closed by Close
	swept sync.WaitGroup
}

var _ Stores = (*Memory)(nil)

// NewMemory makes a Memory, which Close must end.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{store: ledger.NewMemory(now), stop: make(chan struct{})}
}

// For implements Stores.
func (m *Memory) For(*policy.Set) (ledger.Store, error) {
	m.begin.Do(func() { m.swept.Go(m.sweep) })
	return m.store, nil
}

func (m *Memory) sweep() {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			m.store.Sweep()
		case <-m.stop:
			return
		}
	}
}

// Close implements Stores.
func (m *Memory) Close(context.Context) error {
	close(m.stop)
	m.swept.Wait()
	return nil
}

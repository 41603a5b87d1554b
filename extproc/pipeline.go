package extproc

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Pipeline is the ordered list of stages of one policy. Requests go down it, answers
// and the end of an exchange go up it. It is immutable and safe for concurrent use; an
// exchange keeps the one that it began with.
type Pipeline struct {
	revision string
	shape    string // what Envoy's routes name
	limit    int64  // bytes of a request body, for the refusal's text
	memory   int64  // bytes that all bodies may hold together; 0: a share of what the process may use
	models   *models
	kept     keptModels
	stages   []*member
	underWay map[string]*underWay // exchanges, by model; written as the server takes the pipeline in
	early    int                  // how many stages are entered before a request's body has come

	// uses counts the exchanges under way, and one for as long as the pipeline may
	// be begun with. At 0 the stages are closed.
	uses atomic.Int64
}

// member is a stage in its place in a pipeline.
type member struct {
	exchange.Stage
	phases exchange.Phases
	clocks *clocks // written as the server takes the pipeline in
}

func (m *member) on(p exchange.Phases) bool { return m.phases&p != 0 }

// NewPipeline makes the stages of a policy, in the order of their kinds. The first
// sees every exchange from the moment that its stream opens; the last is next to the
// wire. A policy that one kind refuses leaves no trace.
func NewPipeline(set *policy.Set, kinds []Kind) (*Pipeline, error) {
	p := &Pipeline{
		revision: set.Revision, shape: set.Shape, limit: set.BodyLimit, memory: set.Memory,
		models: newModels(set), kept: newKeptModels(set),
	}
	p.uses.Store(1)
	var refusals []error
	for _, k := range kinds {
		s, err := k.Compile(set)
		if err != nil {
			refusals = append(refusals, err)
			continue
		}
		p.stages = append(p.stages, &member{Stage: s, phases: s.Phases()})
		if s.Phases()&exchange.OnHeaders != 0 {
			p.early = len(p.stages)
		}
	}
	if refusals != nil {
		return nil, errors.Join(append(refusals, p.close())...)
	}
	return p, nil
}

// use reports whether an exchange may begin: not after the pipeline was closed.
func (p *Pipeline) use() bool {
	for {
		n := p.uses.Load()
		if n == 0 {
			return false
		}
		if p.uses.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release ends a use. The last one closes the stages.
func (p *Pipeline) release() error {
	if p.uses.Add(-1) > 0 {
		return nil
	}
	return p.close()
}

// close closes the stages that own more than memory, the last first.
func (p *Pipeline) close() error {
	var errs []error
	for i := len(p.stages) - 1; i >= 0; i-- {
		if c, ok := p.stages[i].Stage.(closer); ok {
			if err := c.Close(); err != nil {
				errs = append(errs, fmt.Errorf("closing stage %s: %w", p.stages[i].Name(), err))
			}
		}
	}
	return errors.Join(errs...)
}

package extproc

import (
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/route"
	"github.com/headgate/headgate/policy"
)

// Pipeline is the ordered list of stages of one policy. It is immutable and safe
// for concurrent use; an exchange keeps the one that it began with.
type Pipeline struct {
	revision string
	shape    string // what Envoy's routes name
	limit    int64  // bytes of a request body, for the refusal's text
	stages   []exchange.Stage
}

// Parts are what the stages need beside the policy. They outlive it.
type Parts struct {
	Closer  *record.Closer
	Secrets provider.Secrets
	Refused func(backend string, status int) // called where a provider does not take the gateway's credential
	Region  string                           // that the gateway runs in; may be empty
	Now     func() time.Time
}

// NewPipeline makes the stages of a policy. Requests go down the list, responses
// and the end of an exchange go up it, so that record sees every ending and
// provider is next to the wire.
func NewPipeline(set *policy.Set, parts Parts) *Pipeline {
	return &Pipeline{
		revision: set.Revision,
		shape:    set.Shape,
		limit:    set.BodyLimit,
		stages: []exchange.Stage{
			record.New(parts.Closer, parts.Now),
			route.New(set, parts.Region, provider.Lister(set)),
			meter.New(set, parts.Now),
			provider.New(set, provider.Options{Secrets: parts.Secrets, Refused: parts.Refused, Now: parts.Now}),
		},
	}
}

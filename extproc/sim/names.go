package sim

import (
	"github.com/headgate/headgate/extproc/sim/anthropic"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// Behaviour is how one request is answered, beyond what the request itself asks for.
type Behaviour = wire.Behaviour

// Usage is what the provider would bill for one exchange.
type Usage = wire.Usage

// How a prompt and a thinking block are counted, in tokens.
const (
	PrimeTokens    = wire.PrimeTokens
	FrameTokens    = wire.FrameTokens
	ThinkingTokens = anthropic.ThinkingTokens
)

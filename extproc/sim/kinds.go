package sim

import (
	"net/http"

	"github.com/headgate/headgate/extproc/sim/anthropic"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// dialects are the wire formats that the provider speaks. A request that no other claims
// is the last one's.
var dialects = []wire.Dialect{anthropic.Dialect{}, openai.Dialect{}}

// dialectOf returns the dialect of the client that sent a request, by its path and then
// by its headers.
func dialectOf(r *http.Request) wire.Dialect {
	for _, d := range dialects {
		if _, ok := d.Operations()[r.URL.Path]; ok {
			return d
		}
	}
	for _, d := range dialects {
		if d.Claims(r.Header) {
			return d
		}
	}
	return dialects[len(dialects)-1]
}

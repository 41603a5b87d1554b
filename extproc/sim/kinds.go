package sim

import "net/http"

// dialects are the wire formats that the provider speaks. A request that no other claims
// is the last one's.
var dialects = []dialect{anthropic{}, openAI{}}

// dialectOf returns the dialect of the client that sent a request, by its path and then
// by its headers.
func dialectOf(r *http.Request) dialect {
	for _, d := range dialects {
		if _, ok := d.operations()[r.URL.Path]; ok {
			return d
		}
	}
	for _, d := range dialects {
		if d.claims(r.Header) {
			return d
		}
	}
	return dialects[len(dialects)-1]
}

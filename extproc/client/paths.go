// Package client is the client's end of the gateway. It says what may be asked for at
// which path, writes refusals and answers of stages in the client's dialect, and writes
// what a client gets of a stream.
//
// The promise: a client is answered in its own dialect, whatever it did and whoever
// answered. The trap: a stream passes as frames for as long as nothing in it was
// changed, and the encoder that takes over must know all that passed before.
package client

import (
	"strings"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// path is what a client may ask for at one path.
type path struct {
	method    string
	dialect   string
	operation exchange.Operation
}

const modelsPath = "/v1/models"

var paths = map[string]path{
	"/v1/chat/completions":      {"POST", "openai", exchange.Chat},
	"/v1/embeddings":            {"POST", "openai", exchange.Embeddings},
	"/v1/moderations":           {"POST", "openai", exchange.Moderations},
	"/v1/messages":              {"POST", "anthropic", exchange.Chat},
	"/v1/messages/count_tokens": {"POST", "anthropic", exchange.CountTokens},
	modelsPath:                  {"GET", "openai", exchange.Models},
}

// Classify finds out which dialect a client speaks and fills in what it asks for, by
// path and method. If the path is unknown the dialect is still the likeliest one, so
// that the refusal is readable; the verdict then says why.
func Classify(req *exchange.Request) (dialect.Client, exchange.Verdict) {
	anthropic := req.Headers.Get("anthropic-version") != nil
	known, ok := paths[req.Path]
	if only, one := strings.CutPrefix(req.Path, modelsPath+"/"); one && only != "" {
		known, ok = paths[modelsPath], true
		req.Model = only
	}
	if !ok {
		return likeliest(req.Path, anthropic), exchange.Denied(404, exchange.ReasonUnknownPath,
			"Unknown path "+Quote(req.Path)+": this gateway serves chat completions, messages, embeddings, moderations and models.")
	}
	var d dialect.Client = dialect.ByName(known.dialect)
	if known.operation == exchange.Models {
		d = likeliest(req.Path, anthropic)
	}
	req.Operation = known.operation
	if req.Method != known.method && !(req.Method == "HEAD" && known.method == "GET") {
		return d, exchange.Denied(405, exchange.ReasonMethod, "Method "+req.Method+" is not allowed here: use "+known.method+".")
	}
	return d, exchange.Verdict{}
}

func likeliest(p string, anthropic bool) dialect.Client {
	if anthropic || strings.HasPrefix(p, "/v1/messages") {
		return dialect.ByName("anthropic")
	}
	return dialect.ByName("openai")
}

// Quote makes what a client wrote safe to show in a message: printable ASCII, bounded.
func Quote(p string) string {
	const maxQuoted = 100
	if len(p) > maxQuoted {
		p = p[:maxQuoted] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e || r == '"' {
			return '?'
		}
		return r
	}, p)
}

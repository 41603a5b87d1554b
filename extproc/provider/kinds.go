package provider

import (
	"strings"

	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
)

// Dialects are the wire formats that clients and backends may speak.
var Dialects = []Dialect{
	openai.Dialect{},
	anthropic.Dialect{},
}

// ByName returns the dialect of this name, or nil.
func ByName(name string) Dialect {
	for _, d := range Dialects {
		if d.Name() == name {
			return d
		}
	}
	return nil
}

// path is what a client may ask for at one path.
type path struct {
	method    string
	dialect   string
	operation exchange.Operation
}

var paths = map[string]path{
	"/v1/chat/completions":      {"POST", "openai", exchange.Chat},
	"/v1/embeddings":            {"POST", "openai", exchange.Embeddings},
	"/v1/messages":              {"POST", "anthropic", exchange.Chat},
	"/v1/messages/count_tokens": {"POST", "anthropic", exchange.CountTokens},
	"/v1/models":                {"GET", "openai", exchange.Models},
}

// Classify tells which dialect a client speaks and what it asks for, by path and
// method. Where the path is unknown the dialect is still the likeliest one, so
// that the refusal is readable; the verdict then says why.
func Classify(method, p string, anthropic bool) (Dialect, exchange.Operation, exchange.Verdict) {
	known, ok := paths[p]
	if !ok && strings.HasPrefix(p, "/v1/models/") && len(p) > len("/v1/models/") {
		known, ok = paths["/v1/models"], true
	}
	if !ok {
		v := exchange.Denied(404, exchange.ReasonUnknownPath, "Unknown path "+quote(p)+": this gateway serves chat completions, messages, embeddings and models.")
		return likeliest(p, anthropic), "", v
	}
	d := ByName(known.dialect)
	if known.operation == exchange.Models {
		d = likeliest(p, anthropic)
	}
	if method != known.method && !(method == "HEAD" && known.method == "GET") {
		v := exchange.Denied(405, exchange.ReasonMethod, "Method "+method+" is not allowed here: use "+known.method+".")
		return d, known.operation, v
	}
	return d, known.operation, exchange.Verdict{}
}

func likeliest(p string, anthropic bool) Dialect {
	if anthropic || strings.HasPrefix(p, "/v1/messages") {
		if d := ByName("anthropic"); d != nil {
			return d
		}
	}
	return ByName("openai")
}

// quote makes a path safe to show in a message: printable ASCII, bounded.
func quote(p string) string {
	const most = 100
	if len(p) > most {
		p = p[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e || r == '"' {
			return '?'
		}
		return r
	}, p)
}

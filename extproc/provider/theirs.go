package provider

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Headers of clients' credentials, in the words of the dialects.
const (
	bearerHeader = "authorization" // OpenAI's keys, and the tokens of Claude's subscriptions
	apiKeyHeader = "x-api-key"     // Anthropic's keys
)

// subscription begins the tokens by which Claude Code uses a subscription, which Anthropic takes
// as bearers alone (superplanehq/superplane#6487).
const subscription = "sk-ant-oat"

// theirHeaders are what Anthropic wants of Claude Code beside its token: without them such a
// token is good for few models (NousResearch/hermes-agent#1967). Other headers of that kind pass
// anyway.
var theirHeaders = map[string][]string{"anthropic": {"x-app"}}

// ownCredential reports whether the client has sent a credential beside the gateway's key.
func (p *plan) ownCredential() bool {
	for _, name := range exchange.CredentialHeaders {
		if len(p.theirs(name)) > 0 {
			return true
		}
	}
	return false
}

// theirs is what the client sends in a header, unless that is the gateway's key, which some
// clients send in several.
func (p *plan) theirs(name string) []byte {
	value := bytes.TrimSpace(p.ex.Request.Headers.Get(name))
	secret := token(value)
	ours := p.ex.KeyHeader
	if name == ours || bytes.HasPrefix(secret, []byte(policy.KeyPrefix)) || ours != "" && bytes.Equal(secret, token(p.ex.Request.Headers.Get(ours))) {
		return nil
	}
	return value
}

// bearerScheme begins the value of a header that holds a token.
const bearerScheme = "Bearer "

// token is the secret in a header, whether a scheme stands before it or not.
func token(value []byte) []byte {
	value = bytes.TrimSpace(value)
	if isBearer(value) {
		return bytes.TrimSpace(value[len(bearerScheme):])
	}
	return value
}

func isBearer(value []byte) bool {
	return len(value) > len(bearerScheme) && bytes.EqualFold(value[:len(bearerScheme)], []byte(bearerScheme))
}

// sendTheirs sends the client's own credential: as it came to a backend of its dialect, and to
// another in the words of that.
func (p *plan) sendTheirs(out *exchange.Mutation, t *target) {
	for _, name := range exchange.CredentialHeaders {
		if value := p.theirs(name); len(value) > 0 {
			to, text := name, value
			if t.dialect.Name() != p.ex.Dialect {
				to, text = inDialect(t.dialect.Name(), name, value)
			}
			out.SetHeader(to, string(text))
		}
	}
	if t.dialect.Name() != p.ex.Dialect {
		return
	}
	for _, name := range theirHeaders[t.dialect.Name()] {
		if value := p.ex.Request.Headers.Get(name); value != nil {
			out.SetHeader(name, string(value))
		}
	}
}

// inDialect is where a dialect's servers expect a credential that came in a header of another.
func inDialect(dialect, name string, value []byte) (header string, text []byte) {
	switch {
	case dialect == "anthropic" && name == bearerHeader && isBearer(value) && !bytes.HasPrefix(token(value), []byte(subscription)):
		return apiKeyHeader, token(value)
	case dialect != "anthropic" && name == apiKeyHeader:
		return bearerHeader, append([]byte(bearerScheme), value...)
	}
	return name, value
}

// needsCredential refuses a request to a model that is asked with the client's own credential
// alone, and that has none.
func (p *plan) needsCredential() exchange.Verdict {
	return exchange.Denied(401, exchange.ReasonNoCredential,
		fmt.Sprintf("The model %s is asked with your own credential of its provider: send it as Authorization or x-api-key, and the gateway's key, if it needs one, as x-headgate-key.", p.ex.Model))
}

// ofTheirs reports whether the answer to an attempt refuses the client's own credential: no
// other backend would have been asked with it.
func (p *plan) ofTheirs(at *exchange.Attempt) bool {
	t := p.pool.find(at.Backend, at.Model)
	return t != nil && t.theirs && refusedKey(at.Status)
}

// refusedTheirs reports whether an attempt ended with such an answer.
func (p *plan) refusedTheirs(at *exchange.Tried) bool {
	t := p.pool.find(at.Backend, at.Model)
	return t != nil && t.theirs && refusedKey(at.Status)
}

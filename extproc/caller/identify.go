package caller

import (
	"bytes"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// identify finds out whose key a request has, and in which header, or, if it has none that is
// known, whom a trusted hop names, or whose certificate it is; the verdict refuses it.
func (s *stage) identify(h exchange.Headers, ex *exchange.Exchange) (who *exchange.Caller, header string, v exchange.Verdict) {
	now, one, ours := s.now(), false, false
	for _, name := range keyHeaders {
		secret := presented(h, name)
		if len(secret) == 0 {
			continue
		}
		if who := s.find(secret, now); who != nil {
			return who, name, exchange.Verdict{}
		}
		one, ours = true, ours || bytes.HasPrefix(secret, []byte(policy.KeyPrefix))
		if name == policy.KeyHeader {
			ours = true // nobody but the gateway reads it
			break
		}
	}
	if ours {
		return nil, "", s.refuseOurs()
	}
	who, v = s.connected(h, ex)
	switch {
	case who != nil || v.Action != exchange.Pass:
		return who, "", v
	case one && s.needed:
		return nil, "", wrongKey()
	case ex.Certificate != "" && s.needed:
		return nil, "", denied("This gateway knows no caller by the name in the client certificate: send a key as Authorization: Bearer KEY, or as x-api-key.")
	case s.needed:
		return nil, "", denied("This gateway needs a key: send it as Authorization: Bearer KEY, or as x-api-key.")
	}
	return &s.anonymous, "", exchange.Verdict{} // an SDK must send some key
}

// connected is who asks by what is at the other end of the connection: a hop that says so, or
// the holder of a certificate; nil: it is not known.
func (s *stage) connected(h exchange.Headers, ex *exchange.Exchange) (*exchange.Caller, exchange.Verdict) {
	if who, v := s.hop.caller(h, ex); who != nil || v.Action != exchange.Pass {
		return who, v
	}
	return s.certificates[ex.Certificate], exchange.Verdict{}
}

// refuseOurs refuses a key that was meant for the gateway.
func (s *stage) refuseOurs() exchange.Verdict {
	if s.managed != nil && !s.managed.Known() {
		return unknown()
	}
	return wrongKey()
}

func wrongKey() exchange.Verdict { return denied("This gateway does not know the key.") }

// find asks both kinds of keys, whichever one knows it.
func (s *stage) find(secret []byte, now time.Time) *exchange.Caller {
	who := s.keys.find(secret, now)
	if s.managed == nil {
		return who
	}
	if managed := s.managed.Find(secret, now); who == nil {
		return managed
	}
	return who
}

// denied refuses a key as HTTP demands, and as OpenAI and Anthropic do.
func denied(message string) exchange.Verdict {
	v := exchange.Denied(401, exchange.ReasonKey, message)
	v.Headers = challenge
	return v
}

var challenge = exchange.Headers{{Name: "www-authenticate", Value: []byte("Bearer")}}

// unknown refuses a key that may be good: only the control plane knows, and it has not said yet.
func unknown() exchange.Verdict {
	v := exchange.Denied(503, exchange.ReasonKeysUnknown, "This gateway has not learned yet which keys there are. Try again.")
	v.Retry = time.Second
	return v
}

// keyHeaders are those in which clients send keys, the gateway's own first: beside it another
// may be a provider's.
var keyHeaders = []string{policy.KeyHeader, authorization, "x-api-key", "api-key"}

const authorization = "authorization"

// presented is the key in a header; empty: there is none.
func presented(h exchange.Headers, name string) []byte {
	value := bytes.TrimSpace(h.Get(name))
	if name == authorization {
		return bearer(value)
	}
	return value
}

// bearer is the token of an Authorization header.
func bearer(value []byte) []byte {
	const scheme = "bearer "
	if len(value) > len(scheme) && bytes.EqualFold(value[:len(scheme)], []byte(scheme)) {
		return bytes.TrimSpace(value[len(scheme):])
	}
	return nil
}

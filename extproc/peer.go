package extproc

import (
	"encoding/hex"
	"strings"

	"github.com/headgate/headgate/policy"
)

// peerSuffix ends the attributes that name the client by its certificate.
const peerSuffix = "_peer_certificate"

// peerNames is what Envoy says of a client's certificate, which it has verified. It reads the
// connection: nothing that a client sends in a request can set it.
type peerNames struct {
	uri, dns string // the first of each kind; empty: there is none
	subject  string // as in RFC 2253
}

func (ev *event) setPeer(attribute, value string) {
	if ev.peer == nil {
		ev.peer = &peerNames{}
	}
	switch attribute {
	case policy.PeerURI:
		ev.peer.uri = value
	case policy.PeerDNS:
		ev.peer.dns = value
	case policy.PeerSubject:
		ev.peer.subject = value
	}
}

// name is the one name by which a certificate is known; empty: it has none, or there is no
// certificate. p may be nil.
func (p *peerNames) name() string {
	switch {
	case p == nil:
		return ""
	case p.uri != "":
		return p.uri
	case p.dns != "":
		return p.dns
	default:
		return commonName(p.subject)
	}
}

// commonName returns the first common name of a subject.
func commonName(subject string) string {
	for subject != "" {
		var part string
		part, subject = cutPart(subject)
		if name, ok := strings.CutPrefix(part, "CN="); ok {
			return unescape(name)
		}
	}
	return ""
}

// cutPart splits a subject after its first part, at a comma or a plus that is not escaped.
func cutPart(subject string) (part, rest string) {
	for i := 0; i < len(subject); i++ {
		switch subject[i] {
		case '\\':
			i++
		case ',', '+':
			return subject[:i], subject[i+1:]
		}
	}
	return subject, ""
}

// unescape resolves the escapes of a value: a sign after a backslash, or a byte in hex.
func unescape(value string) string {
	if !strings.Contains(value, `\`) {
		return value
	}
	var out []byte
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			if b, err := hex.DecodeString(value[i+1 : min(i+3, len(value))]); err == nil && len(b) == 1 {
				out = append(out, b[0])
				i += 2
				continue
			}
			i++
		}
		out = append(out, value[i])
	}
	return string(out)
}

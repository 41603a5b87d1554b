package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// KeptID is an id by which a request names something that a provider keeps for its clients.
type KeptID struct {
	Text  scan.Value // a string; it aliases the body
	Field string     // the member of the body that it stands in
	// Also says that the request holds the thing itself, too: nothing is read by its id.
	Also bool
	// Bare says of such a thing that what it says is not in the request: a server that keeps it
	// may look for it by the id, and goes on without it if there is none.
	Bare bool
	// Minted says that the gateway has made the id, for an answer that no provider keeps.
	Minted bool
}

// MayName reports whether an object may have a member of this name, however its letters are
// written. The name is letters and underscores.
func MayName(body []byte, name string) bool {
	return bytes.Contains(body, []byte(name)) || bytes.Contains(body, []byte(`\u00`))
}

package consoletest

import (
	"net/http"

	"github.com/headgate/headgate/xds/console"
)

// Anyone is console.Options.Who of a test: whoever asks may read and change, and a change names
// its author itself.
func Anyone(*http.Request) (console.Principal, error) {
	return console.Principal{Rights: []console.Right{console.Read, console.Change}}, nil
}

package client_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestEncodersKnowWhatWasAsked holds that the client's end is told of a request that was
// decoded: ids and names of calls go with it.
func TestEncodersKnowWhatWasAsked(t *testing.T) {
	var ex exchange.Exchange
	ex.Request.Body = []byte(`{"model":"m","messages":[{"role":"user","content":"x"}]}`)
	ex.Request.Bind(dialect.ByName("openai"), nil)
	if got := client.Of(&ex).Request; got != nil {
		t.Errorf("%v was not decoded", got)
	}
	asked, err := ex.Request.Canon()
	if err != nil {
		t.Fatal(err)
	}
	if got := client.Of(&ex).Request; got != asked {
		t.Errorf("%p, want %p", got, asked)
	}
}

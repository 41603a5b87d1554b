package responses_test

import (
	"testing"

	sdk "github.com/openai/openai-go/v3/responses"

	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
	"github.com/headgate/headgate/extproc/dialect/responses"
)

// TestCountsAreReadAndWritten holds what a server's count is, and that the SDK reads what a client
// gets.
func TestCountsAreReadAndWritten(t *testing.T) {
	d := responses.Dialect{}
	for _, ex := range recorded.Exchanges(t, "openai-responses-count-tokens") {
		if n, err := d.ReadCount(ex.Response); n != 16 || err != nil {
			t.Errorf("%s: %d, %v", ex.Name, n, err)
		}
	}
	for _, body := range []string{`{"object":"response.input_tokens"}`, `{"input_tokens":0}`, `{"input_tokens":"16"}`, `{"error":{"message":"no"}}`, `{`} {
		if n, err := d.ReadCount([]byte(body)); err == nil {
			t.Errorf("%s: %d", body, n)
		}
	}
	got := canontest.Read[sdk.InputTokenCountResponse](t, d.AppendCount(nil, 42))
	if got.InputTokens != 42 || got.Object != "response.input_tokens" {
		t.Errorf("%+v", got)
	}
}

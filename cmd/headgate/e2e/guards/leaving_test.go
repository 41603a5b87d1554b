package guards

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestAClientThatLeavesADetectorThinking holds that an exchange ends with the client that leaves
// while a guard waits for its service, that the provider is not asked, and that the row says who
// left.
func TestAClientThatLeavesADetectorThinking(t *testing.T) {
	t.Parallel()
	asked, over := make(chan struct{}, 1), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-over
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(over) })
	r := start(t, map[string]string{"waiting": `{input: [{webhook: {url: "` + s.URL + `", timeout: 1m}}]}`}, "", "")
	for i, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			r := r.with(t)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := r.Try(ctx, w.Request("waiting-openai", "Who is it? "+w.String()))
				done <- err
			}()
			<-asked
			cancel()
			if err := <-done; err == nil {
				t.Error("there was an answer")
			}
			r.Eventually("the row", func() bool { return len(r.waiting()) > i })
			if row := r.waiting()[i]; row.Outcome != "cancelled" || row.By != "client" || row.Attempts != 0 {
				t.Errorf("row %+v", row)
			}
		})
	}
	if n := len(r.at.Settled()); n != 0 {
		t.Errorf("%d requests reached the provider", n)
	}
}

// waiting are the rows of requests for the model whose guard waits.
func (r *rig) waiting() (rows []record.Line) {
	for _, row := range r.Rows() {
		if row.Model == "waiting-openai" {
			rows = append(rows, row)
		}
	}
	return rows
}

package answers

import (
	"encoding/json"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

func TestModelList(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	type model struct{ ID, Object, Type string }
	for _, c := range []struct {
		name, method, path string
		header             map[string]string
		first              model
	}{
		{"OpenAI", "GET", "/v1/models", nil, model{"fast", "model", ""}},
		{"Anthropic", "GET", "/v1/models?limit=1000", map[string]string{"anthropic-version": "2023-06-01"}, model{"fast", "", "model"}},
		{"one", "GET", "/v1/models/plain", nil, model{"plain", "model", ""}},
		{"HEAD", "HEAD", "/v1/models", nil, model{}},
		{"HEAD of one", "HEAD", "/v1/models/plain", nil, model{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := g.With(t)
			a := g.Ask(gatewaytest.Request{Method: c.method, Path: c.path, Header: c.header})
			gatewaytest.MustOK(t, a)
			if row := g.Row(a.Exchange()); row.Outcome != "ok" || row.Operation != "models" {
				t.Errorf("row %+v", row)
			}
			if c.method == "HEAD" {
				if a.Body != "" {
					t.Errorf("a body %q", a.Body)
				}
				return
			}
			var list struct {
				model
				Data []model
			}
			if err := json.Unmarshal([]byte(a.Body), &list); err != nil {
				t.Fatal(err)
			}
			if list.Data != nil {
				list.model = list.Data[0]
			}
			if list.model != c.first {
				t.Errorf("got %+v", list.model)
			}
		})
	}
	t.Run("one that is not there", func(t *testing.T) {
		a := g.With(t).Ask(gatewaytest.Request{Method: "GET", Path: "/v1/models/none%2Fsuch"})
		if a.Status != 404 {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
		gatewaytest.CheckRefusal(t, a, false, "invalid_request_error", "model_not_found")
	})
}

package gatewaytest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/record"
)

// Row waits for the access record of an exchange.
func (g *Gateway) Row(exchange string) record.Line {
	g.t.Helper()
	var found record.Line
	g.Eventually("the record of "+exchange, func() bool {
		for _, r := range g.Rows() {
			if r.Exchange == exchange {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

// Rows returns the access records so far, but for one that is being written.
func (g *Gateway) Rows() []record.Line {
	g.t.Helper()
	b, err := os.ReadFile(filepath.Join(g.Data, "access.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		g.t.Fatal(err)
	}
	var rows []record.Line
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var r record.Line
		if err := json.Unmarshal(line, &r); err != nil {
			g.t.Fatalf("access record %q: %v", line, err)
		}
		rows = append(rows, r)
	}
	return rows
}

// Metrics returns the text of /metrics.
func (g *Gateway) Metrics() string {
	g.t.Helper()
	_, text := g.operations("/metrics")
	return text
}

// Readyz returns the status and the text of /readyz.
func (g *Gateway) Readyz() (status int, text string) {
	g.t.Helper()
	return g.operations("/readyz")
}

func (g *Gateway) operations(path string) (status int, text string) {
	g.t.Helper()
	resp, err := http.Get(g.Ops + path)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// Metric returns the value of one series of /metrics, written as Prometheus
// writes it, such as name{label="value"}. A series that is not there is 0.
func (g *Gateway) Metric(series string) float64 {
	g.t.Helper()
	for line := range strings.Lines(g.Metrics()) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), series+" "); ok {
			v, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				g.t.Fatalf("%s: %v", series, err)
			}
			return v
		}
	}
	return 0
}

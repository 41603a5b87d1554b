package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/headgate/headgate/envoy/drill"
	"github.com/headgate/headgate/extproc/record"
)

// StartDrill starts a gateway with the policy of a drill. Its policy and its address are
// not those of the options.
func StartDrill(ctx context.Context, document []byte, o GatewayOptions) (drill.Gateway, error) {
	if err := os.MkdirAll(o.Data, 0o750); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	o.Policy = filepath.Join(o.Data, "policy.json")
	if err := os.WriteFile(o.Policy, document, 0o600); err != nil {
		return nil, err
	}
	o.Operations, o.Admin = "127.0.0.1:0", "127.0.0.1:0"
	g, err := StartGateway(ctx, o)
	if err != nil {
		return nil, err
	}
	return drilled{g}, nil
}

// drilled is a gateway under a drill.
type drilled struct{ *Gateway }

const (
	rowsWithin = 10 * time.Second // of the answer its row is written
	rowsEvery  = 20 * time.Millisecond
)

// Rows implements drill.Gateway.
func (d drilled) Rows(model string, n int) ([]drill.Row, error) {
	deadline := time.Now().Add(rowsWithin)
	for {
		rows, err := d.rows(model)
		if err != nil || len(rows) >= n || time.Now().After(deadline) {
			return rows, err
		}
		time.Sleep(rowsEvery)
	}
}

// rows reads the rows of a model that are whole.
func (d drilled) rows(model string) (rows []drill.Row, err error) {
	f, err := os.Open(d.Records())
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	lines := bufio.NewReader(f)
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil { // the end, or a line that is being written
			return rows, nil
		}
		var line record.Line
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, fmt.Errorf("reading %s: %w", d.Records(), err)
		}
		if line.Route == model {
			rows = append(rows, drilledRow(&line))
		}
	}
}

func drilledRow(line *record.Line) drill.Row {
	row := drill.Row{Backend: line.Backend, Model: line.Served, Status: line.Status}
	if t := line.Tokens; t != nil {
		row.Input = t.Input + t.CacheRead + t.CacheWrite5m + t.CacheWrite1h + t.AudioInput
		row.Output = t.Output + t.Reasoning + t.AudioOutput
	}
	return row
}

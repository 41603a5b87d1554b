package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// passTools returns what a client of the same dialect, which offered tools, gets of a stream
// that comes in pieces of so many bytes.
func passTools(t *testing.T, stream string, size int, wantUsage bool) string {
	t.Helper()
	ex := &exchange.Exchange{}
	ex.Request.Body, ex.Request.WantUsage = []byte(`{"tools":[]}`), wantUsage
	s := newStream(&target{dialect: dialect.ByName("openai")}, ex, false)
	var all []byte
	for piece := range slices.Chunk([]byte(stream), size) {
		out, err := s.Pass(piece, false)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, out...)
	}
	out, err := s.Pass(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	return string(append(all, out...))
}

// TestStreamsThatAreInOrderPassAsTheyCame holds that nothing is put right that is right.
func TestStreamsThatAreInOrderPassAsTheyCame(t *testing.T) {
	files, err := filepath.Glob("../dialect/openai/testdata/answers/*.sse")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file, "cut") {
			continue // ends with an error of ours
		}
		for _, size := range []int{1, 7, 100, len(b)} {
			if got := passTools(t, string(b), size, true); got != string(b) {
				t.Errorf("%s in pieces of %d bytes becomes\n%s", file, size, got)
			}
		}
	}
}

// TestCallsOfAStreamThatPassesAreToldApart holds that a client which reads fragments by
// their index gets each call, with an id of its own, whatever its server sends.
func TestCallsOfAStreamThatPassesAreToldApart(t *testing.T) {
	const a, b = `"function":{"name":"f","arguments":"{\"m\":\"a\"}"}`, `"function":{"name":"f","arguments":"{\"m\":\"b\"}"}`
	for _, c := range []struct {
		deltas []string
		want   string
	}{
		{[]string{`{` + a + `}`, `{` + b + `}`}, `call_i_0 {"m":"a"} call_i_1 {"m":"b"} `},
		{[]string{`{` + a + `},{` + b + `}`}, `call_i_0 {"m":"a"} call_i_1 {"m":"b"} `},
		{[]string{`{"index":0,"id":"",` + a + `}`, `{"index":0,"id":null,` + b + `}`}, `call_i_0 {"m":"a"} call_i_1 {"m":"b"} `},
		{[]string{`{"index":0,"id":"x",` + a + `}`, `{"index":1,"id":"x",` + b + `}`}, `x {"m":"a"} hgid1_eA {"m":"b"} `},
		{[]string{`{"index":0,"id":"x",` + a + `}`, `{"index":0,"id":"y",` + b + `}`}, `x {"m":"a"} y {"m":"b"} `},
		{[]string{`{"id":"x","function":{"name":"f","arguments":""}}`, `{"function":{"arguments":"{\"m\":1}"}}`, `{"id":"y",` + b + `}`}, `x {"m":1} y {"m":"b"} `},
		{[]string{`{"index":1,"id":3,` + a + `}`, `{"index":1,"function":{"arguments":" "}}`}, "3 {\"m\":\"a\"}  "},
	} {
		stream := ""
		for _, d := range c.deltas {
			stream += `data: {"id":"i","model":"m","choices":[{"index":0,"delta":{"tool_calls":[` + d + `]}}]}` + "\n\n"
		}
		stream += `data: {"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}` + "\n\ndata: [DONE]\n\n"
		for size := 1; size <= len(stream); size += 13 {
			if got := byIndex(t, passTools(t, stream, size, size%2 == 0)); got != c.want {
				t.Errorf("%s in pieces of %d: %q", c.deltas, size, got)
			}
		}
	}
}

// byIndex reads the calls of a stream as SDKs do: by index, with the first id.
func byIndex(t *testing.T, stream string) (all string) {
	t.Helper()
	ids, args := map[int]string{}, map[int]string{}
	var order []int
	for line := range strings.Lines(stream) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var e struct {
			Choices []struct {
				Delta struct {
					Calls []struct {
						Index    *int
						ID       string
						Function struct{ Arguments string }
					} `json:"tool_calls"`
				}
			}
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("%v: %s", err, stream)
		}
		for _, c := range e.Choices {
			for _, k := range c.Delta.Calls {
				if k.Index == nil {
					t.Fatalf("no index: %s", stream)
				}
				if _, known := ids[*k.Index]; !known {
					order = append(order, *k.Index)
					ids[*k.Index] = k.ID
				}
				args[*k.Index] += k.Function.Arguments
			}
		}
	}
	for _, i := range order {
		all += fmt.Sprint(ids[i], " ", args[i], " ")
	}
	return all
}

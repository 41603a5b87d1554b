package provider

import (
	"bytes"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

func TestAnEndlessEventIsNotKept(t *testing.T) {
	ex := &exchange.Exchange{}
	r := newRewriter(ByName("openai"), ByName("anthropic"), canon.Client{}, ex)
	piece := bytes.Repeat([]byte("x"), 1<<20)
	told := 0
	for range 40 {
		c := &exchange.Chunk{Data: piece}
		r.chunk(c)
		if !c.Replace {
			t.Fatal("the provider's bytes went to a client of another dialect")
		}
		if len(c.Out) > 0 {
			told++
		}
	}
	if n := len(r.split.Rest()); n > scan.DefaultMaxEvent+len(piece) {
		t.Errorf("%d bytes of one event are kept", n)
	}
	if told != 1 || !ex.Response.Failed {
		t.Errorf("told %d times, failed %v", told, ex.Response.Failed)
	}
}

func TestAStreamThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	ex := &exchange.Exchange{}
	r := newRewriter(ByName("openai"), ByName("anthropic"), canon.Client{}, ex)
	var got []byte
	for _, delta := range []string{
		`{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}`,
		`{"content":"and"}`,
		`{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}`,
		`{},"finish_reason":"tool_calls"`,
	} {
		c := &exchange.Chunk{Data: []byte(`data: {"choices":[{"index":0,"delta":` + delta + "}]}\n\n")}
		r.chunk(c)
		got = append(got, c.Out...)
	}
	c := &exchange.Chunk{Data: []byte("data: [DONE]\n\n"), Last: true}
	r.chunk(c)
	if !bytes.Contains(got, []byte("event: error")) || ex.Response.Ended || !ex.Response.Failed {
		t.Errorf("ended %v, failed %v, client got %s", ex.Response.Ended, ex.Response.Failed, got)
	}
}

package openai

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/sim/wire"
)

func TestOpenAIEmbeddingEncodingsAgree(t *testing.T) {
	words := wire.Split("some text")
	v := vector(words, 8)
	var floats []float32
	if err := json.Unmarshal(appendVector(nil, v, false), &floats); err != nil || !cmp.Equal(floats, v) {
		t.Errorf("float: %v %v", err, floats)
	}
	var raw []byte
	if err := json.Unmarshal(appendVector(nil, v, true), &raw); err != nil || len(raw) != 32 {
		t.Fatalf("base64: %v, %d bytes", err, len(raw))
	}
	for i, want := range v {
		bits := uint32(raw[4*i]) | uint32(raw[4*i+1])<<8 | uint32(raw[4*i+2])<<16 | uint32(raw[4*i+3])<<24
		if math.Float32frombits(bits) != want {
			t.Errorf("base64[%d]: %v, want %v", i, math.Float32frombits(bits), want)
		}
	}
}

package dialect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/canon/leaftest"
	"github.com/headgate/headgate/extproc/dialect"
)

func leaves(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/leaves", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNothingOfAnAnswerIsLost changes each leaf of answers that set all that the vendors'
// SDKs know.
func TestNothingOfAnAnswerIsLost(t *testing.T) {
	for name, leftOut := range leftOutOfAnswers {
		reader, writer := dialect.ByName("anthropic"), dialect.ByName("openai")
		if strings.HasPrefix(name, "openai") {
			reader, writer = writer, reader
		}
		client := canon.Client{ID: "exchange-1", Created: 1, Usage: true}
		t.Run(name, func(t *testing.T) {
			if strings.HasSuffix(name, ".sse") {
				leaftest.NothingLostOfStream(t, leaves(t, name), func(stream []byte) []byte {
					return canontest.Stream(reader.Decoder(false), writer.Encoder(client), stream)
				}, leftOut)
				return
			}
			leaftest.NothingLost(t, leaves(t, name), func(body []byte) []byte {
				r, err := reader.DecodeAnswer(body)
				if err != nil {
					return []byte(err.Error())
				}
				return writer.EncodeAnswer(nil, r, client)
			}, leftOut)
		})
	}
}

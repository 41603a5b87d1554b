// Package recorded reads exchanges with real providers that were recorded: what clients
// asked and servers answered, not what documentation says. They are no part of the
// repository.
package recorded

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Exchange is one recorded exchange.
type Exchange struct {
	Name     string
	URL      string
	Request  []byte
	Status   int
	Response []byte // a JSON body or the text of a stream
	Stream   bool
}

// Exchanges returns the recorded exchanges whose names begin with one of the
// prefixes. It skips the test if the shared data are not there.
func Exchanges(t *testing.T, prefixes ...string) []Exchange {
	t.Helper()
	dir := filepath.Join(Shared(t), "data", "recorded")
	var all []Exchange
	for _, prefix := range prefixes {
		files, _ := filepath.Glob(filepath.Join(dir, prefix+"*.json"))
		for _, file := range files {
			all = append(all, read(t, file))
		}
	}
	if len(all) == 0 {
		t.Skipf("no recorded exchanges in %s: set HEADGATE_SHARED", dir)
	}
	return all
}

func read(t *testing.T, file string) Exchange {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Request struct {
			URL  string
			Body json.RawMessage
		}
		Response struct {
			Status   int
			Body     json.RawMessage
			BodyText string `json:"body_text"`
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	ex := Exchange{Name: strings.TrimSuffix(filepath.Base(file), ".json"), URL: doc.Request.URL, Request: doc.Request.Body,
		Status: doc.Response.Status, Response: doc.Response.Body}
	if doc.Response.BodyText != "" {
		ex.Response, ex.Stream = []byte(doc.Response.BodyText), true
	}
	return ex
}

// Shared returns the folder of shared data: HEADGATE_SHARED, or shared beside
// the root of the repository.
func Shared(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("HEADGATE_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "..", "shared")
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the test: set HEADGATE_SHARED")
		}
		dir = up
	}
}

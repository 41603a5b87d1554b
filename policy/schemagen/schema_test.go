package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v3"
)

func TestGeneratedFilesAreFresh(t *testing.T) {
	files, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is stale: run go run ./policy/schemagen (-want +got):\n%s", name, diff)
		}
	}
}

// published returns the schema as it lies in the repository, read by a validator
// that is not ours.
func published(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	data, err := os.ReadFile("../schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func TestSchemaAcceptsGoodDocuments(t *testing.T) {
	schema := published(t)
	for _, path := range documents(t, "good") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if err := schema.Validate(load(t, path)); err != nil {
				t.Error(err)
			}
		})
	}
}

// parserOnly are the faults that a schema cannot state: what is no JSON value at
// all, bounds of texts, and what depends on another part of the document.
var parserOnly = map[string]bool{
	"empty": true, "empty_marker": true, "only_comment": true, "second_document": true, "tab": true, "not_utf8": true, "line_end": true,
	"syntax_in_block": true, "directive": true, "unclosed_list": true, "duplicate_key": true, "unknown_anchor": true,
	"key_not_text": true, "anchor_alias_merge_tag": true, "billion_laughs": true,
	"backend_undefined": true, "unpriced": true, "price_ambiguous": true,
	"listen_beyond_loopback": true, "listen_name": true, "listen_port": true, "listen_without_port": true,
	"caller_certificates": true, "caller_keys": true, "trusted": true, "listen_tls_without_authorities": true,
	"too_many_orders": true, "url": true, "url_in_clear": true, "dialect": true, "size": true,
}

func TestSchemaRejectsBadDocuments(t *testing.T) {
	schema := published(t)
	for _, path := range documents(t, "bad") {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if parserOnly[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if err := schema.Validate(load(t, path)); err == nil {
				t.Error("the schema accepts it")
			}
		})
	}
	for name := range parserOnly {
		if _, err := os.Stat("../testdata/bad/" + name + ".yaml"); errors.Is(err, fs.ErrNotExist) {
			t.Errorf("parserOnly names %s, which does not exist", name)
		}
	}
}

func documents(t *testing.T, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob("../testdata/" + folder + "/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no documents in %s: %v", folder, err)
	}
	return paths
}

// load reads a document as the JSON value that an editor sees.
func load(t *testing.T, path string) any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return value(t, doc.Content[0])
}

func value(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any)
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, c := range n.Content {
			l[i] = value(t, c)
		}
		return l
	case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode:
	}
	if n.ShortTag() == "!!timestamp" || n.ShortTag() == "!!str" {
		return n.Value
	}
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Package stricttest holds what every document that package strict reads must keep: a key
// that is bound appears in everything that follows from it.
package stricttest

import (
	"encoding/json"
	"maps"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/policy/strict"
)

// Document checks the keys of a document, and reads one that sets every key to a value
// which differs from its default, with others for keys that exclude each other: their
// canonical forms must hold every key, and mean the same.
func Document[S any](t *testing.T, doc *strict.Object[S], everything ...[]byte) {
	t.Helper()
	Walk(doc.Type(), func(path string, k strict.Key) { explained(t, path, k) })
	said := make(map[string]bool)
	for _, data := range everything {
		form := canonical(t, doc, data)
		if again := canonical(t, doc, form); string(again) != string(form) {
			t.Errorf("the canonical form means something else: %s is read as %s", form, again)
		}
		maps.Copy(said, Said(doc.Type(), decoded(t, form)))
	}
	Walk(doc.Type(), func(path string, _ strict.Key) {
		if !said[path] {
			t.Errorf("%s: the document that sets every key leaves it out or at its default, or the canonical form forgets it", path)
		}
	})
}

func decoded(t *testing.T, form []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(form, &value); err != nil {
		t.Fatalf("the canonical form is no JSON: %v", err)
	}
	return value
}

// canonical reads a document without faults and returns its canonical form.
func canonical[S any](t *testing.T, doc *strict.Object[S], data []byte) []byte {
	t.Helper()
	var s S
	files := []strict.File{{Name: "document", Data: data}}
	if r := strict.Read(doc, files, strict.Options{}, &s); len(r.Faults()) > 0 {
		t.Fatalf("%v\n%s", strict.NewFaults(files, r.Faults()), data)
	}
	return doc.Canonical(&s)
}

// explained checks what the page and the schema say of a key.
func explained(t *testing.T, path string, k strict.Key) {
	t.Helper()
	if k.Doc == "" {
		t.Errorf("%s: has no meaning", path)
	}
	var example map[string]any
	if err := yaml.Unmarshal([]byte(k.Example), &example); err != nil || len(example) != 1 {
		t.Errorf("%s: the example %q is no YAML of one key: %v", path, k.Example, err)
	}
	if _, ok := example[k.Key]; !ok {
		t.Errorf("%s: the example %q is of another key", path, k.Example)
	}
}

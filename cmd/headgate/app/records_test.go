package app

import (
	"os"
	"path/filepath"
	"testing"
)

// TestATornRecordIsEnded holds that rows are appended to whole lines only.
func TestATornRecordIsEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "access.jsonl")
	for _, c := range []struct{ there, want string }{{"", "{}\n"}, {"{}\n", "{}\n{}\n"}, {"{}\n{\"ti", "{}\n{\"ti\n{}\n"}} {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.there), 0o600); err != nil {
			t.Fatal(err)
		}
		var l lifecycle
		out, err := openRecords(&l, recordsTo{path: path})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write([]byte("{}\n")); err != nil {
			t.Fatal(err)
		}
		if err := l.stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != c.want {
			t.Errorf("%q became %q, want %q (%v)", c.there, got, c.want, err)
		}
	}
}

package policy

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folders returns the policies of several files in testdata/bad, by folder.
func folders(t testing.TB) map[string][]File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "bad", "*", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no folders in testdata/bad: %v", err)
	}
	all := make(map[string][]File)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Base(filepath.Dir(path))
		all[folder] = append(all[folder], File{Name: filepath.Base(path), Data: data})
	}
	return all
}

func TestBadFiles(t *testing.T) {
	for folder, files := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			set, err := ParseFiles(files)
			var faults *Faults
			if set != nil || !errors.As(err, &faults) {
				t.Fatalf("ParseFiles returned set %v, error %v; want no set and *Faults", set, err)
			}
			checkFiles(t, files, faults)
			golden := filepath.Join("testdata", "bad", folder+".golden")
			got := err.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s", diff)
			}
		})
	}
}

// checkFiles holds that every fault points into the file that it names, and that
// the files come in their order.
func checkFiles(t *testing.T, files []File, faults *Faults) {
	t.Helper()
	rest := faults.Faults
	for _, f := range files {
		n := 0
		for n < len(rest) && rest[n].File == f.Name {
			n++
		}
		if n > 0 {
			checkPlaces(t, f.Data, &Faults{Faults: rest[:n]})
		}
		rest = rest[n:]
	}
	if len(rest) > 0 || len(faults.Faults) == 0 {
		t.Errorf("faults out of order or in no file: %+v of %+v", rest, faults.Faults)
	}
}

// TestFilesMeanWhatOneDocumentMeans cuts good documents at their top-level keys.
func TestFilesMeanWhatOneDocumentMeans(t *testing.T) {
	for name, data := range files(t, "good") {
		t.Run(name, func(t *testing.T) {
			want, err := Parse(name, data)
			if err != nil {
				t.Fatal(err)
			}
			pieces := cut(data)
			backwards := slices.Clone(pieces)
			slices.Reverse(backwards)
			for _, files := range [][]File{pieces, backwards} {
				got, err := ParseFiles(files)
				if err != nil {
					t.Fatalf("%d files: %v", len(files), err)
				}
				if diff := cmp.Diff(want, got, sameSet); diff != "" {
					t.Errorf("%d files mean something else (-one document +files):\n%s", len(files), diff)
				}
			}
		})
	}
}

// cut makes a file of every top-level key of a document in block style, each with
// a version.
func cut(data []byte) []File {
	if bytes.HasPrefix(data, []byte("{")) {
		return []File{{Name: "a.yaml", Data: data}}
	}
	var pieces []File
	for line := range strings.Lines(string(data)) {
		top := line != "\n" && strings.TrimLeft(line, " #}]") == line
		if top || len(pieces) == 0 {
			pieces = append(pieces, File{Name: string(rune('a'+len(pieces))) + ".yaml"})
			if !strings.HasPrefix(line, "version:") {
				pieces[len(pieces)-1].Data = []byte("version: 1\n")
			}
		}
		last := &pieces[len(pieces)-1]
		last.Data = append(last.Data, line...)
	}
	return pieces
}

func TestMapsAreMergedOverFiles(t *testing.T) {
	one, err := Parse("one.yaml", []byte(`{version: 1, anonymous: true, listen: "0.0.0.0:80",
		backends: {a: {provider: simulated}, b: {provider: openai-compatible, url: "http://10.0.0.1/v1"}},
		models: {x: a/some, z: {chain: [b/other, a/some], retries: 1}},
		prices: {some: {input: 1, output: 2}, b/other: {input: 3, output: 4}}}`))
	if err != nil {
		t.Fatal(err)
	}
	files, err := ParseFiles([]File{
		{Name: "x.json", Data: []byte(`{"version": 1, "models": {"x": "a/some"}, "prices": {"b/other": {"input": 3, "output": 4}}, "listen": "0.0.0.0:80"}`)},
		{Name: "z.yaml", Data: []byte("version: 1\nmodels:\n  z: {chain: [b/other, a/some], retries: 1}\nbackends:\n  a: {provider: simulated}\n")},
		{Name: "b.yaml", Data: []byte("version: 1\nanonymous: true\nbackends: {b: {provider: openai-compatible, url: \"http://10.0.0.1/v1\"}}\nprices: {some: {input: 1, output: 2}}")},
		{Name: "nothing.yaml", Data: []byte("version: 1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one, files, sameSet); diff != "" {
		t.Errorf("the files mean something else (-one document +files):\n%s", diff)
	}
}

func TestParseFilesBounds(t *testing.T) {
	head := []byte("version: 1\n#")
	sized := func(name string, size int) File {
		return File{Name: name, Data: append(slices.Clone(head), bytes.Repeat([]byte("x"), size-len(head))...)}
	}
	tests := []struct {
		name  string
		files []File
		want  string // the error, empty for none
	}{
		{"no file", nil, "a policy needs at least one file, none is given"},
		{"exactly the greatest size", []File{sized("a", MaxDocument-100), sized("b", 100)}, ""},
		{"one byte too much together", []File{sized("a", MaxDocument-100), sized("b", 101), sized("c", 20)}, "b:1:1: the files up to this one are larger than 1048576 bytes together"},
		{"one file too large by itself", []File{sized("a", 20), sized("b", MaxDocument+1), sized("c", MaxDocument+1)}, "b:1:1: the document is larger than 1048576 bytes"},
		{"one name for two files", []File{sized("a", 20), sized("b", 20), sized("a", 20), sized("a", 20)}, "a:1:1: another file has this name\na:1:1: another file has this name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := ParseFiles(tt.files)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want || (set == nil) != (err != nil) {
				t.Errorf("set %v, error %q; want %q", set != nil, got, tt.want)
			}
		})
	}
	var faults *Faults
	if _, err := ParseFiles(nil); errors.As(err, &faults) {
		t.Error("no file at all is no fault of a place")
	}
}

// FuzzParseFiles holds that a policy of two files never panics, that every fault
// has a place in the file that it names, and that the cut does not show in the Set.
func FuzzParseFiles(f *testing.F) {
	for _, files := range folders(f) {
		f.Add(files[0].Data, files[1].Data)
	}
	good := files(f, "good")
	for _, name := range slices.Sorted(maps.Keys(good)) {
		pieces := cut(good[name])
		f.Add(good[name], pieces[0].Data)
		f.Add(pieces[len(pieces)-1].Data, pieces[0].Data)
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		files := []File{{Name: "a.yaml", Data: a}, {Name: "b.yaml", Data: b}}
		set, err := ParseFiles(files)
		if err != nil {
			var faults *Faults
			if !errors.As(err, &faults) || set != nil {
				t.Fatalf("error %T with set %v", err, set)
			}
			if len(a)+len(b) <= MaxDocument {
				checkFiles(t, files, faults)
			}
			return
		}
		again, err := Parse("canonical.yaml", set.Canonical())
		if err != nil || again.Revision != set.Revision || again.Shape != set.Shape {
			t.Fatalf("the canonical form differs: %v\n%s", err, set.Canonical())
		}
		slices.Reverse(files)
		if turned, err := ParseFiles(files); err != nil || turned.Revision != set.Revision {
			t.Fatalf("the order of the files matters: %v", err)
		}
	})
}

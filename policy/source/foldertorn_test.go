package source

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tears are ways in which a file comes to hold something else.
var tears = map[string]func(path string) error{
	"cut short": func(path string) error { return os.Truncate(path, 40) },
	"empty":     func(path string) error { return os.Truncate(path, 0) },
	"zeros":     func(path string) error { return os.WriteFile(path, make([]byte, 512), 0o600) },
	"altered": func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, bytes.Replace(data, []byte(`"author": "a"`), []byte(`"author": "b"`), 1), 0o600)
	},
	"an object that is no change": func(path string) error { return os.WriteFile(path, []byte(`{"number": 2}`), 0o600) },
}

// TestATornChangeIsSetAside holds that a damaged file is kept under another name, reported once,
// and that the change before it stands in for it, here and in processes that come later.
func TestATornChangeIsSetAside(t *testing.T) {
	for name, tear := range tears {
		for _, number := range []string{"000001", "000002", "000003"} {
			t.Run(name+" "+number, func(t *testing.T) {
				folder := t.TempDir()
				h := history(t, folder)
				for _, revision := range []string{"one", "two", "three"} {
					must(t, record(h, revision))
				}
				h.Mark(h.Changes()[2].Number, MarkRejected, "no")
				path := filepath.Join(folder, number+".json")
				must(t, tear(path))
				damaged, err := os.ReadFile(path)
				must(t, err)
				var torn []Torn
				opened, err := OpenFolder(folder, func(one Torn) { torn = append(torn, one) })
				must(t, err)
				standIn := map[string]int{"000002": 1, "000003": 2}[number]
				if len(torn) != 1 || torn[0].Aside != path+".torn" || torn[0].StandIn != standIn || !strings.Contains(torn[0].Reason.Error(), path+": ") {
					t.Fatalf("torn are %+v", torn)
				}
				kept, err := os.ReadFile(torn[0].Aside)
				if must(t, err); !bytes.Equal(kept, damaged) {
					t.Errorf("kept is %q, of %q", kept, damaged)
				}
				want := map[string]string{"000001": "three two", "000002": "three one one", "000003": "two two one"}[number]
				again := history(t, folder)
				if revisions(opened) != want {
					t.Errorf("the history is %s, want %s", revisions(opened), want)
				}
				if diff := cmp.Diff(opened.Changes(), again.Changes()); diff != "" {
					t.Errorf("read again (-before +now):\n%s", diff)
				}
				if last := again.Changes()[len(again.Changes())-1]; (last.Rejected == "no") == (number == "000003") {
					t.Errorf("the last change has the marks %+v", last)
				}
				must(t, record(again, "four"))
				if got := revisions(history(t, folder)); got != "four "+want {
					t.Errorf("the history goes on as %s", got)
				}
			})
		}
	}
}

// TestAllChangesAreTorn holds that a history of which nothing is left begins anew.
func TestAllChangesAreTorn(t *testing.T) {
	folder := t.TempDir()
	must(t, record(history(t, folder), "one"))
	must(t, os.Truncate(filepath.Join(folder, "000001.json"), 9))
	torn := 0
	h, err := OpenFolder(folder, func(Torn) { torn++ })
	must(t, err)
	must(t, record(h, "two"))
	if got := revisions(history(t, folder)); got != "two" || torn != 1 {
		t.Errorf("the history is %s, %d files are torn", got, torn)
	}
}

// TestATornChangeIsFoundLater holds that a process which shares the folder finds a torn file when
// it looks, and goes on.
func TestATornChangeIsFoundLater(t *testing.T) {
	folder := t.TempDir()
	var torn []Torn
	h, err := OpenFolder(folder, func(one Torn) { torn = append(torn, one) })
	must(t, err)
	other := history(t, folder)
	must(t, record(h, "one"))
	must(t, other.Refresh())
	for _, revision := range []string{"two", "three"} {
		must(t, record(other, revision))
	}
	must(t, os.Truncate(filepath.Join(folder, "000002.json"), 9))
	must(t, h.Refresh())
	if got := revisions(h); got != "three one one" || len(torn) != 1 {
		t.Errorf("the history is %s, torn %+v", got, torn)
	}
	if c := h.Changes()[1]; c.Origin != FromRepair || c.Author != "headgate" || !strings.Contains(c.Reason, "000002.json.torn") {
		t.Errorf("what stands in is %+v", c)
	}
}

// TestATornChangeOfAFolderThatCannotBeWritten holds that the change before stands in all the same.
func TestATornChangeOfAFolderThatCannotBeWritten(t *testing.T) {
	folder := t.TempDir()
	h := history(t, folder)
	for _, revision := range []string{"one", "two"} {
		must(t, record(h, revision))
	}
	must(t, os.Truncate(filepath.Join(folder, "000002.json"), 9))
	h.Mark(2, MarkTaken, "")
	must(t, os.MkdirAll(filepath.Join(folder, "000002.taken.torn", "full"), 0o700))
	var torn []Torn
	h, err := OpenFolder(folder, func(one Torn) { torn = append(torn, one) })
	must(t, err)
	if revisions(h) != "one one" || len(torn) != 1 || !strings.Contains(torn[0].Reason.Error(), "000002.taken") {
		t.Errorf("the history is %s, torn %+v", revisions(h), torn)
	}
}

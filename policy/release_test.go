package policy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// record names the release whose message is recorded: see testdata/wire/README.md.
var record = flag.String("record", "", "name of the release to record a message of")

// standIn is what lies over the document in a message of a release without overlays.
var standIn = Overlay{Simulated: []Simulated{{Backend: "a"}}}

// everyEntry is what lies over the document in a message of this version: an entry of
// each kind.
func everyEntry() Overlay {
	laid := Laid{Author: "Ada <ada@example.com>", Reason: "two\nlines",
		Since: time.Date(2026, 9, 1, 12, 0, 0, 1, time.UTC), Expiry: time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC)}
	return Overlay{
		Simulated: []Simulated{{"a", laid}},
		Weights:   []Weights{{"org/model:tag+x", 1, map[string]uint32{"a/m": 9999}, laid}},
		Drained:   []Drained{{"router", "deepseek/deepseek-v4-pro", "org/model:tag+x", laid}},
	}
}

// recorded is what one release sent, and the document that it was made of.
type recorded struct {
	document []byte
	message  *policypb.Policy
}

// releases returns the recorded releases by name, at least one.
func releases(t *testing.T) map[string]recorded {
	t.Helper()
	paths, err := filepath.Glob("testdata/wire/*.binpb")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no messages in testdata/wire: %v", err)
	}
	all := make(map[string]recorded)
	for _, path := range paths {
		name := strings.TrimSuffix(path, ".binpb")
		message, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		document, err := os.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		r := recorded{document, &policypb.Policy{}}
		if err := proto.Unmarshal(message, r.message); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[filepath.Base(name)] = r
	}
	return all
}

// thisVersion is what would be recorded of this version.
func thisVersion(t *testing.T) recorded {
	t.Helper()
	document := files(t, "good")["everything.yaml"]
	set, err := Parse("policy.yaml", document)
	if err != nil {
		t.Fatal(err)
	}
	return recorded{document, laid(t, set, everyEntry()).Wire()}
}

// TestRecordRelease writes what this version sends for a document that sets every key.
func TestRecordRelease(t *testing.T) {
	if *record == "" {
		t.Skip("no release is named with -record")
	}
	now := thisVersion(t)
	message, err := proto.MarshalOptions{Deterministic: true}.Marshal(now.message)
	if err != nil {
		t.Fatal(err)
	}
	for ending, data := range map[string][]byte{".yaml": now.document, ".binpb": message} {
		if err := os.WriteFile(filepath.Join("testdata/wire", *record+ending), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLastReleaseIsRecorded holds that the release whose binary the end-to-end tests run
// is among those recorded.
func TestLastReleaseIsRecorded(t *testing.T) {
	commit, err := os.ReadFile("testdata/release")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := releases(t)[string(commit[:min(len(commit), 7)])]; !ok {
		t.Errorf("no message of release %s is in testdata/wire", commit)
	}
}

// TestEveryReleaseIsRead holds that a message of every release means here what its
// document means under what was laid over it, by the revision and the shape that the
// release gave it.
func TestEveryReleaseIsRead(t *testing.T) {
	all := releases(t)
	all["this version"] = thisVersion(t)
	for name, r := range all {
		want, err := ParseAccepted([]File{{Name: "policy.yaml", Data: r.document}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		over := standIn
		if r.message.GetOverlay() != nil {
			over = overlayFromWire(r.message.GetOverlay())
		}
		want = served(laid(t, want, over))
		want.takeClasses(r.message.GetClasses())
		want.Revision, want.Shape = r.message.GetRevision(), r.message.GetShape()
		got, err := FromWire(r.message)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got, sameSet); diff != "" {
			t.Errorf("%s: set differs (-want +got):\n%s", name, diff)
		}
	}
}

package agent

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
	"github.com/headgate/headgate/xds/snapshot"
)

// record names the release whose state file is recorded: see
// policy/testdata/wire/README.md.
var record = flag.String("record", "", "name of the release to record a state file of")

// everything is a whole revision of a policy that sets every key.
func everything(t *testing.T) *bundle {
	t.Helper()
	data, err := os.ReadFile("../../policy/testdata/good/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Parse("policy.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := snapshot.Build(set, snapshot.Options{Roots: snapshot.DefaultRoots})
	if err != nil {
		t.Fatal(err)
	}
	envoy, err := resources.Set("")
	if err != nil {
		t.Fatal(err)
	}
	p := set.Wire()
	p.Versions, p.Linger = map[string]string{}, durationpb.New(snapshot.Linger(set))
	for typ, r := range envoy {
		p.Versions[typ] = r.Version
	}
	own, err := ads.Encode(map[string]*policypb.Policy{"policy": p}, "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBundle(envoy.With(policypb.TypeURL, own), place{})
	if err != nil || b == nil {
		t.Fatalf("no whole revision: %v", err)
	}
	return b
}

// TestRecordRelease writes the state file that this version keeps.
func TestRecordRelease(t *testing.T) {
	if *record == "" {
		t.Skip("no release is named with -record")
	}
	d := disk{folder: t.TempDir()}
	if err := d.save(everything(t), everything(t)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(d.folder, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata/state", *record+".pb"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryReleaseIsRestored holds that the state file of every release is read, and
// that the policies in it are.
func TestEveryReleaseIsRestored(t *testing.T) {
	paths, err := filepath.Glob("testdata/state/*.pb")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in testdata/state: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		good, next, err := disk{}.read(data)
		if err != nil || good == nil || next == nil {
			t.Errorf("%s: %v, %v, %v", path, good, next, err)
			continue
		}
		for _, b := range []*bundle{good, next} {
			if _, err := policy.FromWire(b.policy); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

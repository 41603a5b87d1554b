package agent

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// TestBrokenState holds that a file which is not what a pair wrote is named, with what
// to do, and that nothing is served instead.
func TestBrokenState(t *testing.T) {
	whole := stateOf(t)
	flipped := slices.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty", nil},
		{"truncated", whole[:len(whole)-7]},
		{"truncated early", whole[:11]},
		{"nothing after the magic", whole[:len(magic)]},
		{"nothing after the checksum", whole[:len(magic)+sha256.Size]},
		{"one bit", flipped},
		{"text", []byte("version: 1\n")},
		{"another message", append([]byte{0x7a, 3}, "abc"...)},
		{"a bare message with more in it", append(slices.Clone(whole[len(magic)+sha256.Size:]), 0x7a, 0)},
		{"a bundle without a policy", []byte{0x0a, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := t.TempDir()
			path := filepath.Join(state, stateFile)
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			core, logs := observer.New(zap.ErrorLevel)
			r, err := New(Options{Addresses: []string{"10.0.0.1:1"}, State: state, Log: zap.New(core),
				Apply: func(*policypb.Policy) error { t.Error("something is applied"); return nil }}, prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			r.Stop()
			if text := fmt.Sprint(logs.All()); logs.Len() != 1 || !strings.Contains(text, path) {
				t.Errorf("logged %s, want the file named", text)
			}
		})
	}
}

// stateOf is a state file's content.
func stateOf(t testing.TB) []byte {
	t.Helper()
	b, err := newBundle(revision(t, "r1", "s1", "a=1"), place{})
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	d := disk{folder: state}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.save(b, nil))
	data, err := os.ReadFile(filepath.Join(state, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	must(d.save(nil, nil))
	if _, err := os.Stat(filepath.Join(state, stateFile)); !os.IsNotExist(err) {
		t.Errorf("the file of nothing is there: %v", err)
	}
	must(d.save(nil, nil))
	return data
}

// TestStateOfANewerVersion holds that fields which a later version has added to what a
// pair keeps are ignored, wherever they are.
func TestStateOfANewerVersion(t *testing.T) {
	state, err := decodeState(stateOf(t))
	if err != nil {
		t.Fatal(err)
	}
	later := protowire.AppendString(protowire.AppendTag(nil, 100, protowire.BytesType), "of a later version")
	for _, m := range []proto.Message{state, state.Good, state.Good.Resources[0]} {
		m.ProtoReflect().SetUnknown(later)
	}
	data, err := seal(magic, state)
	if err != nil {
		t.Fatal(err)
	}
	good, next, err := disk{}.read(data)
	if err != nil || good == nil || good.policy.GetRevision() != "r1" || next != nil {
		t.Errorf("read %v and %v, %v", good, next, err)
	}
}

// FuzzState holds that no file's content ends the process, and that what is read is
// whole.
func FuzzState(f *testing.F) {
	whole := stateOf(f)
	f.Add(whole)
	f.Add(whole[len(magic)+sha256.Size:])
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		good, next, err := disk{}.read(data)
		if err != nil {
			return
		}
		for _, b := range []*bundle{good, next} {
			if b == nil {
				continue
			}
			for _, typ := range types {
				if b.pair[typ] == nil {
					t.Errorf("there is no %s in it", typ)
				}
			}
		}
	})
}

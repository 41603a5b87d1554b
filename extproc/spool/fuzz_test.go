package spool

import (
	"slices"
	"testing"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// FuzzRecovery reads files with any content: reading ends, and what was open has a name.
func FuzzRecovery(f *testing.F) {
	file := []byte(magic)
	for _, k := range []Kind{Opened, Ended, Closed, void} {
		r := usualRow()
		frame := make([]byte, frameSize(proto.Size(r)))
		reserve(frame, 0, proto.Size(r))
		if err := write(frame, k, r); err != nil {
			f.Fatal(err)
		}
		file = append(file, frame...)
		f.Add(file[:len(file):len(file)])
	}
	overtaken := slices.Clone(file)
	overtake(overtaken[len(magic):])
	f.Add(overtaken)
	f.Add(file[:len(file)-3])
	f.Add([]byte(magic + "\xff\xff\xff\xff\xff\xff\xff\xff"))
	log := &Spool{options: Options{Log: zap.NewNop()}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < len(magic) {
			return // is refused as it is opened
		}
		seg := &segment{mem: slices.Clone(data), recovered: true, next: len(magic), taken: len(magic), acked: len(magic)}
		open := opened{}
		log.follow(seg, open)
		if seg.next > len(seg.mem)+align || seg.opened != len(open) {
			t.Fatalf("the records of %d bytes end at %d, %d of %d are open", len(data), seg.next, len(open), seg.opened)
		}
		size := 0
		b := &batch{}
		if end := log.takeFrom(seg, len(data), b, &size); size < maxBatch && end != seg.next {
			t.Fatalf("records end at %d, and rows at %d", seg.next, end)
		}
		for name, p := range open {
			if _, message, _, state := frameAt(seg.mem, p.at); state != whole {
				t.Fatalf("what is open as %q is not whole", name)
			} else if got, ok := nameIn(message); !ok || got != name {
				t.Fatalf("what is open as %q is %q", name, got)
			}
		}
	})
}

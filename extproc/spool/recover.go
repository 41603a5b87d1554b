package spool

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// Interrupted is the detail of a row whose exchange was under way as its process died.
const Interrupted = "the gateway's process died"

// recover maps what earlier generations have left, and returns a row of each exchange that
// was not closed there.
func (s *Spool) recover() (orphans []*policypb.Row, err error) {
	files, err := left(s.options.Folder)
	if err != nil {
		return nil, err
	}
	rows := map[string][]byte{}
	for _, f := range files {
		seg, err := open(f)
		if err != nil {
			s.options.Log.Error("a file of the spool cannot be read; it stays where it is", zap.String("file", f), zap.Error(err))
			continue
		}
		s.segments = append(s.segments, seg)
		if err := follow(seg, rows); err != nil {
			return nil, err
		}
	}
	for _, message := range rows {
		row := &policypb.Row{}
		if err := proto.Unmarshal(message, row); err != nil {
			return nil, fmt.Errorf("spool: a record of an exchange: %w", err)
		}
		orphans = append(orphans, row)
	}
	slices.SortFunc(orphans, func(a, b *policypb.Row) int { return cmp.Compare(a.Exchange, b.Exchange) })
	return orphans, nil
}

// follow notes the latest record of each exchange that is not closed.
func follow(seg *segment, rows map[string][]byte) error {
	for at := len(magic); ; {
		k, message, size, state := frameAt(seg.mem, at)
		if state == nothing {
			return nil
		}
		if at += size; state != whole || k == void {
			continue
		}
		var id policypb.Row // of a row, the exchange alone is needed
		if err := proto.Unmarshal(message, &id); err != nil {
			return fmt.Errorf("spool: a record: %w", err)
		}
		if k == Closed {
			delete(rows, id.Exchange)
		} else {
			rows[id.Exchange] = message
		}
	}
}

// left lists the files of earlier generations, oldest first.
func left(folder string) (paths []string, err error) {
	entries, err := os.ReadDir(folder) // sorted by name: by generation, then by number
	if err != nil {
		return nil, fmt.Errorf("spool folder: %w", err)
	}
	for _, e := range entries {
		if generation, _ := generationOf(e.Name()); generation != "" {
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	return paths, nil
}

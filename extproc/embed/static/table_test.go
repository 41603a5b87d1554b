package static

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"
)

// file makes a file of a vocabulary and rows of ones, whose header says what it is given.
func file(format, dims uint32, vocabulary string, rows int) string {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write([]byte(vocabulary))
	_ = z.Close()
	return fileOf(format, dims, packed.String(), rows)
}

func fileOf(format, dims uint32, packed string, rows int) string {
	head := []byte(magic)
	for _, n := range []uint32{format, dims, uint32(rows), uint32(len(packed))} {
		head = binary.LittleEndian.AppendUint32(head, n)
	}
	body := packed + strings.Repeat("\x80\x3f", rows) + strings.Repeat("\x01", rows*Dims)
	sum := sha256.Sum256([]byte(string(head) + body))
	return string(head) + string(sum[:]) + body
}

// TestTheBuiltInTable holds its bounds, and that its ID is its own.
func TestTheBuiltInTable(t *testing.T) {
	if len(builtin) > 4_000_000 {
		t.Errorf("%d bytes", len(builtin))
	}
	other, err := read(file(1, Dims, "how\n##s\n", 2))
	if err != nil {
		t.Fatal(err)
	}
	if id := ready(t).ID(); !strings.HasPrefix(id, "static-") || len(id) != len("static-")+8 || id == other.ID() {
		t.Errorf("ID %q, that of another table %q", id, other.ID())
	}
}

// TestFilesThatAreNoTable holds that each fault is said.
func TestFilesThatAreNoTable(t *testing.T) {
	good := file(1, Dims, "how\n##s\n", 2)
	changed := func(at int) string { return good[:at] + string(good[at]^1) + good[at+1:] }
	for _, c := range []struct{ name, file, want string }{
		{"nothing", "", "no such table"},
		{"another kind of file", "PK" + good, "no such table"},
		{"only a header", good[:headerSize-1], "no such table"},
		{"another format", file(2, Dims, "how\n", 1), "format 2"},
		{"other dimensions", file(1, 64, "how\n", 1), "64 dimensions"},
		{"a row that was changed", changed(len(good) - 1), "checksum"},
		{"a checksum that was changed", changed(headerSize - 1), "checksum"},
		{"a number of rows that was changed", changed(len(magic) + 8), "checksum"},
		{"cut off", good[:len(good)-1], "checksum"},
		{"more rows than pieces", file(1, Dims, "how\n", 2), "1 pieces and 2 rows"},
		{"a vocabulary that is not packed", fileOf(1, Dims, "how\n", 1), "vocabulary"},
		{"a vocabulary without bounds", file(1, Dims, strings.Repeat("how\n", maxVocabulary), 1), "larger than"},
		{"a length that is not the header's", resummed(good + "more"), "cut off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := read(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

// resummed gives a file the checksum of what it has.
func resummed(file string) string {
	sum := checksum(file)
	return file[:headerSize-sha256.Size] + string(sum[:]) + file[headerSize:]
}

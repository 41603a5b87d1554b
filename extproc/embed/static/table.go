package static

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// The file of a table, in little endian:
//
//	8 bytes   "hgstatic"
//	uint32    format, 1
//	uint32    dimensions
//	uint32    rows
//	uint32    bytes of the vocabulary
//	32 bytes  SHA-256 of all that is before and after it
//	          vocabulary: zlib, a piece a line, in the order of their rows
//	          scales: the upper half of a float32 for each row
//	          rows: int8, which times the scale are the row's numbers
const (
	magic      = "hgstatic"
	format     = 1
	headerSize = len(magic) + 4*4 + sha256.Size
	scaleSize  = 2
	// maxVocabulary bounds the vocabulary, in bytes.
	maxVocabulary = 1 << 20
)

// errCut says that a file is not as long as its header says.
var errCut = errors.New("the file is cut off or has more than its table")

// table holds a row for each piece. It does not change.
type table struct {
	id     string
	pieces *vocabulary
	scales []float32
	rows   string // Dims bytes each
}

// readTable reads a file. The table keeps the file's bytes.
func readTable(file string) (*table, error) {
	t, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("reading the table of the static embedder: %w", err)
	}
	return t, nil
}

func parse(file string) (*table, error) {
	if len(file) < headerSize || !strings.HasPrefix(file, magic) {
		return nil, errors.New("it is no such table")
	}
	var header [4]uint32
	for i := range header {
		header[i] = binary.LittleEndian.Uint32([]byte(file[len(magic)+4*i:]))
	}
	if header[0] != format || header[1] != Dims {
		return nil, fmt.Errorf("it has format %d and %d dimensions, want %d and %d", header[0], header[1], format, Dims)
	}
	sum := checksum(file)
	if string(sum[:]) != file[headerSize-sha256.Size:headerSize] {
		return nil, errors.New("its checksum is wrong")
	}
	t := &table{id: "static-" + hex.EncodeToString(sum[:4])}
	return t, t.read(file[headerSize:], int(header[2]), int(header[3]))
}

// checksum is that of a file without its own place.
func checksum(file string) (sum [sha256.Size]byte) {
	h := sha256.New()
	_, _ = io.WriteString(h, file[:headerSize-sha256.Size])
	_, _ = io.WriteString(h, file[headerSize:])
	h.Sum(sum[:0])
	return sum
}

// read reads what follows the header.
func (t *table) read(body string, rows, size int) error {
	if len(body) != size+rows*(scaleSize+Dims) {
		return errCut
	}
	lines, err := inflate(body[:size])
	if err != nil {
		return fmt.Errorf("its vocabulary: %w", err)
	}
	pieces := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
	if len(pieces) != rows {
		return fmt.Errorf("it has %d pieces and %d rows", len(pieces), rows)
	}
	t.pieces = newVocabulary(pieces)
	t.scales = make([]float32, rows)
	for i := range t.scales {
		at := size + i*scaleSize
		t.scales[i] = math.Float32frombits(uint32(body[at])<<16 | uint32(body[at+1])<<24)
	}
	t.rows = body[size+rows*scaleSize:]
	return nil
}

// add adds the row of a piece to a sum.
func (t *table) add(sum *[Dims]float32, piece int32) {
	scale, row := t.scales[piece], t.rows[int(piece)*Dims:][:Dims]
	for i := range sum {
		sum[i] += float32(scale * float32(int8(row[i]))) // converted, so that no processor fuses the two steps
	}
}

func inflate(compressed string) (string, error) {
	r, err := zlib.NewReader(strings.NewReader(compressed))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxVocabulary+1))
	if err == nil && n > maxVocabulary {
		err = fmt.Errorf("it is larger than %d bytes", maxVocabulary)
	}
	return b.String(), err
}

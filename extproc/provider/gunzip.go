package provider

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxPlain bounds what a compressed body, or one chunk of a compressed stream, may unpack
// to, and a stream of which one answer is made, in bytes. What is compressed may unpack to maxRatio
// times its own length, but to freeRatio bytes in any case: answers stay far below, and what is made
// to fill memory has up to a thousand.
const (
	maxPlain  = 64 << 20
	maxRatio  = 200
	freeRatio = 1 << 20
)

// maxStream bounds what a compressed stream may unpack to as a whole, in bytes.
const maxStream = 256 << 20

var (
	errTooPlain = fmt.Errorf("unpacks to more than %d bytes", maxPlain)
	errEndless  = fmt.Errorf("unpacks to more than %d bytes", maxStream)
	errBomb     = fmt.Errorf("unpacks to more than %d times its length", maxRatio)
)

// plainBound is what so many compressed bytes may unpack to.
func plainBound(packed int64) int64 { return max(packed*maxRatio, freeRatio) }

// tooMuch reports whether something could not be unpacked because there is too much of it.
func tooMuch(err error) bool {
	return errors.Is(err, errBomb) || errors.Is(err, errTooPlain) || errors.Is(err, errEndless)
}

// isGzip reports whether a content-encoding names gzip, in any case or by its old name.
func isGzip(encoding []byte) bool {
	return bytes.EqualFold(encoding, []byte("gzip")) || bytes.EqualFold(encoding, []byte("x-gzip"))
}

// unzip unpacks a whole body.
func unzip(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	bound, beyond := int64(maxPlain), errTooPlain
	if n := plainBound(int64(len(body))); n < bound {
		bound, beyond = n, errBomb
	}
	plain, err := io.ReadAll(io.LimitReader(z, bound+1))
	if err == nil && int64(len(plain)) > bound {
		return nil, beyond
	}
	return plain, err
}

// errStopped ends the unpacker of a stream that is not read to its end.
var errStopped = errors.New("stopped")

// gunzip unpacks a stream chunk by chunk: what the server has flushed comes out
// with the chunk that it came in. The standard unpacker pulls its input, so it
// runs as a coroutine that yields each piece, and nil when it wants a chunk. stop
// must be called. Not for concurrent use.
type gunzip struct {
	next  func() ([]byte, bool)
	stop  func()
	yield func([]byte) bool // inside the coroutine
	rest  []byte            // of the chunk
	came  int64             // bytes of all chunks
	gave  int64             // bytes that they unpacked to
	err   error             // that ended the coroutine
	over  bool
}

func newGunzip() *gunzip {
	g := &gunzip{}
	g.next, g.stop = iter.Pull(g.run)
	return g
}

func (g *gunzip) run(yield func([]byte) bool) {
	g.yield = yield
	z, err := gzip.NewReader(g)
	for err == nil {
		piece := make([]byte, 16<<10)
		var n int
		n, err = z.Read(piece)
		if n > 0 && !yield(piece[:n]) {
			return
		}
	}
	if !errors.Is(err, io.EOF) {
		g.err = err
	}
}

// Read gives the unpacker the chunk, and asks for the next one when it is used up.
func (g *gunzip) Read(p []byte) (int, error) {
	for len(g.rest) == 0 {
		if !g.yield(nil) {
			return 0, errStopped
		}
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// chunk unpacks one chunk. With an error comes what was unpacked before it; there
// is no more afterwards. Bytes after the end of the packed stream are ignored.
func (g *gunzip) chunk(data []byte) (plain []byte, err error) {
	if g.over || len(data) == 0 {
		return nil, nil
	}
	g.rest, g.came = data, g.came+int64(len(data))
	for {
		piece, ok := g.next()
		switch {
		case !ok:
			g.over = true
			return plain, g.err
		case piece == nil && len(g.rest) == 0:
			return plain, nil
		}
		plain = append(plain, piece...)
		g.gave += int64(len(piece))
		switch {
		case len(plain) > maxPlain:
			g.over = true
			return plain, errTooPlain
		case g.gave > plainBound(g.came):
			g.over = true
			return plain, errBomb
		case g.gave > maxStream:
			g.over = true
			return plain, errEndless
		}
	}
}

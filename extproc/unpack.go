package extproc

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
)

// A body that is packed may unpack to maxRatio times its own length, but to freeRatio in any case,
// in bytes. Texts and images stay far below; what is made to fill memory has up to a thousand.
const (
	maxRatio  = 200
	freeRatio = 1 << 20
)

// encodingOf is how a request's body is packed: empty: not at all, or "gzip", or what the client
// calls it.
func encodingOf(req *exchange.Request) string {
	var all []string
	for i := range req.Headers {
		if h := &req.Headers[i]; h.Name == "content-encoding" {
			if name := strings.ToLower(strings.TrimSpace(string(h.Value))); name != "identity" {
				all = append(all, name)
			}
		}
	}
	name := strings.Join(all, ",")
	if name == "x-gzip" { // RFC 9110, 8.4.1.3
		return "gzip"
	}
	return name
}

// takesEncoding refuses a body that is packed otherwise than by gzip, before it comes.
func takesEncoding(req *exchange.Request) exchange.Verdict {
	name := encodingOf(req)
	if name == "" || name == "gzip" {
		return exchange.Verdict{}
	}
	v := exchange.Denied(415, exchange.ReasonEncoding,
		"This gateway does not take request bodies with content-encoding "+client.Quote(name)+": send the body as it is, or packed by gzip.")
	v.Headers = exchange.Headers{{Name: "accept-encoding", Value: []byte("gzip, identity")}} // RFC 9110, 15.5.16
	return v
}

// unpack puts the plain body in the place of one that is packed. All that comes after sees the plain
// one, and the provider gets it.
func (r *run) unpack() exchange.Verdict {
	req := &r.ex.Request
	if encodingOf(req) == "" || len(req.Body) == 0 {
		return exchange.Verdict{}
	}
	limit := min(r.pipeline.limit, max(int64(len(req.Body))*maxRatio, freeRatio))
	plain, err := gunzip(req.Body, limit)
	switch {
	case errors.Is(err, errBeyond) && limit < r.pipeline.limit:
		return r.hold.all.bomb(len(req.Body))
	case errors.Is(err, errBeyond):
		return exchange.Denied(413, exchange.ReasonTooLarge,
			fmt.Sprintf("The request body unpacks to more than the %d bytes that this gateway takes.", r.pipeline.limit))
	case err != nil:
		return exchange.Denied(400, exchange.ReasonBadRequest, "The request body has content-encoding gzip and cannot be unpacked: "+err.Error()+".")
	}
	req.Unpacked(plain)
	return exchange.Verdict{}
}

var errBeyond = errors.New("unpacks to more than is taken")

// gunzip unpacks a body, to at most limit bytes. Memory is taken for one that says that it is no
// longer.
func gunzip(body []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	in := io.LimitReader(z, limit+1)
	said := plainLength(body)
	if said > limit {
		_, err := io.Copy(io.Discard, in) // to find out whether it is damaged
		return nil, cmp.Or(err, errBeyond)
	}
	var plain bytes.Buffer
	plain.Grow(int(said) + bytes.MinRead)
	if _, err := plain.ReadFrom(in); err != nil {
		return nil, err
	}
	if int64(plain.Len()) > limit {
		return nil, errBeyond
	}
	return plain.Bytes(), nil
}

// plainLength is the plain length that gzip writes in its last four bytes (RFC 1952, 2.3.1): modulo
// 2^32, and of its last member alone.
func plainLength(body []byte) int64 {
	return int64(binary.LittleEndian.Uint32(body[len(body)-4:]))
}

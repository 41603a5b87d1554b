package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
)

// Decode reads a client's request into the canonical form.
func (Dialect) Decode(body []byte) (*canon.Request, error) { return DecodeRequest(body) }

// Unsupported lists what a server of this kind cannot express.
func (Dialect) Unsupported(r *canon.Request, t canon.Target) []canon.Unsupported {
	return Unsupported(r, t)
}

// Encode appends a request for a server of this kind to dst, and names what it
// left out.
func (Dialect) Encode(dst []byte, r *canon.Request, t canon.Target) ([]byte, canon.Dropped, error) {
	return EncodeRequest(dst, r, t)
}

// DecodeAnswer reads a server's whole answer.
func (Dialect) DecodeAnswer(body []byte) (*canon.Response, error) { return DecodeResponse(body) }

// EncodeAnswer appends a whole answer for a client to dst.
func (Dialect) EncodeAnswer(dst []byte, r *canon.Response, c canon.Client) []byte {
	return EncodeResponse(dst, r, c)
}

// Decoder starts reading a server's stream.
func (Dialect) Decoder(native bool) canon.StreamDecoder { return &StreamDecoder{Whole: native} }

// Encoder starts writing a stream for a client.
func (Dialect) Encoder(c canon.Client) canon.StreamEncoder { return NewStreamEncoder(c) }

// DecodeFault reads a server's error.
func (Dialect) DecodeFault(status int, body []byte) *canon.Fault { return DecodeFault(status, body) }

// EncodeFault appends an error for a client to dst and returns its status.
func (Dialect) EncodeFault(dst []byte, f *canon.Fault) ([]byte, int) { return EncodeFault(dst, f) }

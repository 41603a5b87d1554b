package extproc

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that codec falls back to
	"google.golang.org/grpc/mem"
)

// codec reads events and writes replies straight from and to the wire, passes frames as they
// are, and leaves every other message to the generated code.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// plainSlices are the plain replies as gRPC takes them. Freeing them does nothing.
var plainSlices = func() (all [phases]mem.BufferSlice) {
	for p := range phases {
		all[p] = mem.BufferSlice{mem.SliceBuffer(plain[p])}
	}
	return all
}()

// Unmarshal implements encoding.CodecV2. An event keeps the bytes it came in.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *event:
		return v.decode(data.Materialize())
	case *frame:
		v.data = data.Materialize()
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if f, ok := v.(*frame); ok {
		return mem.BufferSlice{mem.SliceBuffer(f.data)}, nil
	}
	r, ok := v.(*reply)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	if !r.changes() {
		return plainSlices[r.phase], nil
	}
	room := minPooled
	if r.mutation != nil {
		room += len(r.mutation.Body)
	}
	pool := mem.DefaultBufferPool()
	b := pool.Get(room)
	*b = r.encode((*b)[:0])
	return mem.BufferSlice{mem.NewBuffer(b, pool)}, nil
}

// minPooled is the room, in bytes, that a reply is given besides its body: gRPC takes no smaller
// memory back to serve again, and a stream may have a reply for each of its events.
const minPooled = 1<<10 + 1

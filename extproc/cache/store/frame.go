package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/cachepb"
)

// A frame is an entry as Redis has it:
//
//	bytes 0 to 3    "HGCE"
//	byte  4         the version of the form, 1. Fields that are added do not change it
//	bytes 5 to 8    CRC-32C of all that follows, big endian
//	bytes 9 to 12   length of the head, big endian
//	the head        an Entry with what purges name it by alone, so that a sweep reads no bodies
//	the rest        the Entry
const (
	magic       = "HGCE"
	version     = 1
	frameSum    = len(magic) + 1
	frameLength = frameSum + 4
	frameHead   = frameLength + 4
)

// unread says why what Redis has is no entry: a closed set.
type unread string

const (
	foreign  unread = "foreign"  // somebody else wrote it
	newer    unread = "newer"    // a pair of another version did, in another form
	corrupt  unread = "corrupt"  // its sum is wrong, or it has none of the form that its sum promises
	otherKey unread = "key"      // it is the entry of another key
	noPurge  unread = "no_purge" // it should be a purge
)

var unreads = []unread{foreign, newer, corrupt, otherKey, noPurge}

// Error implements error.
func (u unread) Error() string { return "the entry is unreadable: " + string(u) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode writes an entry as a frame.
func encode(e *cachepb.Entry) ([]byte, error) {
	head := &cachepb.Entry{
		Id: e.Id, Key: e.Key, Stored: e.Stored, Expires: e.Expires,
		Model: e.Model, Caller: e.Caller, Team: e.Team, Prompt: e.Prompt, Tags: e.Tags,
	}
	n := proto.Size(head)
	b := make([]byte, frameHead, frameHead+n+proto.Size(e))
	copy(b, magic)
	b[len(magic)] = version
	binary.BigEndian.PutUint32(b[frameLength:], uint32(n))
	b, errHead := proto.MarshalOptions{}.MarshalAppend(b, head)
	b, err := proto.MarshalOptions{}.MarshalAppend(b, e)
	if err = errors.Join(errHead, err); err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(b[frameSum:], crc32.Checksum(b[frameLength:], castagnoli))
	return b, nil
}

// announcement is what the feed says of an entry: all that an index wants.
func announcement(e *cachepb.Entry) *cachepb.Entry {
	return &cachepb.Entry{
		Id: e.Id, Key: e.Key, Space: e.Space, Stored: e.Stored, Expires: e.Expires, Question: e.Question, Embedder: e.Embedder, Vector: e.Vector,
		Model: e.Model, Caller: e.Caller, Team: e.Team, Prompt: e.Prompt, Tags: e.Tags,
	}
}

// begin reads the start of a frame, and returns where its head ends.
func begin(b []byte) (end int, err error) {
	switch {
	case len(b) < frameHead || string(b[:len(magic)]) != magic || b[len(magic)] == 0:
		return 0, foreign
	case b[len(magic)] != version:
		return 0, newer
	}
	return frameHead + int(binary.BigEndian.Uint32(b[frameLength:])), nil
}

// decode reads a frame. The error is an unread.
func decode(b []byte) (*cachepb.Entry, error) {
	end, err := begin(b)
	switch {
	case err != nil:
		return nil, err
	case end > len(b), binary.BigEndian.Uint32(b[frameSum:]) != crc32.Checksum(b[frameLength:], castagnoli):
		return nil, corrupt
	}
	e := &cachepb.Entry{}
	if proto.Unmarshal(b[end:], e) != nil || len(e.Key) != len(Key{}) {
		return nil, corrupt
	}
	return e, nil
}

// decodeHead reads the head of a frame that may be cut off after it. Nothing proves that it is
// whole. The error is an unread, or a cut.
func decodeHead(b []byte) (*cachepb.Entry, error) {
	end, err := begin(b)
	switch {
	case err != nil:
		return nil, err
	case end > len(b):
		return nil, cut(end)
	}
	e := &cachepb.Entry{}
	if proto.Unmarshal(b[frameHead:end], e) != nil {
		return nil, corrupt
	}
	return e, nil
}

// cut says that so many bytes are needed.
type cut int

// Error implements error.
func (cut) Error() string { return "the head is cut off" }

package spool

import (
	"hash/crc32"
	"sync/atomic"
	"unsafe"

	"google.golang.org/protobuf/proto"
)

// Kind says what a record is.
type Kind byte

// The kinds of records.
const (
	// Opened is a row as far as it is known before a request leaves, with an estimate of
	// what the attempt will consume. It never leaves this machine.
	Opened Kind = 'o'
	// Ended is the row of an exchange that has ended, of which it is not certain yet how. It
	// is overtaken by Closed.
	Ended Kind = 'e'
	// Closed is the row of an exchange, as it is shipped.
	Closed Kind = 'c'

	void Kind = 0 // could not be written, or was overtaken
)

// A frame is a head, the kind, a message, and zeroes up to the next multiple of align:
//
//	length of kind and message  uint32, in the order of this machine: files do not leave it
//	CRC-32C of both             uint32, in the same order; written last
//	kind                        byte
//	message                     policypb.Row
//
// A length of zero is the end of what was written. One whose sum is wrong was being written
// as its process died, or was torn by a power cut: it is skipped. One whose sum is inverted was
// overtaken by a later record of its exchange: it counts no more, wherever that one is.
const (
	headSize = 8
	align    = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameSize is how much room a message of a size takes.
func frameSize(message int) int {
	return (headSize + 1 + message + align - 1) &^ (align - 1)
}

// write fills a frame whose length is written already. The message has not changed since its
// size was taken.
func write(frame []byte, k Kind, m proto.Message) error {
	payload := frame[headSize : headSize+1]
	payload[0] = byte(k)
	all, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(payload, m)
	if err != nil {
		payload = frame[headSize : headSize+lengthOf(frame)]
		payload[0] = byte(void)
	} else {
		payload = all
	}
	atomic.StoreUint32(sumOf(frame), crc32.Checksum(payload, castagnoli))
	return err
}

func lengthOf(frame []byte) int { return int(atomic.LoadUint32((*uint32)(unsafe.Pointer(&frame[0])))) }

func sumOf(frame []byte) *uint32 { return (*uint32)(unsafe.Pointer(&frame[4])) }

// state is what stands at a place of a segment.
type state uint8

const (
	nothing state = iota // nothing was written there, or beyond
	partial              // a frame that is not whole, or not yet
	whole
)

// frameAt reads the frame at an offset. Size is the room that it takes.
func frameAt(mem []byte, at int) (k Kind, message []byte, size int, s state) {
	if at+headSize > len(mem) {
		return 0, nil, 0, nothing
	}
	n := lengthOf(mem[at:])
	if n == 0 || at+headSize+n > len(mem) {
		return 0, nil, 0, nothing
	}
	size = frameSize(n - 1)
	payload := mem[at+headSize : at+headSize+n]
	switch atomic.LoadUint32(sumOf(mem[at:])) {
	case crc32.Checksum(payload, castagnoli):
		return Kind(payload[0]), payload[1:], size, whole
	case ^crc32.Checksum(payload, castagnoli):
		return void, nil, size, whole
	}
	return 0, nil, size, partial
}

// overtake makes a frame void that is whole.
func overtake(frame []byte) { atomic.StoreUint32(sumOf(frame), ^atomic.LoadUint32(sumOf(frame))) }

// reserve writes the length of a frame. From then on what follows it is found.
func reserve(mem []byte, at, message int) {
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&mem[at])), uint32(message+1))
}

// copyFrame fills a frame whose length is written already with a message as it stands.
func copyFrame(frame []byte, k Kind, message []byte) {
	payload := frame[headSize : headSize+1+len(message)]
	payload[0] = byte(k)
	copy(payload[1:], message)
	atomic.StoreUint32(sumOf(frame), crc32.Checksum(payload, castagnoli))
}

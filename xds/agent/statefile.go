package agent

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// magic begins a state file. After it come the SHA-256 of the message and the message.
const magic = "headgate pair state\n"

var errNotState = errors.New("this is not a file of a pair's policies")

// encodeState returns what a pair keeps in the form of a state file.
func encodeState(state *policypb.PairState) ([]byte, error) {
	message, err := proto.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	sum := sha256.Sum256(message)
	return append(append([]byte(magic), sum[:]...), message...), nil
}

// decodeState reads what encodeState wrote in this version of Headgate or in another.
// Fields of a later version are ignored, so that a pair starts after a downgrade.
func decodeState(file []byte) (*policypb.PairState, error) {
	rest, sealed := bytes.CutPrefix(file, []byte(magic))
	if !sealed {
		return decodeBareState(file)
	}
	if len(rest) < sha256.Size {
		return nil, errNotState
	}
	if sum := sha256.Sum256(rest[sha256.Size:]); !bytes.Equal(sum[:], rest[:sha256.Size]) {
		return nil, errors.New("the file is damaged: its checksum does not match")
	}
	return parseState(rest[sha256.Size:])
}

// decodeBareState reads a message without magic and checksum, as state files once were.
// Only its fields distinguish it from a file of something else.
func decodeBareState(file []byte) (*policypb.PairState, error) {
	state, err := parseState(file)
	if err == nil && len(state.ProtoReflect().GetUnknown()) > 0 {
		return nil, errNotState
	}
	return state, err
}

func parseState(message []byte) (*policypb.PairState, error) {
	state := &policypb.PairState{}
	if err := proto.Unmarshal(message, state); err != nil {
		return nil, err
	}
	if state.Good == nil && state.Next == nil {
		return nil, errNotState
	}
	return state, nil
}

package agent

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/policy/policypb"
)

// magic begins a state file. The SHA-256 of the rest follows it, and then the message.
const magic = "headgate pair state\n"

var errNotState = errors.New("this is no file of a pair's policies")

// encodeState writes what a pair keeps as a state file.
func encodeState(state *policypb.PairState) ([]byte, error) {
	message, err := proto.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	sum := sha256.Sum256(message)
	return append(append([]byte(magic), sum[:]...), message...), nil
}

// decodeState reads what seal wrote, in this version of Headgate or in another: fields of a
// later one are passed over, so that a pair starts after a downgrade.
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

// decodeBareState reads a bare message, as the state file was before it had a seal. Only its
// fields tell it from a file of something else.
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

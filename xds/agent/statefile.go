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

var errNotState = errors.New("this is not a file of a pair's")

// seal returns a message as a file of this form.
func seal(magic string, m proto.Message) ([]byte, error) {
	message, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	sum := sha256.Sum256(message)
	return append(append([]byte(magic), sum[:]...), message...), nil
}

// unseal returns the message in what seal returned; sealed: the file has this form.
func unseal(magic string, file []byte) (message []byte, sealed bool, err error) {
	rest, sealed := bytes.CutPrefix(file, []byte(magic))
	if !sealed || len(rest) < sha256.Size {
		return nil, sealed, errNotState
	}
	if sum := sha256.Sum256(rest[sha256.Size:]); !bytes.Equal(sum[:], rest[:sha256.Size]) {
		return nil, true, errors.New("the file is damaged: its checksum does not match")
	}
	return rest[sha256.Size:], true, nil
}

// decodeState reads what a pair keeps, as this version of Headgate wrote it or another. Fields of
// a later version are ignored, so that a pair starts after a downgrade.
func decodeState(file []byte) (*policypb.PairState, error) {
	message, sealed, err := unseal(magic, file)
	switch {
	case !sealed:
		return decodeBareState(file)
	case err != nil:
		return nil, err
	}
	return parseState(message)
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

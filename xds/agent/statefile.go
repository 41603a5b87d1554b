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

var errForeign = errors.New("this is no file of a pair's policies")

// seal writes what a pair keeps as a state file.
func seal(held *policypb.Held) ([]byte, error) {
	message, err := proto.Marshal(held)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	sum := sha256.Sum256(message)
	return append(append([]byte(magic), sum[:]...), message...), nil
}

// unseal reads what seal wrote, in this version of Headgate or in another: fields of a
// later one are passed over, so that a pair starts after a downgrade.
func unseal(file []byte) (*policypb.Held, error) {
	rest, sealed := bytes.CutPrefix(file, []byte(magic))
	if !sealed {
		return unsealed(file)
	}
	if len(rest) < sha256.Size {
		return nil, errForeign
	}
	if sum := sha256.Sum256(rest[sha256.Size:]); !bytes.Equal(sum[:], rest[:sha256.Size]) {
		return nil, errors.New("the file is damaged: its checksum does not match")
	}
	return decode(rest[sha256.Size:])
}

// unsealed reads a bare message, as the state file was before it had a seal. Only its
// fields tell it from a file of something else.
func unsealed(file []byte) (*policypb.Held, error) {
	held, err := decode(file)
	if err == nil && len(held.ProtoReflect().GetUnknown()) > 0 {
		return nil, errForeign
	}
	return held, err
}

func decode(message []byte) (*policypb.Held, error) {
	held := &policypb.Held{}
	if err := proto.Unmarshal(message, held); err != nil {
		return nil, err
	}
	if held.Good == nil && held.Next == nil {
		return nil, errForeign
	}
	return held, nil
}

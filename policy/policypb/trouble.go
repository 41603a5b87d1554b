package policypb

import (
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// Keys of a pair's node metadata. The reason stands under a key of its own, because
// that is all that some control planes read and some pairs write.
const (
	reasonKey  = "trouble"         // a string
	troubleKey = "trouble_details" // the whole Trouble, in protobuf's JSON form
)

// TroubleMetadata is the metadata of the node of a pair that is in trouble; nil if it
// is in none.
func TroubleMetadata(t *Trouble) *structpb.Struct {
	if t.GetReason() == "" {
		return nil
	}
	fields := map[string]*structpb.Value{reasonKey: structpb.NewStringValue(t.GetReason())}
	if details, err := valueOf(t); err == nil { // else the reason has to do
		fields[troubleKey] = details
	}
	return &structpb.Struct{Fields: fields}
}

func valueOf(t *Trouble) (*structpb.Value, error) {
	text, err := protojson.Marshal(t)
	if err != nil {
		return nil, err
	}
	v := &structpb.Value{}
	return v, protojson.Unmarshal(text, v)
}

// TroubleOf reads the metadata of a pair's node, of whatever version the pair is; nil
// if it is in no trouble.
func TroubleOf(metadata *structpb.Struct) *Trouble {
	reason := metadata.GetFields()[reasonKey].GetStringValue()
	if reason == "" {
		return nil
	}
	if t := troubleIn(metadata.GetFields()[troubleKey]); t.GetReason() == reason {
		return t
	}
	return &Trouble{Reason: reason}
}

// troubleIn reads a whole Trouble, but for fields that only newer pairs know. It is nil
// if there is none that can be read.
func troubleIn(v *structpb.Value) *Trouble {
	text, err := protojson.Marshal(v)
	if err != nil {
		return nil
	}
	t := &Trouble{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, t); err != nil {
		return nil
	}
	return t
}

// Package policypb holds the wire types between the control plane and its pairs.
// Generated types stop at the border: each is decoded in one place.
package policypb

//go:generate sh -c "cd ../.. && go run github.com/bufbuild/buf/cmd/buf@v1.75.0 lint && go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate"

const (
	// TypeURL names Policy on ADS.
	TypeURL = "type.googleapis.com/headgate.policy.v1.Policy"
	// PairAgent is the user agent by which a pair's node is told from an Envoy's.
	PairAgent = "headgate"
)

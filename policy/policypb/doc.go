// Package policypb holds the wire types between the control plane and its pairs.
// Generated types stop at the border: each is decoded in one place.
package policypb

//go:generate sh -c "cd ../.. && go run github.com/bufbuild/buf/cmd/buf@v1.75.0 lint && go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate"

// TypeURL names Policy on ADS.
const TypeURL = "type.googleapis.com/headgate.policy.v1.Policy"

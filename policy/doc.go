// Package policy reads what operators write and compiles it into the form that
// the data plane and the control plane run.
//
// It is pure: bytes in, a Set or every fault at once out. It reads no file, no
// environment and no network, and knows neither Envoy nor a store.
package policy

//go:generate go run ./schemagen .

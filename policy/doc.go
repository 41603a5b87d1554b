// Package policy reads what operators write and compiles it into the form that
// the data plane and the control plane run.
//
// It is pure: bytes in, a Set or every fault at once out. It reads no file, no
// environment and no network, and knows neither Envoy nor a store.
//
// A section of the document is one file (listen.go, backend.go, model.go, prices.go, …): the
// struct that the planes run, the fields that bind each key to it, and what depends on
// other sections. A new section is such a file and a line in sections; a new key is one
// entry among the fields, and a line in testdata/good/everything.yaml and, with its default,
// in testdata/defaults.yaml. Tests name what is missing.
package policy

//go:generate go run ./schemagen .

// Package schema makes a JSON Schema fit what a server takes of JSON Schema, as the
// vendors' own SDKs do before they send one.
//
// The promise: a schema that fits is used as it is, byte for byte and without
// allocating. One that does not is written anew, so that each value that the result
// accepts is one that the source accepts; what cannot be kept of it is told to the
// model in a description, and named. What that cannot mend is a fault with its place.
// The trap: a subset of strict mode closes objects, so the result may accept less than
// the source did.
package schema

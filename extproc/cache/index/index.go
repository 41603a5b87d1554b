// Package index finds the entries whose questions are nearest to one, by the cosine of their
// vectors.
//
// The promise: it looks at every vector of a space, so that nothing nearer is missed, and at none
// of another space or of another embedder. Its memory is bounded. The trap: what it finds may be
// gone from the store meanwhile.
package index

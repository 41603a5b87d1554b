// Package cachepb holds the form in which pairs keep answers that are given again.
package cachepb

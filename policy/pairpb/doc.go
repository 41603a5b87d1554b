// Package pairpb holds what a pair and its control plane say to each other beside ADS. Only
// the two ends of that link import it, and what fills or reads its messages for them.
package pairpb

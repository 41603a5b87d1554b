// Package responses is the dialect of OpenAI's Responses API.
//
// As the other dialects it has two halves: Dialect reads requests, answers and streams of
// its own kind in place, and the translator turns them into the canonical form and back.
// Input and output are lists of items, of which most hold one piece of a turn: item.go
// reads them all, a client's and a server's.
//
// The trap: a stream says everything twice, in pieces and then whole, and the whole once
// more at its end. Whoever changes a piece must change what repeats it.
package responses

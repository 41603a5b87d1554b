// Package sim is the simulated provider: an HTTP server that speaks the wire
// formats of OpenAI (chat completions, Responses, conversations, embeddings, moderations,
// models) and Anthropic (messages, count_tokens, models) and that fails on demand in every
// way that real providers do. Tests and users share it.
//
// The promise: what it serves without a script is what the real provider would
// serve to the same request in shape, validation and accounting, and every token
// that it reports follows from wire.CountTokens and the constants beside it. What it
// received and what it served is kept, see Served.
//
// The trap: faults that end a connection (cut, reset, content-length) act on the
// transport. Serve it through Listen, or give your own http.Server ConnContext;
// an httptest.ResponseRecorder shows such a fault as a panic with
// http.ErrAbortHandler. Event and byte positions beyond the end of an answer
// mean its end, so that a scripted fault always happens.
package sim

// Package responses is the Responses API of the simulated provider: OpenAI's second dialect,
// with its typed events, the items of a conversation, and the state that the provider keeps
// of them.
//
// The promise: it refuses what the real API refuses, and what it serves is read by the
// official SDKs' types. State belongs to an account, which is the host that was asked
// together with the credential: what one account was given, another does not find, and
// cannot have read either (encrypted content).
//
// The trap: state is in memory and bounded. The oldest responses and conversations are
// forgotten first, and an id that was forgotten is refused like one that never was.
package responses

// Package texts finds the texts of requests and answers, and changes them.
//
// The promise: every text that a model reads or has written is found once, whatever the dialect
// and wherever it stands: messages, tool calls and their results, definitions of tools, attached
// documents, and parts that only the client's dialect understands. What guards see of it is plain
// and normalised; what they want changed is changed in the bytes that came, and all else stays.
//
// The traps: texts alias the body that they were read from. What a provider has signed or
// encrypted is no text: a changed byte would make it worthless.
package texts

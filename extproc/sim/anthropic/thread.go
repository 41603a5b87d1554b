package anthropic

import (
	"net/http"
	"sync"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// threads are the conversations that the provider holds, by the ids of their last answers, as
// the tool runner of anthropic-sdk-python 2.12.0 asks it to. The oldest are forgotten first.
// Safe for concurrent use.
type threads struct {
	mu    sync.Mutex
	kept  map[string]*thread
	order []string
}

// thread is a conversation up to an answer. Its system prompt and its tools are those that it
// was created with.
type thread struct {
	account                 string
	system, tools, messages scan.Value
	continued               bool
}

const maxThreads = 256

// readThread reads whether the provider is to hold the conversation, and puts what it holds in
// front of what comes new. What it refuses has the codes by which lib/threads of that SDK knows
// to send the history again: a thread that it does not have or that is another account's, and
// one that went on from there already.
func (d Dialect) readThread(_ *wire.Call, f *messageFields) *wire.Error {
	if !wire.Given(f.thread) {
		return nil
	}
	before := wire.Str(f.thread.Get("previous_message_id"))
	switch kind := wire.Str(f.thread.Get("type")); {
	case kind == "create":
		return nil
	case kind != "continue":
		return invalid("thread: Input tag '%s' found using 'type' does not match any of the expected tags: 'create', 'continue'", kind)
	case before == "":
		return invalid("thread.continue.previous_message_id: Field required")
	case wire.Given(f.system):
		return invalid("system: Extra inputs are not permitted when a thread continues")
	case wire.Given(f.tools):
		return invalid("tools: Extra inputs are not permitted when a thread continues")
	}
	d.threads.mu.Lock()
	defer d.threads.mu.Unlock()
	t := d.threads.kept[before]
	switch {
	case t == nil || t.account != f.account:
		return lost("thread_not_found", "thread: the previous message was not found")
	case t.continued:
		return lost("thread_already_continued", "thread: the previous message was continued already")
	}
	f.system, f.tools, f.messages = t.system, t.tools, joined(t.messages, f.messages)
	return nil
}

func lost(code, message string) *wire.Error {
	return &wire.Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: code, Message: message}
}

// joined returns two lists as one. What is no list stays as it is, and is refused later.
func joined(a, b scan.Value) scan.Value {
	e := b.Elements()
	switch {
	case b.Kind() != scan.Array:
		return b
	case !e.Next():
		return a
	}
	all := append(append([]byte(nil), a[:len(a)-1]...), ',')
	return append(all, b[1:]...)
}

// keep holds a conversation whose request asks for it, as soon as its answer is made. From
// the answer that it went on from it cannot go on again.
func (d Dialect) keep(t *wire.Turn, a *wire.Answer) {
	f, ok := t.Call.Own.(*messageFields)
	if !ok || !wire.Given(f.thread) {
		return
	}
	said := append([]byte(`[{"role":"assistant","content":[`), appendBlocks(nil, &a.Choices[0])...)
	d.threads.mu.Lock()
	defer d.threads.mu.Unlock()
	if before := d.threads.kept[wire.Str(f.thread.Get("previous_message_id"))]; before != nil {
		before.continued = true
	}
	d.threads.kept[a.ID] = &thread{account: f.account, system: f.system, tools: f.tools, messages: joined(f.messages, append(said, `]}]`...))}
	if d.threads.order = append(d.threads.order, a.ID); len(d.threads.order) > maxThreads {
		delete(d.threads.kept, d.threads.order[0])
		d.threads.order = d.threads.order[1:]
	}
}

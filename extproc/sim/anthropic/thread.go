package anthropic

import (
	"net/http"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// readThread reads whether the provider is to hold the conversation, as the tool runner of
// anthropic-sdk-python 2.12.0 asks it to. It begins each and has lost it when it is to go
// on, in the words that lib/threads of that SDK expects: clients send their history again.
func readThread(_ *wire.Call, f *messageFields) *wire.Error {
	if !wire.Given(f.thread) {
		return nil
	}
	switch kind := wire.Str(f.thread.Get("type")); {
	case kind == "create":
		return nil
	case kind != "continue":
		return invalid("thread: Input tag '%s' found using 'type' does not match any of the expected tags: 'create', 'continue'", kind)
	case wire.Str(f.thread.Get("previous_message_id")) == "":
		return invalid("thread.continue.previous_message_id: Field required")
	}
	return &wire.Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "thread_not_found", Message: "thread: the previous message was not found"}
}

package exchange

import "context"

// A Stage takes part in exchanges. One Stage serves all streams and must be safe
// for concurrent use; what it remembers about one exchange lives in the Hooks
// that it returns.
type Stage interface {
	Name() string
	Join(*Exchange) Hooks
}

// Hooks are the phases that a stage wants to see. A nil hook is skipped. Requests
// go down the list of stages, responses, chunks and the end go up it. The hooks
// of one exchange are never called at the same time.
type Hooks struct {
	Request  func(context.Context, *Request) (Verdict, error)
	Response func(context.Context, *Response) (Verdict, error)
	Chunk    func(context.Context, *Chunk) (Verdict, error)
	End      func(Outcome)
}

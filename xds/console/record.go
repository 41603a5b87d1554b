package console

// Record is what a change leaves behind, whether it was made or not.
type Record struct {
	Key     string // id of the admin key that asked
	Author  string // whose key it is, or whom the change names
	Action  string // of the route
	Subject string // what was to be changed
	From    string // what it was; empty: there was nothing
	To      string // what it became; empty: there is nothing, or nothing changed
	Reason  string
	Outcome string // Done, or the code of the failure
}

// Done is the outcome of a change that was made.
const Done = "done"

// Propose says for the record what is to be changed, by whom and why, as soon as that is known.
func (c *Call) Propose(subject, author, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.record.Subject, c.record.Author, c.record.Reason = subject, author, reason
}

// Changed says for the record what a change did.
func (c *Call) Changed(from, to string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.record.From, c.record.To = from, to
}

// recorded is the record of a call. The handler may be running on.
func (c *Call) recorded(action, outcome string) Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.record
	r.Key, r.Action, r.Outcome = c.By.Key, action, outcome
	if r.Author == "" {
		r.Author = c.By.Name
	}
	return r
}

// handle has a route answer a call, and records what may have changed something, even if it
// panics.
func (c *Console) handle(r Route, call *Call) (any, error) {
	if r.Right != Change || c.options.Audit == nil {
		return call.within(r.Handle)
	}
	outcome := Internal.Code
	defer func() { c.options.Audit(call.recorded(r.Action, outcome)) }()
	answer, err := call.within(r.Handle)
	if outcome = Done; err != nil {
		outcome = r.failure(err).Cause.Code
	}
	return answer, err
}

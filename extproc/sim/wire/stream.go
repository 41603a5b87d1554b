package wire

import "bytes"

// Stream is a whole event stream, built before it is sent, so that faults know
// every event's place.
type Stream struct {
	Buf    []byte
	Events []Event
	Out    int // tokens up to here
	Hidden int
}

// Event is one event and what would be billed once it is sent.
type Event struct {
	end    int // offset after it
	Out    int // output tokens up to it, without thinking
	Hidden int // thinking tokens up to it
}

// Done ends the event that was appended to buf.
func (st *Stream) Done() {
	st.Buf = append(st.Buf, '\n', '\n')
	st.Events = append(st.Events, Event{len(st.Buf), st.Out, st.Hidden})
}

// Add appends an event, which is given without its blank line.
func (st *Stream) Add(event []byte) {
	st.Buf = append(st.Buf, event...)
	st.Done()
}

// Bytes returns event i.
func (st *Stream) Bytes(i int) []byte {
	start := 0
	if i > 0 {
		start = st.Events[i-1].end
	}
	return st.Buf[start:st.Events[i].end]
}

// Broken returns event i with half of its data cut off.
func (st *Stream) Broken(i int) []byte {
	ev := st.Bytes(i)
	at := bytes.LastIndex(ev, []byte("data: ")) + len("data: ")
	data := ev[at : len(ev)-2]
	return append(append([]byte(nil), ev[:at+(len(data)+1)/2]...), '\n', '\n')
}

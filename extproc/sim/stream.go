package sim

import "bytes"

// stream is a whole event stream, built before it is sent, so that faults know
// every event's place.
type stream struct {
	buf    []byte
	events []event
	out    int // tokens up to here
	hidden int
}

// event is one event and what would be billed once it is sent.
type event struct {
	end    int // offset behind it
	out    int // output tokens up to it, without thinking
	hidden int // thinking tokens up to it
}

// done ends the event that was appended to buf.
func (st *stream) done() {
	st.buf = append(st.buf, '\n', '\n')
	st.events = append(st.events, event{len(st.buf), st.out, st.hidden})
}

// bytes returns event i.
func (st *stream) bytes(i int) []byte {
	start := 0
	if i > 0 {
		start = st.events[i-1].end
	}
	return st.buf[start:st.events[i].end]
}

// broken returns event i with half of its data cut off.
func (st *stream) broken(i int) []byte {
	ev := st.bytes(i)
	at := bytes.LastIndex(ev, []byte("data: ")) + len("data: ")
	data := ev[at : len(ev)-2]
	return append(append([]byte(nil), ev[:at+(len(data)+1)/2]...), '\n', '\n')
}

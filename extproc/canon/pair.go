package canon

import (
	"hash/maphash"
	"slices"

	"github.com/headgate/headgate/extproc/scan"
)

// Unmatched is the Twin of a result that answers no call, or one that has got its result
// already.
const Unmatched = -1

// PairCalls makes the calls of a conversation differ, in ID or Twin, and gives each
// result those of its call. Readers of requests call it last. Of several calls that a
// client knows by one id, results answer those of the latest turn in their order; a
// result without an id answers the first call of the latest turn that waits for one.
func (r *Request) PairCalls() {
	if !r.distinct() {
		r.tellApart()
	}
	r.findAlone()
}

func (r *Request) tellApart() {
	p := pairing{by: make(map[string]*namesakes), next: make(map[string]int32)}
	for i := range r.Messages {
		m := &r.Messages[i]
		for k := range m.Parts {
			switch part := &m.Parts[k]; {
			case part.Kind == ToolCall && m.Role == RoleAssistant:
				p.call(part)
			case part.Kind == ToolResult && m.Role == RoleUser:
				p.result(part)
			}
		}
	}
}

// seed is of the hashes by which ids are compared first.
var seed = maphash.MakeSeed()

// distinct reports whether no two calls and no two results have one id, and all have
// one: then results name their calls.
func (r *Request) distinct() bool {
	var few [2][64]uint64
	calls, results := few[0][:0], few[1][:0]
	for i := range r.Messages {
		for k := range r.Messages[i].Parts {
			p := &r.Messages[i].Parts[k]
			if p.Kind != ToolCall && p.Kind != ToolResult {
				continue
			}
			if Empty(p.ID) {
				return false
			}
			h := maphash.Bytes(seed, p.ID) + uint64(p.Twin)
			if p.Kind == ToolCall {
				calls = append(calls, h)
			} else {
				results = append(results, h)
			}
		}
	}
	return unique(calls) && unique(results)
}

func unique(hashes []uint64) bool {
	slices.Sort(hashes)
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			return false
		}
	}
	return true
}

// pairing follows a conversation whose ids alone do not say which result is whose.
type pairing struct {
	by      map[string]*namesakes // by the id and the number that the client wrote
	next    map[string]int32      // the first free number of an id
	turn    int
	results bool // the last that was read is a result: a call begins a new turn
	last    []*Part
	waits   int // of the calls of the last turn, the first that may wait
	done    map[*Part]bool
}

// namesakes are the calls of the latest turn that a client knows by one id.
type namesakes struct {
	turn  int
	calls []*Part
}

func (p *pairing) call(part *Part) {
	if p.results || p.turn == 0 {
		p.turn++
		p.results, p.last, p.waits = false, p.last[:0], 0
		p.done = make(map[*Part]bool)
	}
	key := identity(part.ID, part.Twin)
	known := p.by[key]
	switch {
	case known == nil:
		known = &namesakes{turn: p.turn}
		p.by[key] = known
	case known.turn != p.turn:
		known.turn, known.calls = p.turn, known.calls[:0]
	}
	known.calls = append(known.calls, part)
	p.last = append(p.last, part)
	p.number(part)
}

// number gives a call the number that it asks for, or the first free one if it is
// taken or not the client's to ask for.
func (p *pairing) number(part *Part) {
	id := string(part.ID)
	next, taken := p.next[id]
	if taken && part.Twin < next {
		part.Twin = next
	}
	p.next[id] = part.Twin + 1
}

func (p *pairing) result(part *Part) {
	p.results = true
	known := p.by[identity(part.ID, part.Twin)]
	if known != nil {
		for len(known.calls) > 0 && p.done[known.calls[0]] {
			known.calls = known.calls[1:]
		}
	}
	switch {
	case known != nil && len(known.calls) > 0:
		p.answer(part, known.calls[0])
	case !Empty(part.ID):
		part.Twin = Unmatched
	default:
		p.first(part)
	}
}

// first lets a result that names no call answer the first one that waits.
func (p *pairing) first(part *Part) {
	for ; p.waits < len(p.last); p.waits++ {
		if c := p.last[p.waits]; !p.done[c] {
			p.answer(part, c)
			return
		}
	}
	part.Twin = Unmatched
}

func (p *pairing) answer(result, call *Part) {
	result.ID, result.Twin = call.ID, call.Twin
	p.done[call] = true
}

// identity is what sets a call apart from all others.
func identity(id scan.Value, twin int32) string {
	return string(append([]byte{byte(twin), byte(twin >> 8), byte(twin >> 16), byte(twin >> 24)}, id...))
}

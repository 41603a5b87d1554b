package adstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// Verdict is what an Envoy makes of a message. The zero value accepts it.
type Verdict struct {
	Refuse string // why the message is refused; empty: it is not
	Wait   bool   // the message is not answered before Answer is called
}

// Envoy takes clusters, listeners and routes over one ADS stream after the other, and
// keeps what it has from one to the next. Like Envoy, it asks for routes by name. A
// message applies completely or not at all.
type Envoy struct {
	t     testing.TB
	l     *Listener
	judge func(*Message) Verdict
	seen  func(*Envoy, *Message)

	mu      sync.Mutex
	stream  *Stream // nil: not connected
	streams int     // that there have been
	state   State
	secrets map[string]bool // that this stream asks for
	offered map[string]bool // resources of messages that were refused, by name
	waiting []*Message
	log     []string
}

// Routes is the name by which an Envoy asks for routes.
const Routes = "gateway"

// NewEnvoy makes an Envoy that is not connected. Judge, if there is one, is asked about
// each message. Seen, if there is one, is called with each message that was accepted,
// while nothing else happens to the Envoy.
func NewEnvoy(t testing.TB, l *Listener, judge func(*Message) Verdict, seen func(*Envoy, *Message)) *Envoy {
	return &Envoy{t: t, l: l, judge: judge, seen: seen, state: State{}, offered: map[string]bool{}}
}

// Connect opens a stream, and asks for everything, saying what it has.
func (e *Envoy) Connect() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams++
	number := e.streams
	e.stream = Open(e.t, e.l, &corev3.Node{Id: "envoy"}, func(m *Message) { e.receive(number, m) })
	for _, ask := range [][2]string{{resourcev3.ClusterType, "*"}, {resourcev3.ListenerType, "*"}, {resourcev3.RouteType, Routes}} {
		has := map[string]string{}
		for name, r := range e.state[ask[0]] {
			has[name] = r.GetVersion()
		}
		e.stream.Ask(ask[0], has, ask[1])
	}
	e.secrets = nil
	e.askForSecrets()
}

// AskAgain sends a request that asks for nothing new.
func (e *Envoy) AskAgain(typ string) { e.stream.Ask(typ, nil) }

// SetJudge changes what the Envoy makes of messages.
func (e *Envoy) SetJudge(judge func(*Message) Verdict) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.judge = judge
}

// SetServer changes which server the Envoy asks when it connects next, and what is called
// with each message that was accepted.
func (e *Envoy) SetServer(l *Listener, seen func(*Envoy, *Message)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.l, e.seen = l, seen
}

// Disconnect ends the stream. Envoy keeps what it has.
func (e *Envoy) Disconnect() {
	e.mu.Lock()
	s := e.stream
	e.stream, e.waiting = nil, nil
	e.mu.Unlock()
	if s != nil {
		s.Close()
	}
}

// Restart disconnects, forgets everything and connects again, as a new process would.
func (e *Envoy) Restart() {
	e.Disconnect()
	e.SetState(State{})
	e.Connect()
}

// State is what an Envoy has at one moment, by type and name.
type State map[string]map[string]*discoveryv3.Resource

// State returns what the Envoy has. It may be called in judge and seen, and when everything
// is quiet.
func (e *Envoy) State() State {
	out := State{}
	for typ, all := range e.state {
		out[typ] = maps.Clone(all)
	}
	return out
}

// SetState puts an Envoy that is not connected into a state.
func (e *Envoy) SetState(s State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state, e.offered = s, map[string]bool{}
}

// receive takes a message of a stream. What one that has ended still brings is lost.
func (e *Envoy) receive(stream int, m *Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = append(e.log, Summary(m))
	if e.stream == nil || stream != e.streams {
		return
	}
	v := Verdict{}
	if e.judge != nil {
		v = e.judge(m)
	}
	if v.Wait {
		e.waiting = append(e.waiting, m)
		return
	}
	e.answer(m, v)
}

// answer accepts or refuses a message. The mutex is held.
func (e *Envoy) answer(m *Message, v Verdict) {
	if v.Refuse != "" {
		for _, r := range m.GetResources() {
			e.offered[r.GetName()] = true
		}
		e.stream.Nack(m, v.Refuse)
		return
	}
	typ := m.GetTypeUrl()
	if e.state[typ] == nil {
		e.state[typ] = map[string]*discoveryv3.Resource{}
	}
	for _, r := range m.GetResources() {
		e.state[typ][r.GetName()] = r
	}
	for _, name := range m.GetRemovedResources() {
		delete(e.state[typ], name)
	}
	e.dropSecrets()
	if e.seen != nil {
		e.seen(e, m)
	}
	e.stream.Ack(m)
	if typ == resourcev3.ListenerType {
		e.askForSecrets()
	}
}

// Answer accepts the oldest message that waits, or refuses it for a reason. It reports
// whether one was waiting.
func (e *Envoy) Answer(refuse string) bool {
	return e.AnswerWith(func(*Message) string { return refuse })
}

// AnswerWith is Answer with a reason that depends on the message.
func (e *Envoy) AnswerWith(refuse func(*Message) string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		return false
	}
	m := e.waiting[0]
	e.waiting = e.waiting[1:]
	e.answer(m, Verdict{Refuse: refuse(m)})
	return true
}

// Names are the resources of a type that Envoy has, sorted, once everything is quiet.
func (e *Envoy) Names(typ string) []string {
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.state[typ]))
}

// Resource returns a resource that Envoy has; nil: it has not. It may be called in judge
// and seen, and when everything is quiet.
func (e *Envoy) Resource(typ, name string) *discoveryv3.Resource { return e.state[typ][name] }

// Offered reports whether a resource came in a message that was refused. Of clusters, a real Envoy
// takes those that it can use. It may be called in judge and seen.
func (e *Envoy) Offered(name string) bool { return e.offered[name] }

// Received returns what has come since, in Summary's form, once nothing more is coming.
func (e *Envoy) Received() string {
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	out := strings.Join(e.log, "; ")
	e.log = nil
	return out
}

// Summary says what a message brings: "Cluster +a +b -c".
func Summary(m *Message) string {
	typ := m.GetTypeUrl()
	var b strings.Builder
	b.WriteString(typ[strings.LastIndex(typ, ".")+1:])
	for _, r := range m.GetResources() {
		fmt.Fprint(&b, " +", r.GetName())
	}
	for _, name := range m.GetRemovedResources() {
		fmt.Fprint(&b, " -", name)
	}
	return b.String()
}

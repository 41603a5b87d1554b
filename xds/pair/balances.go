package pair

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/headgate/headgate/policy/pairpb"
)

// Balances are what pairs say of what is left to a key.
type Balances struct {
	Pairs []PairBalances // those that answered, by the names of their nodes
	Asked int            // how many pairs were asked: those that are linked here
}

// PairBalances are what one pair says.
type PairBalances struct {
	Node string
	*pairpb.Balances
}

// inquiries are questions that pairs are asked. They are safe for concurrent use.
type inquiries struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]chan PairBalances
}

// begin begins a question to a number of pairs.
func (i *inquiries) begin(pairs int) (number uint64, answers chan PairBalances) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last++
	answers = make(chan PairBalances, pairs)
	if i.open == nil {
		i.open = map[uint64]chan PairBalances{}
	}
	i.open[i.last] = answers
	return i.last, answers
}

func (i *inquiries) end(number uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.open, number)
}

// answer takes in what a pair says. What was not asked, or comes too late, is left alone.
func (i *inquiries) answer(node string, b *pairpb.Balances) {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case i.open[b.GetNumber()] <- PairBalances{node, b}:
	default:
	}
}

// Balances asks the pairs that are linked here what is left to a key, by its id, and returns what
// they have said once all have, or ctx is done.
func (s *Server) Balances(ctx context.Context, key string) Balances {
	members := s.askable()
	number, answers := s.inquiries.begin(len(members))
	defer s.inquiries.end(number)
	question := &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Ask{Ask: &pairpb.AskBalances{Number: number, Key: key}}}
	for _, m := range members {
		select {
		case m.questions <- question:
		default: // it does not read
		}
	}
	all := Balances{Asked: len(members), Pairs: gather(ctx, answers, len(members))}
	slices.SortFunc(all.Pairs, func(a, b PairBalances) int { return strings.Compare(a.Node, b.Node) })
	return all
}

func gather(ctx context.Context, answers chan PairBalances, n int) (all []PairBalances) {
	for range n {
		select {
		case one := <-answers:
			all = append(all, one)
		case <-ctx.Done():
			return all
		}
	}
	return all
}

// askable are the pairs that answer questions.
func (f *fleet) askable() (all []*member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for m := range f.members {
		if m.questions != nil {
			all = append(all, m)
		}
	}
	return all
}

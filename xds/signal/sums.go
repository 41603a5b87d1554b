package signal

import (
	"cmp"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"

	"github.com/headgate/headgate/policy/pairpb"
)

// ExchangesOf says which exchanges are alike.
type ExchangesOf struct {
	Region  string // of the pair
	Model   string // the policy's; empty: none was found
	Backend string // that answered; empty: none
	Outcome string // a closed set, as is By
	By      string // who failed; empty: nobody
}

// Exchanges are sums over exchanges.
type Exchanges struct {
	Count                     int64
	InputTokens, OutputTokens int64
	CostNanoUSD               int64
	Unpriced                  int64              // exchanges of which not all has a price
	Duration, FirstToken      *ddsketch.DDSketch // in seconds
}

// NewExchanges returns the sums of none.
func NewExchanges() *Exchanges { return &Exchanges{Duration: newSketch(), FirstToken: newSketch()} }

// Merge adds other sums.
func (e *Exchanges) Merge(other *Exchanges) {
	e.Count += other.Count
	e.InputTokens += other.InputTokens
	e.OutputTokens += other.OutputTokens
	e.CostNanoUSD += other.CostNanoUSD
	e.Unpriced += other.Unpriced
	_ = e.Duration.MergeWith(other.Duration) // of one accuracy
	_ = e.FirstToken.MergeWith(other.FirstToken)
}

func (e *Exchanges) take(m *pairpb.Exchanges) error {
	e.Merge(&Exchanges{
		Count: m.GetCount(), InputTokens: m.GetInputTokens(), OutputTokens: m.GetOutputTokens(),
		CostNanoUSD: m.GetCostNanoUsd(), Unpriced: m.GetUnpriced(), Duration: newSketch(), FirstToken: newSketch(),
	})
	return cmp.Or(merge(e.Duration, m.GetDuration()), merge(e.FirstToken, m.GetFirstToken()))
}

// TriesOf says which attempts are alike.
type TriesOf struct {
	Region  string // of the pair
	Model   string // the policy's
	Backend string
	Served  string // the model's name at the backend
}

// Tries are sums over attempts of chains.
type Tries struct {
	Answered, Failed int64
	Limited          int64              // refused because of a limit or an overload: neither of both
	Latency          *ddsketch.DDSketch // of those that answered, until the first token, in seconds
}

// NewTries returns the sums of none.
func NewTries() *Tries { return &Tries{Latency: newSketch()} }

// Merge adds other sums.
func (t *Tries) Merge(other *Tries) {
	t.Answered += other.Answered
	t.Failed += other.Failed
	t.Limited += other.Limited
	_ = t.Latency.MergeWith(other.Latency) // of one accuracy
}

func (t *Tries) take(m *pairpb.Tries) error {
	t.Merge(&Tries{Answered: m.GetAnswered(), Failed: m.GetFailed(), Limited: m.GetLimited(), Latency: newSketch()})
	return merge(t.Latency, m.GetLatency())
}

// Median is the latency that half of the attempts that answered had; 0: none did.
func (t *Tries) Median() time.Duration {
	seconds, err := t.Latency.GetValueAtQuantile(0.5)
	if err != nil {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

package record

import (
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/price"
)

// Row is the access record of one exchange: one JSON line. It carries no prompt,
// no completion and no credential.
type Row struct {
	Time      time.Time `json:"time"` // when the exchange began
	Exchange  string    `json:"exchange"`
	Revision  string    `json:"revision"`
	Dialect   string    `json:"dialect"`
	Operation string    `json:"operation,omitempty"`
	Model     string    `json:"model,omitempty"` // as the client asked for it
	Route     string    `json:"route,omitempty"`
	Stream    bool      `json:"stream"`
	User      string    `json:"user,omitempty"`

	Backend  string    `json:"backend,omitempty"`
	Provider string    `json:"provider,omitempty"`
	Served   string    `json:"served,omitempty"`      // model that answered
	Response string    `json:"response_id,omitempty"` // the provider's
	Attempts int       `json:"attempts"`
	Tried    []Attempt `json:"tried,omitempty"`
	Dropped  []string  `json:"dropped,omitempty"` // request fields that the answering backend did not get

	Status  int    `json:"status"`
	Outcome string `json:"outcome"`
	By      string `json:"by,omitempty"`
	Reason  string `json:"reason,omitempty"` // of a denial
	Detail  string `json:"detail,omitempty"`

	Tokens      *Tokens `json:"tokens,omitempty"`
	Searches    int64   `json:"searches,omitempty"` // of the web, charged beside the tokens
	Tier        string  `json:"service_tier,omitempty"`
	UsageSource string  `json:"usage_source,omitempty"`
	CostNano    *int64  `json:"cost_nano_usd,omitempty"` // absent: no price is known, or nothing was consumed
	CostUSD     string  `json:"cost_usd,omitempty"`
	Price       string  `json:"price,omitempty"`
	Unpriced    bool    `json:"unpriced,omitempty"`

	DurationMS   float64  `json:"duration_ms"`
	FirstTokenMS *float64 `json:"ttft_ms,omitempty"`
	RequestBytes int      `json:"request_bytes"`
}

// Attempt is one try in a Row.
type Attempt struct {
	Backend    string  `json:"backend"`
	Model      string  `json:"model"`
	Status     int     `json:"status,omitempty"` // absent: no answer came
	Failed     bool    `json:"failed,omitempty"`
	RetryAfter float64 `json:"retry_after_s,omitempty"`
	MS         float64 `json:"ms"`
}

// Tokens are the disjoint buckets of a usage.
type Tokens struct {
	Input        int64 `json:"input"`
	CacheRead    int64 `json:"cache_read,omitempty"`
	CacheWrite5m int64 `json:"cache_write_5m,omitempty"`
	CacheWrite1h int64 `json:"cache_write_1h,omitempty"`
	AudioInput   int64 `json:"audio_input,omitempty"`
	Output       int64 `json:"output"`
	Reasoning    int64 `json:"reasoning,omitempty"`
	AudioOutput  int64 `json:"audio_output,omitempty"`
}

// mostDropped bounds the list of fields that were left out.
const mostDropped = 256

func clipped(names []string) []string {
	names = slices.Clone(names[:min(len(names), mostDropped)])
	for i := range names {
		names[i] = exchange.Clip(names[i], exchange.MaxText)
	}
	return names
}

// rowOf copies what an exchange was, because the exchange's memory is used again.
func rowOf(ex *exchange.Exchange) *Row {
	r := &Row{
		Time:         ex.Started,
		Exchange:     ex.ID,
		Revision:     ex.Revision,
		Dialect:      ex.Dialect,
		Operation:    string(ex.Request.Operation),
		Model:        exchange.Clip(ex.Request.Model, exchange.MaxText),
		Route:        ex.Route.Model,
		Stream:       ex.Response.Stream,
		User:         exchange.Clip(ex.Request.User, exchange.MaxText),
		Backend:      ex.Route.Backend,
		Provider:     ex.Route.Provider,
		Served:       exchange.Clip(ex.Response.Model, exchange.MaxText),
		Response:     exchange.Clip(ex.Response.ID, exchange.MaxText),
		Attempts:     ex.Response.Attempts,
		Status:       ex.Response.Status,
		DurationMS:   millis(ex.Ended.Sub(ex.Started)),
		RequestBytes: len(ex.Request.Body),
		Dropped:      clipped(ex.Dropped),
	}
	for _, v := range []*exchange.Verdict{&ex.Refused, &ex.Replaced} {
		if v.Action != exchange.Pass {
			r.Status, r.Reason = v.Status, string(v.Reason)
		}
	}
	if r.Served == "" && ex.Usage.Source != "" {
		r.Served = ex.Route.Serves
	}
	if !ex.FirstToken.IsZero() {
		ms := millis(ex.FirstToken.Sub(ex.Started))
		r.FirstTokenMS = &ms
	}
	for _, a := range ex.Attempts.List() {
		r.Tried = append(r.Tried, attemptOf(&a))
	}
	for i := range len(r.Tried) - 1 { // what was tried again has failed, be it behind a good status
		r.Tried[i].Failed = true
	}
	r.Attempts = max(r.Attempts, len(r.Tried))
	r.addUsage(ex)
	return r
}

func attemptOf(a *exchange.Attempt) Attempt {
	return Attempt{
		Backend: a.Backend, Model: a.Model, Status: a.Status, Failed: a.Failed(),
		RetryAfter: a.RetryAfter.Seconds(), MS: millis(a.Ended.Sub(a.Started)),
	}
}

func (r *Row) addUsage(ex *exchange.Exchange) {
	u := &ex.Usage
	if u.Source == "" {
		return
	}
	r.UsageSource, r.Searches, r.Tier = string(u.Source), u.Searches, exchange.Clip(u.Tier, exchange.MaxText)
	r.Tokens = &Tokens{u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.AudioInput, u.Output, u.Reasoning, u.AudioOutput}
	if !ex.Cost.Priced {
		r.Unpriced = true
		return
	}
	nano := ex.Cost.Nano
	r.CostNano, r.CostUSD, r.Price = &nano, price.FormatNano(nano), ex.Cost.PriceID
}

func millis(d time.Duration) float64 {
	return float64(max(d, 0).Microseconds()) / 1000
}

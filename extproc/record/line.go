package record

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/policy/price"
)

// Line is a row as the access log holds it: one JSON object. policypb.Row says what the
// fields mean.
type Line struct {
	Time      time.Time `json:"time"` // when the exchange began, in the zone of this machine
	Exchange  string    `json:"exchange"`
	Revision  string    `json:"revision"`
	Dialect   string    `json:"dialect"`
	Operation string    `json:"operation,omitempty"`
	Method    string    `json:"method,omitempty"`
	Path      string    `json:"path,omitempty"`
	Model     string    `json:"model,omitempty"`
	Route     string    `json:"route,omitempty"`
	Stream    bool      `json:"stream"`
	Folded    bool      `json:"folded,omitempty"` // the backend streamed, and the client got one answer
	Caller    string    `json:"caller,omitempty"`
	Tier      string    `json:"tier,omitempty"`
	User      string    `json:"user,omitempty"`
	Team      string    `json:"team,omitempty"`
	Feature   string    `json:"feature,omitempty"`
	Session   string    `json:"session,omitempty"`
	Tags      []string  `json:"tags,omitempty"`
	Parent    string    `json:"parent,omitempty"` // the exchange for which the gateway made this call of its own

	RequestIDs  []string `json:"request_ids,omitempty"` // the client's, or a hop's
	Traceparent string   `json:"traceparent,omitempty"`
	UserAgent   string   `json:"user_agent,omitempty"`
	Address     string   `json:"client_address,omitempty"`

	Backend  string    `json:"backend,omitempty"`
	Provider string    `json:"provider,omitempty"`
	Served   string    `json:"served,omitempty"`
	Response string    `json:"response_id,omitempty"`
	Request  string    `json:"provider_request_id,omitempty"` // the provider's id of it
	Attempts int       `json:"attempts"`
	Tried    []Attempt `json:"tried,omitempty"`
	Dropped  []string  `json:"dropped,omitempty"`

	Status  int            `json:"status"`
	Outcome string         `json:"outcome"`
	By      string         `json:"by,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Limit   string         `json:"limited_by,omitempty"`    // the limit that refused
	Retry   float64        `json:"retry_after_s,omitempty"` // after which the client was asked to try again
	Finish  string         `json:"finish,omitempty"`        // the provider's own word
	Error   *ProviderError `json:"provider_error,omitempty"`

	Tokens      *Tokens `json:"tokens,omitempty"`
	Searches    int64   `json:"searches,omitempty"`
	ServiceTier string  `json:"service_tier,omitempty"`
	UsageSource string  `json:"usage_source,omitempty"`
	CostNano    *int64  `json:"cost_nano_usd,omitempty"`
	CostUSD     string  `json:"cost_usd,omitempty"` // the same as a decimal number
	Price       string  `json:"price,omitempty"`
	Unpriced    bool    `json:"unpriced,omitempty"`
	ByProvider  *int64  `json:"provider_cost_nano_usd,omitempty"` // what the provider says that it charges

	LeftRequests *int64 `json:"left_requests,omitempty"` // of the caller's tightest quota, and so on
	LeftTokens   *int64 `json:"left_tokens,omitempty"`
	LeftNano     *int64 `json:"left_nano_usd,omitempty"`

	Guards []Guard `json:"guards,omitempty"`
	Cache  *Cache  `json:"cache,omitempty"`

	DurationMS   float64  `json:"duration_ms"`
	FirstTokenMS *float64 `json:"ttft_ms,omitempty"`
	RequestBytes int      `json:"request_bytes"`
}

// ProviderError is what a provider said of a failure, in a Line.
type ProviderError struct {
	Status  int    `json:"status"`
	Type    string `json:"type,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Attempt is one try in a Line.
type Attempt struct {
	Backend    string  `json:"backend"`
	Model      string  `json:"model"`
	Status     int     `json:"status,omitempty"` // absent: no answer came
	Failed     bool    `json:"failed,omitempty"`
	Fault      string  `json:"fault,omitempty"`
	RetryAfter float64 `json:"retry_after_s,omitempty"`
	MS         float64 `json:"ms"` // to the headers of its answer

	FirstTokenMS *float64 `json:"ttft_ms,omitempty"`
	TotalMS      float64  `json:"total_ms,omitempty"`
	Single       bool     `json:"single,omitempty"` // of a pool of one backend: the last of its tries

	Request string         `json:"provider_request_id,omitempty"`
	Error   *ProviderError `json:"provider_error,omitempty"`

	Tokens      *Tokens `json:"tokens,omitempty"` // that were consumed although the answer was not the client's
	UsageSource string  `json:"usage_source,omitempty"`
	CostNano    *int64  `json:"cost_nano_usd,omitempty"`
	Price       string  `json:"price,omitempty"`
	Unpriced    bool    `json:"unpriced,omitempty"`
}

// Tokens are the disjoint buckets of a usage in a Line.
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

// lineEncoder writes rows as lines, one after the other. It uses its memory again and
// is not for concurrent use.
type lineEncoder struct {
	bytes.Buffer // the lines so far
	json         *json.Encoder

	// What is being written.
	line   Line
	tried  []Attempt
	tokens Tokens
	first  float64
}

func newLineEncoder() *lineEncoder {
	e := &lineEncoder{}
	e.json = json.NewEncoder(&e.Buffer)
	return e
}

// add writes one row. Nothing that a Line holds can fail to be written.
func (e *lineEncoder) add(r *policypb.Row) {
	e.line = Line{
		Time: time.Unix(0, r.BeganUnixNanos), Exchange: r.Exchange, Revision: r.Revision,
		Dialect: r.Dialect, Operation: r.Operation, Method: r.Method, Path: r.Path, Model: r.Model, Route: r.Route, Stream: r.Stream, Folded: r.Folded,
		Caller: r.Caller, Tier: r.Tier, User: r.User, Team: r.Team, Feature: r.Feature, Session: r.Session, Tags: r.Tags, Parent: r.Parent,
		RequestIDs: r.RequestIds, Traceparent: r.Traceparent, UserAgent: r.UserAgent, Address: r.ClientAddress,
		Backend: r.Backend, Provider: r.Provider, Served: r.Served, Response: r.ResponseId,
		Attempts: int(r.Attempts), Tried: e.attempts(r.Tried), Dropped: r.Dropped,
		Request: r.ProviderRequest, Finish: r.Finish, Error: errorIn(r.Error),
		Status: int(r.Status), Outcome: r.Outcome, By: r.By, Reason: r.Reason, Detail: r.Detail, Limit: r.LimitedBy, Retry: time.Duration(r.RetryAfterNanos).Seconds(),
		Tokens: e.answered(r.Tokens), Searches: r.Searches, ServiceTier: r.ServiceTier, UsageSource: r.UsageSource,
		CostNano: r.CostNanoUsd, Price: r.Price, Unpriced: r.Unpriced, ByProvider: r.ProviderCostNanoUsd,
		LeftRequests: r.LeftRequests, LeftTokens: r.LeftTokens, LeftNano: r.LeftNanoUsd,
		Guards: guardsIn(r.Guards), Cache: cacheIn(r.Cache),
		DurationMS: millis(r.DurationNanos), RequestBytes: int(r.RequestBytes),
	}
	if r.CostNanoUsd != nil {
		e.line.CostUSD = price.FormatNano(*r.CostNanoUsd)
	}
	if r.FirstTokenNanos != nil {
		e.first = millis(*r.FirstTokenNanos)
		e.line.FirstTokenMS = &e.first
	}
	_ = e.json.Encode(&e.line)
}

func (e *lineEncoder) attempts(tried []*policypb.Attempt) []Attempt {
	e.tried = e.tried[:0]
	for _, a := range tried {
		e.tried = append(e.tried, Attempt{
			Backend: a.Backend, Model: a.Model, Status: int(a.Status), Failed: a.Failed, Fault: a.Fault,
			RetryAfter: time.Duration(a.RetryAfterNanos).Seconds(), MS: millis(a.DurationNanos),
			FirstTokenMS: millisOf(a.FirstTokenNanos), TotalMS: millis(a.TotalNanos), Single: a.Single,
			Request: a.ProviderRequest, Error: errorIn(a.Error),
			Tokens: spent(a.Tokens), UsageSource: a.UsageSource, CostNano: a.CostNanoUsd, Price: a.Price, Unpriced: a.Unpriced,
		})
	}
	return e.tried
}

// errorIn is what a provider said of a failure.
func errorIn(e *policypb.ProviderError) *ProviderError {
	if e == nil {
		return nil
	}
	return &ProviderError{Status: int(e.Status), Type: e.Type, Code: e.Code, Message: e.Message}
}

// answered are the tokens of an answer.
func (e *lineEncoder) answered(t *policypb.Tokens) *Tokens {
	if t == nil {
		return nil
	}
	e.tokens = tokensIn(t)
	return &e.tokens
}

// spent are the tokens of an attempt, which are rare.
func spent(t *policypb.Tokens) *Tokens {
	if t == nil {
		return nil
	}
	return new(tokensIn(t))
}

func tokensIn(t *policypb.Tokens) Tokens {
	return Tokens{
		Input: t.Input, CacheRead: t.CacheRead, CacheWrite5m: t.CacheWrite_5M, CacheWrite1h: t.CacheWrite_1H,
		AudioInput: t.AudioInput, Output: t.Output, Reasoning: t.Reasoning, AudioOutput: t.AudioOutput,
	}
}

// millis are whole microseconds, written in milliseconds.
func millis(nanos int64) float64 { return float64(nanos/1000) / 1000 }

// millisOf is the same of a time that may be absent.
func millisOf(nanos *int64) *float64 {
	if nanos == nil {
		return nil
	}
	return new(millis(*nanos))
}

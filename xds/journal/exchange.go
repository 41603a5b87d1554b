package journal

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/policypb"
)

// Exchange is an exchange as the journal has it. policypb.Row says what the fields mean.
type Exchange struct {
	Time      time.Time `json:"time"` // when it began
	Exchange  string    `json:"exchange"`
	OpenedAs  string    `json:"opened_as,omitempty"` // its id while it was under way, if that was another
	Revision  string    `json:"revision"`
	Dialect   string    `json:"dialect"`
	Operation string    `json:"operation,omitempty"`
	Asked     string    `json:"asked,omitempty"` // the model as the client wrote it
	Model     string    `json:"model,omitempty"` // the policy's
	Caller    string    `json:"caller,omitempty"`
	Tier      string    `json:"tier,omitempty"`
	User      string    `json:"user,omitempty"`
	Team      string    `json:"team,omitempty"`
	Feature   string    `json:"feature,omitempty"`
	Session   string    `json:"session,omitempty"`
	Tags      []string  `json:"tags,omitempty"`
	Parent    string    `json:"parent,omitempty"` // the exchange for which the gateway made this call of its own

	Method      string   `json:"method,omitempty"`
	Path        string   `json:"path,omitempty"`
	RequestIDs  []string `json:"request_ids,omitempty"` // the client's, or a hop's
	Traceparent string   `json:"traceparent,omitempty"`
	UserAgent   string   `json:"user_agent,omitempty"`
	Address     string   `json:"client_address,omitempty"`

	Provider string   `json:"provider,omitempty"`
	Backend  string   `json:"backend,omitempty"`
	Served   string   `json:"served,omitempty"`
	Response string   `json:"response_id,omitempty"`
	Request  string   `json:"provider_request_id,omitempty"` // the provider's id of it
	Attempts int      `json:"attempts"`
	Dropped  []string `json:"dropped,omitempty"`
	Stream   bool     `json:"stream"`

	Status   int    `json:"status"`
	Outcome  string `json:"outcome"`
	FailedBy string `json:"failed_by,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Limit    string `json:"limited_by,omitempty"` // the limit that refused
	Finish   string `json:"finish,omitempty"`     // why the answer ended, in the provider's own word

	RetryAfterMS float64 `json:"retry_after_ms,omitempty"` // after which the client was asked to try again

	Error *ProviderError `json:"provider_error,omitempty"` // nil: the provider said nothing of a failure

	RequestBytes int64    `json:"request_bytes"`
	DurationMS   float64  `json:"duration_ms"`
	FirstTokenMS *float64 `json:"ttft_ms,omitempty"`

	Tokens      Tokens `json:"tokens"` // of the answer
	Searches    int64  `json:"searches,omitempty"`
	ServiceTier string `json:"service_tier,omitempty"`
	UsageSource string `json:"usage_source,omitempty"`
	Nano        *int64 `json:"cost_nano_usd,omitempty"` // of the answer
	TotalNano   int64  `json:"total_nano_usd"`          // with the attempts whose answers were not the client's
	Price       string `json:"price,omitempty"`
	Unpriced    bool   `json:"unpriced,omitempty"`  // the answer, or an attempt
	Estimated   bool   `json:"estimated,omitempty"` // what the answer, or an attempt, consumed

	Tried  []Try   `json:"tried,omitempty"`
	Stages []Stage `json:"stages,omitempty"`
	Guards []Guard `json:"guards,omitempty"`
	Cache  *Cache  `json:"cache,omitempty"` // nil: it had nothing to do with the cache

	place cursor
}

// ProviderError is what a provider said of a failure, bounded and without what may be secret.
type ProviderError struct {
	Status  int    `json:"status"`
	Type    string `json:"type,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Try is one attempt of an exchange.
type Try struct {
	Backend      string  `json:"backend"`
	Provider     string  `json:"provider,omitempty"`
	Model        string  `json:"model"`            // at the backend
	Status       int     `json:"status,omitempty"` // absent: no answer came
	Failed       bool    `json:"failed,omitempty"`
	Fault        string  `json:"fault,omitempty"`
	RetryAfterMS float64 `json:"retry_after_ms,omitempty"`
	BeganMS      float64 `json:"began_ms"`    // since the exchange began
	DurationMS   float64 `json:"duration_ms"` // to the headers of its answer

	FirstTokenMS *float64 `json:"ttft_ms,omitempty"`
	TotalMS      float64  `json:"total_ms,omitempty"`
	Single       bool     `json:"single,omitempty"` // of a pool of one backend: the last of its tries

	Request string         `json:"provider_request_id,omitempty"` // the provider's id of it
	Error   *ProviderError `json:"provider_error,omitempty"`

	Tokens      *Tokens `json:"tokens,omitempty"` // that were consumed although the answer was not the client's
	UsageSource string  `json:"usage_source,omitempty"`
	Nano        *int64  `json:"cost_nano_usd,omitempty"`
	Unpriced    bool    `json:"unpriced,omitempty"`
}

// Stage is how long a stage of the gateway took in one phase.
type Stage struct {
	Name       string  `json:"stage"`
	Phase      string  `json:"phase"`
	BeganMS    float64 `json:"began_ms"` // since the exchange began
	DurationMS float64 `json:"duration_ms"`
}

// read are the columns of an Exchange, in the order in which scanExchange reads them.
var read = strings.Join([]string{"seq", "began", "exchange", "opened_as", "attempt", "revision", "dialect", "operation", "asked", "model",
	"caller", "tier", "username", "team", "feature", "session", "tags", "parent", "provider", "backend", "served", "response", "provider_request", "attempts", "dropped", "stream",
	"status", "outcome", "failed_by", "reason", "detail", "finish", "error", "request_bytes", "duration", "first_token",
	"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "output", "reasoning", "audio_output",
	"searches", "service_tier", "usage_source", "cost", "price", "unpriced", "tried", "stages", "guards", "cache",
	"method", "path", "request_ids", "traceparent", "user_agent", "client_address", "limited_by", "retry_after"}, ", ")

// scanExchange reads a row of what read names.
func scanExchange(rows *sql.Rows) (*Exchange, error) {
	e := &Exchange{}
	k, t := &e.place, &e.Tokens
	var duration int64
	var first sql.Null[int64]
	var stream, unpriced int
	var retryAfter int64
	var ids, tags, dropped, tried, stages, guards, cache, failure string
	if err := rows.Scan(&k.Seq, &k.Began, &e.Exchange, &e.OpenedAs, &k.Attempt, &e.Revision, &e.Dialect, &e.Operation, &e.Asked, &e.Model,
		&e.Caller, &e.Tier, &e.User, &e.Team, &e.Feature, &e.Session, &tags, &e.Parent, &e.Provider, &e.Backend, &e.Served, &e.Response, &e.Request, &e.Attempts, &dropped, &stream,
		&e.Status, &e.Outcome, &e.FailedBy, &e.Reason, &e.Detail, &e.Finish, &failure, &e.RequestBytes, &duration, &first,
		&t.Input, &t.CacheRead, &t.CacheWrite5m, &t.CacheWrite1h, &t.AudioInput, &t.Output, &t.Reasoning, &t.AudioOutput,
		&e.Searches, &e.ServiceTier, &e.UsageSource, &e.Nano, &e.Price, &unpriced, &tried, &stages, &guards, &cache,
		&e.Method, &e.Path, &ids, &e.Traceparent, &e.UserAgent, &e.Address, &e.Limit, &retryAfter); err != nil {
		return nil, err
	}
	k.Exchange = e.Exchange
	e.Time, e.DurationMS = time.Unix(0, k.Began).UTC(), millis(duration)
	e.Stream, e.Unpriced, e.Estimated = stream != 0, unpriced != 0, e.UsageSource == estimated
	e.Tags, e.Dropped, e.RequestIDs = list(tags), list(dropped), list(strings.Trim(ids, ","))
	e.RetryAfterMS = millis(retryAfter)
	if first.Valid {
		e.FirstTokenMS = new(millis(first.V))
	}
	if e.Nano != nil {
		e.TotalNano = *e.Nano
	}
	return e, cmp.Or(e.addError(failure), e.addTries(tried), e.addStages(stages), e.addGuards(guards), e.addCache(cache))
}

// addError adds what the provider said of a failure.
func (e *Exchange) addError(text string) error {
	if text == "" {
		return nil
	}
	said := &policypb.ProviderError{}
	if err := json.Unmarshal([]byte(text), said); err != nil {
		return fmt.Errorf("the provider's error of %s: %w", e.Exchange, err)
	}
	e.Error = errorOf(said)
	return nil
}

func errorOf(e *policypb.ProviderError) *ProviderError {
	if e == nil {
		return nil
	}
	return &ProviderError{int(e.Status), e.Type, e.Code, e.Message}
}

// addTries adds the attempts, and what they cost.
func (e *Exchange) addTries(text string) error {
	var all []*policypb.Attempt
	if err := fromJSON(text, &all); err != nil {
		return fmt.Errorf("attempts of %s: %w", e.Exchange, err)
	}
	for _, a := range all {
		try := Try{Backend: a.Backend, Provider: a.Provider, Model: a.Model, Status: int(a.Status), Failed: a.Failed, Fault: a.Fault,
			RetryAfterMS: millis(a.RetryAfterNanos), BeganMS: millis(a.BeganNanos), DurationMS: millis(a.DurationNanos),
			TotalMS: millis(a.TotalNanos), Single: a.Single, Request: a.ProviderRequest, Error: errorOf(a.Error),
			UsageSource: a.UsageSource, Nano: a.CostNanoUsd, Unpriced: a.Unpriced}
		if a.FirstTokenNanos != nil {
			try.FirstTokenMS = new(millis(*a.FirstTokenNanos))
		}
		if t := a.Tokens; t != nil {
			try.Tokens = &Tokens{t.Input, t.CacheRead, t.CacheWrite_5M, t.CacheWrite_1H, t.AudioInput, t.Output, t.Reasoning, t.AudioOutput}
			e.TotalNano += a.GetCostNanoUsd()
			e.Unpriced, e.Estimated = e.Unpriced || a.Unpriced, e.Estimated || a.UsageSource == estimated
		}
		e.Tried = append(e.Tried, try)
	}
	return nil
}

func (e *Exchange) addStages(text string) error {
	var all []*policypb.StageTime
	if err := fromJSON(text, &all); err != nil {
		return fmt.Errorf("stages of %s: %w", e.Exchange, err)
	}
	for _, s := range all {
		e.Stages = append(e.Stages, Stage{s.Stage, s.Phase, millis(s.BeganNanos), millis(s.DurationNanos)})
	}
	return nil
}

// fromJSON reads what asJSON wrote.
func fromJSON[T any](text string, into *[]T) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// millis are whole microseconds, written in milliseconds.
func millis(nanos int64) float64 { return float64(nanos/1000) / 1000 }

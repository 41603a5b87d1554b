package extproc

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/extproc/record"
)

// The recordings are judged by a reading of their own: the provider's numbers as
// encoding/json sees them, and the price file as text.

func TestRecordedExchangesAreCountedAndPricedExactly(t *testing.T) {
	for prefix, provider := range map[string]string{
		"openai-": "openai", "azure-": "openai", "deepseek-": "deepseek", "mistral-": "mistral",
		"ollama-": "openai-compatible", "openrouter-": "openrouter", "anthropic-": "anthropic",
	} {
		for _, ex := range recorded.Exchanges(t, prefix) {
			path := ""
			switch {
			case strings.HasSuffix(ex.URL, "/embeddings"):
				path = "/v1/embeddings"
			case strings.Contains(ex.URL, "/chat/completions"):
				path = "/v1/chat/completions"
			case strings.Contains(ex.URL, "count_tokens"):
				path = "/v1/messages/count_tokens"
			case strings.Contains(ex.URL, "/v1/messages"):
				path = "/v1/messages"
			default:
				continue // another operation
			}
			t.Run(ex.Name, func(t *testing.T) {
				row := playRecording(t, provider, path, ex)
				checkRecording(t, provider, path, ex, row)
			})
		}
	}
}

// playRecording serves a recorded exchange and returns its row.
func playRecording(t *testing.T, provider, path string, ex recorded.Exchange) record.Line {
	var asked struct{ Model string }
	if err := json.Unmarshal(ex.Request, &asked); err != nil {
		t.Fatal(err)
	}
	if asked.Model == "" {
		asked.Model = "gpt-5-nano" // Azure names the model in its path
		ex.Request = append([]byte(`{"model":"gpt-5-nano",`), ex.Request[1:]...)
	}
	key := "ANTHROPIC_API_KEY"
	url := ""
	if provider == "openai-compatible" {
		url = `url: "http://127.0.0.1:11434/v1", `
	}
	r := newRig(t, fmt.Sprintf("version: 1\nunpriced: flag\nbackends: {b: {provider: %s, %scredential: {env: %s}}}\nmodels: {%q: %q}\n", provider, url, key, asked.Model, "b/"+asked.Model))
	s := r.Open("router")
	s.RequestHeaders(Post(path), false)
	if reply := s.RequestBody(string(ex.Request)); reply.Immediate() != nil {
		t.Fatalf("refused: %s", reply.Immediate().Body)
	}
	contentType := "application/json"
	if ex.Stream {
		contentType = "text/event-stream"
	}
	s.ResponseHeaders(Answered(fmt.Sprint(ex.Status), contentType), false)
	if ex.Stream {
		play(s, pieces(string(ex.Response), 333), true)
	} else {
		s.ResponseBody(string(ex.Response), true)
	}
	s.Cancel()
	return r.row()
}

// reported is a usage object as its provider wrote it.
type reported struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	PromptDetails    struct {
		Cached int64 `json:"cached_tokens"`
		Audio  int64 `json:"audio_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		Reasoning int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
	Input   int64 `json:"input_tokens"`
	Output  int64 `json:"output_tokens"`
	Read    int64 `json:"cache_read_input_tokens"`
	Created int64 `json:"cache_creation_input_tokens"`
}

func (u *reported) tokens() record.Tokens {
	if u.Input+u.Output+u.Read+u.Created > 0 {
		return record.Tokens{Input: u.Input, CacheRead: u.Read, CacheWrite5m: u.Created, Output: u.Output}
	}
	reasoning := min(u.CompletionDetails.Reasoning, u.CompletionTokens)
	return record.Tokens{
		Input: u.PromptTokens - u.PromptDetails.Cached - u.PromptDetails.Audio, CacheRead: u.PromptDetails.Cached,
		AudioInput: u.PromptDetails.Audio, Output: u.CompletionTokens - reasoning, Reasoning: reasoning,
	}
}

var usageObject = regexp.MustCompile(`"usage":\s*(\{)`)

// lastUsage finds the last usage object of an answer, JSON or stream.
func lastUsage(text string) (u reported, model string, found bool) {
	for _, at := range usageObject.FindAllStringSubmatchIndex(text, -1) {
		dec := json.NewDecoder(strings.NewReader(text[at[2]:]))
		if dec.Decode(&u) == nil {
			found = true
		}
	}
	if m := regexp.MustCompile(`"model":\s*"([^"]+)"`).FindStringSubmatch(text); m != nil {
		model = m[1]
	}
	return u, model, found
}

func checkRecording(t *testing.T, provider, path string, ex recorded.Exchange, row record.Line) {
	want, model, found := lastUsage(string(ex.Response))
	if ex.Status != 200 || strings.HasSuffix(path, "count_tokens") {
		if row.Tokens != nil || row.CostNano != nil {
			t.Errorf("nothing was consumed, but the row says %+v", row)
		}
		return
	}
	if !found {
		if row.UsageSource != "estimated" || row.Tokens.Output == 0 {
			t.Errorf("without a report usage is estimated: %+v", row)
		}
		return
	}
	if row.UsageSource != "provider" || *row.Tokens != want.tokens() {
		t.Errorf("tokens %+v (%s), want %+v", *row.Tokens, row.UsageSource, want.tokens())
	}
	if row.Served != model {
		t.Errorf("served %q, want %q", row.Served, model)
	}
	nano, priced := independentCost(t, provider, model, want.tokens())
	if own := ownCost(string(ex.Response)); !priced && own != nil {
		nano, priced = nanoOf(own, big.NewRat(1e9, 1)), true
		if row.Price != "provider" {
			t.Errorf("%s has no price but the provider's own: %q", model, row.Price)
		}
	}
	if strings.HasSuffix(row.Price, "+peak") {
		nano *= 2
	}
	switch {
	case !priced && !row.Unpriced:
		t.Errorf("%s has no price, but the row has %v", model, *row.CostNano)
	case priced && (row.CostNano == nil || *row.CostNano != nano):
		t.Errorf("cost %v, want %d", row.CostUSD, nano)
	}
}

// ownCost is what the provider of an answer says that it charges, in USD, or nil.
func ownCost(text string) *big.Rat {
	all := regexp.MustCompile(`"cost":\s*([0-9.eE+-]+)`).FindAllStringSubmatch(text, -1)
	if all == nil {
		return nil
	}
	own, _ := new(big.Rat).SetString(all[len(all)-1][1])
	return own
}

// nanoOf is an amount times a factor, as a whole number. None of the recordings is a tie.
func nanoOf(amount, factor *big.Rat) int64 {
	text := new(big.Rat).Mul(amount, factor).FloatString(0)
	nano, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return nano
}

// later are prices of the models of recordings, as the price file has them: those that it does not
// list, and those that have changed since. In the last column, of writes for an hour, is the price of
// sound.
var later = [][]string{
	{"mistral-large-latest", "mistral", "0.5", "1.5", "0.05", "", ""},
	{"gpt-4o-audio-preview-2025-06-03", "openai", "2.5", "10", "", "", "40"},
	{"deepseek-v4-flash", "deepseek", "0.15", "0.6", "0.003", "", ""},
}

// independentCost prices tokens by the text of the shared price file, and of later, with exact
// fractions. A dated model costs what its undated row says.
func independentCost(t *testing.T, provider, model string, k record.Tokens) (nano int64, priced bool) {
	shared := os.Getenv("HEADGATE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(shared, "data", "prices.csv"))
	if err != nil {
		t.Skipf("no price file: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	undated := regexp.MustCompile(`-\d{4}-\d{2}-\d{2}$`).ReplaceAllString(model, "")
	for _, r := range append(later, rows...) {
		if r[1] != provider || r[0] != model && r[0] != undated {
			continue
		}
		sum := new(big.Rat)
		add := func(tokens int64, cell, instead string) {
			if cell == "" {
				cell = instead
			}
			rate, _ := new(big.Rat).SetString(cell)
			sum.Add(sum, rate.Mul(rate, big.NewRat(tokens*1000, 1))) // USD per million tokens is milli-nano-USD each
		}
		add(k.Input, r[2], "")
		add(k.CacheRead, r[4], r[2])
		add(k.CacheWrite5m, r[5], r[2])
		add(k.Output+k.Reasoning, r[3], "")
		if k.AudioInput > 0 {
			add(k.AudioInput, r[6], "")
		}
		return nanoOf(sum, big.NewRat(1, 1)), true
	}
	return 0, false
}

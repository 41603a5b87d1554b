package reference

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/xds/journal"
)

const rowsPreface = `# Rows

One row per exchange, made once it has ended, in two forms: a line of the access log (` + "`access.jsonl`" + `, ` + "`--access-log`" + `), and what the journal keeps, as ` + "`headgate exchanges -o json`, `headgate trace -o json`" + ` and [the admin API](../../../xds/console/README.md) give it. A dash: that form does not have it. No row has a prompt, a completion or a credential. What is empty, 0 or not known is left out.

Keys end with their unit: ` + "`_ms`" + ` milliseconds, ` + "`_s`" + ` seconds, ` + "`_nano_usd`" + ` 1e-9 USD, ` + "`_usd`" + ` USD as a decimal number, ` + "`_bytes`" + ` bytes. ` + written

// form is what a message of row.proto looks like to who reads rows. A nil type has no such form.
type form struct {
	message   string
	line, api reflect.Type
}

// forms are those of all messages, in the order of the page.
var forms = []form{
	{"Row", reflect.TypeFor[record.Line](), reflect.TypeFor[journal.Exchange]()},
	{"Attempt", reflect.TypeFor[record.Attempt](), reflect.TypeFor[journal.Try]()},
	{"Tokens", reflect.TypeFor[record.Tokens](), reflect.TypeFor[journal.Tokens]()},
	{"ProviderError", reflect.TypeFor[record.ProviderError](), reflect.TypeFor[journal.ProviderError]()},
	{"StageTime", nil, reflect.TypeFor[journal.Stage]()},
	{"GuardVerdict", reflect.TypeFor[record.Guard](), reflect.TypeFor[journal.Guard]()},
	{"GuardType", reflect.TypeFor[record.GuardType](), reflect.TypeFor[journal.GuardType]()},
	{"GuardSpan", reflect.TypeFor[record.GuardSpan](), reflect.TypeFor[journal.GuardSpan]()},
	{"CacheUse", reflect.TypeFor[record.Cache](), reflect.TypeFor[journal.Cache]()},
}

// rowsPage lists the keys of both forms with what row.proto says of their fields.
func rowsPage(root string) (string, error) {
	proto, err := os.ReadFile(filepath.Join(root, protoFile))
	if err != nil {
		return "", err
	}
	described := map[string]message{}
	for _, m := range messages(string(proto)) {
		described[m.name] = m
	}
	var b strings.Builder
	b.WriteString(rowsPreface)
	for _, f := range forms {
		m, ok := described[f.message]
		if !ok {
			return "", fmt.Errorf("%s has no message %s", protoFile, f.message)
		}
		if err := addForm(&b, f, m); err != nil {
			return "", fmt.Errorf("%s: %w", f.message, err)
		}
	}
	return b.String(), nil
}

// addForm writes the table of a message, or one for each of its sections.
func addForm(b *strings.Builder, f form, m message) error {
	line, err := keys(f.line, m)
	if err != nil {
		return fmt.Errorf("of the access log: %w", err)
	}
	api, err := keys(f.api, m)
	if err != nil {
		return fmt.Errorf("of the journal: %w", err)
	}
	b.WriteString("\n## " + m.name + "\n")
	if m.name != "Row" {
		b.WriteString("\n" + m.what + "\n\n")
	}
	var rows [][]string
	var faults []error
	flush := func() {
		if rows != nil {
			table(b, []string{"access log", "journal", "what it is"}, rows)
		}
		rows = nil
	}
	for _, field := range m.fields {
		if field.section != "" {
			flush()
			b.WriteString(heading(field.section))
		}
		for _, name := range field.names {
			if line[name] == "" && api[name] == "" {
				continue
			}
			what := says(m.name, name, field)
			if what == "" {
				faults = append(faults, fmt.Errorf("nothing says what %s is", name))
			}
			rows = append(rows, []string{shown(line[name]), shown(api[name]), what})
		}
	}
	if m.name == "Row" {
		flush()
		b.WriteString("\n### Made of several\n\n")
	}
	for _, a := range added[m.name] {
		if line[a.key] == "" && api[a.key] == "" {
			return fmt.Errorf("no form has %s", a.key)
		}
		rows = append(rows, []string{shown(line[a.key]), shown(api[a.key]), a.what})
	}
	flush()
	return errors.Join(faults...)
}

// heading is a section's first words as a heading, and below it all of them if there are more.
func heading(section string) string {
	section = strings.ToUpper(section[:1]) + section[1:]
	end := strings.IndexAny(section, ",:.")
	text := "\n### " + section[:end] + "\n\n"
	if end < len(section)-1 {
		text += section + "\n\n"
	}
	return text
}

func shown(key string) string {
	if key == "" {
		return "–"
	}
	return code(key)
}

// keys are the keys of a form by the field of the message that each is made of. Those that are
// made of several stand by themselves.
func keys(t reflect.Type, m message) (map[string]string, error) {
	all := map[string]string{}
	if t == nil {
		return all, nil
	}
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if key == "" {
			continue
		}
		field, ok := fieldOf(key, t, m)
		if !ok {
			return nil, fmt.Errorf("no field and no text of this package says what %q is", key)
		}
		all[field] = key
	}
	return all, nil
}

// fieldOf is the field that a key is made of: it is called the same, or as a span of time in
// nanoseconds. Others are said by renamed.
func fieldOf(key string, t reflect.Type, m message) (name string, ok bool) {
	span, _ := strings.CutSuffix(key, "_ms")
	span, _ = strings.CutSuffix(span, "_s")
	candidates := []string{renamed[t.Name()+"."+key], renamed[key], key, span + "_nanos"}
	for _, a := range added[m.name] {
		if a.key == key {
			return key, true
		}
	}
	for _, c := range candidates {
		if c != "" && m.has(c) {
			return c, true
		}
	}
	return "", false
}

func (m *message) has(name string) bool {
	for _, f := range m.fields {
		for _, n := range f.names {
			if n == name {
				return true
			}
		}
	}
	return false
}

// renamed are the fields of keys that are called otherwise, everywhere or in one type.
var renamed = map[string]string{
	"Exchange.asked":      "model",
	"Exchange.model":      "route",
	"failed_by":           "by",
	"time":                "began_unix_nanos",
	"ttft_ms":             "first_token_nanos",
	"ms":                  "duration_nanos",
	"provider_request_id": "provider_request",
	"provider_error":      "error",
	"direction":           "output",
}

// addition is a key that no field has.
type addition struct{ key, what string }

// added are the keys that are made of several fields, or of one in another form.
var added = map[string][]addition{
	"Row": {
		{"cost_usd", "The cost as a decimal number, in USD."},
		{"total_nano_usd", "The cost of the answer and of the attempts whose answers were not the client's."},
		{"estimated", "What the answer, or an attempt, consumed is estimated."},
	},
	"CacheUse": {{"saved_usd", "What was saved as a decimal number, in USD."}},
}

// said are texts in place of a field's comment, of fields whose keys say it otherwise.
var said = map[string]string{
	"Row.began_unix_nanos":     "When the exchange began.",
	"Row.left_requests":        "Requests that the tightest quota left.",
	"Row.left_tokens":          "Tokens that the tightest quota left.",
	"Row.left_nano_usd":        "Money that the tightest quota left.",
	"Row.tokens":               "What the answer consumed; absent: nothing.",
	"Row.cost_nano_usd":        "The cost of the answer; absent: no price is known, or nothing was consumed, which is not the same as 0.",
	"Row.service_tier":         "Tier of service that the provider says it gave; empty: it does not say.",
	"Row.cache":                "What the cache made of it; absent: the model has none, or the exchange is none that could have one.",
	"Attempt.cost_nano_usd":    "What that cost; absent: no price is known, or nothing was consumed.",
	"Attempt.backend":          "The backend that was asked.",
	"Tokens.cache_read":        "Input that came from the provider's cache.",
	"Tokens.audio_input":       "Input that is sound.",
	"Tokens.reasoning":         "Output that is reasoning.",
	"Tokens.audio_output":      "Output that is sound.",
	"ProviderError.code":       "The provider's own code.",
	"StageTime.stage":          "The stage.",
	"StageTime.duration_nanos": "How long it took.",
	"GuardVerdict.output":      "`input`: it judged the request; `output`: what came back.",
	"GuardType.type":           "What was found.",
	"GuardType.count":          "How often.",
	"GuardSpan.type":           "What was found there.",
	"GuardVerdict.types":       "Types of what was found.",
	"GuardVerdict.score":       "Score of the worst that was found, from 0 to 1; 0: there is none.",
	"CacheUse.embedder":        "The embedder by which they were compared.",
	"CacheUse.age_nanos":       "Age of the entry.",
	"CacheUse.stored":          "Id of the entry as which the answer is kept; empty: it is not.",
}

// says is what a field is, with a link to the table of its message.
func says(message, name string, f field) string {
	text := f.what
	if other := said[message+"."+name]; other != "" {
		text = other
	}
	for _, form := range forms {
		if form.message == f.kind {
			text = strings.TrimSpace(text + " See [" + f.kind + "](#" + strings.ToLower(f.kind) + ").")
		}
	}
	return text
}

package policy

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/strict/stricttest"
)

// TestAnyPolicyComesBack holds of random policies, which set every key between them, that
// the canonical form means the same, and that nothing shows in it of the form, the order
// and the files in which a policy was written, nor of the wire.
func TestAnyPolicyComesBack(t *testing.T) {
	random, said := &randomly{t, rand.New(rand.NewPCG(1, 2))}, map[string]bool{}
	for range 150 {
		document := random.document()
		maps.Copy(said, stricttest.Said(Document(), document))
		set, err := Parse("policy.json", jsonOf(t, document))
		if err != nil {
			t.Fatal(err)
		}
		for how, files := range otherForms(t, document, set) {
			again, err := ParseFiles(files)
			if err != nil || !cmp.Equal(set, again, sameSet) {
				t.Fatalf("%s: %v\n%s\n%s", how, err, cmp.Diff(set, again, sameSet), jsonOf(t, document))
			}
		}
		sent, err := FromWire(set.Wire())
		if want := served(set); err != nil || !cmp.Equal(want, sent, sameSet) {
			t.Fatalf("over the wire: %v\n%s\n%s", err, cmp.Diff(want, sent, sameSet), jsonOf(t, document))
		}
	}
	stricttest.Walk(Document(), func(path string, _ strict.Key) {
		if !said[path] {
			t.Errorf("%s is in none of the policies", path)
		}
	})
}

// served is a set as pairs know it.
func served(set *Set) *Set {
	out := *set
	out.Store, out.Journal.Retention = Store{}, defaultJournal.Retention
	out.Models = make(map[string]*Model, len(set.Models))
	for name, m := range set.Models {
		here := *m
		here.RegionsOnly, here.Health.Probe = nil, ProbeConnect
		out.Models[name] = &here
	}
	return &out
}

// TestAnyOverlayIsADocument holds of random policies under random weights that what is in
// effect is a document without faults: the release before reads it from a history, and
// pairs from the wire.
func TestAnyOverlayIsADocument(t *testing.T) {
	random := &randomly{t, rand.New(rand.NewPCG(3, 4))}
	for range 150 {
		document := random.document()
		set, err := Parse("policy.json", jsonOf(t, document))
		if err != nil {
			t.Fatal(err)
		}
		laid, left := set.Under(random.overlay(set))
		again, err := Parse("in-effect.json", laid.Canonical())
		if err != nil || len(left) > 0 || !cmp.Equal(laid.Models, again.Models) {
			t.Fatalf("%v; left out %v\n%s\nunder %s", err, left, jsonOf(t, document), laid.Overlay.stored())
		}
	}
}

// otherForms writes a document in other ways that mean the same.
func otherForms(t *testing.T, document map[string]any, set *Set) map[string][]File {
	t.Helper()
	block, err := yaml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var several []File
	for key, value := range document { // in any order
		several = append(several, File{Name: key + ".json", Data: jsonOf(t, map[string]any{"version": 1, key: value})})
	}
	return map[string][]File{
		"the canonical form": {{Name: "canonical.json", Data: set.Canonical()}},
		"block style":        {{Name: "policy.yaml", Data: block}},
		"several files":      several,
	}
}

func jsonOf(t *testing.T, document any) []byte {
	t.Helper()
	data, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// someTexts are values of the keys that hold a text of a free form, by path, and of the
// names of maps.
var someTexts = map[string][]string{
	"listen":                          {"127.0.0.1:8080", "localhost:1", "[::1]:65535", "0.0.0.0:80"},
	"listen.address":                  {"127.0.0.1:8080", "[::1]:443"},
	"hosts[]":                         {"headgate", "10.0.0.1", "*"},
	"listen.tls.cert":                 {"/run/tls.crt"},
	"listen.tls.key":                  {"/run/tls.key"},
	"listen.tls.client_ca":            {"/run/clients.crt"},
	"callers.NAME.certificate":        {"spiffe://example.com/ci", "Übung, AG"},
	"backends":                        {"a", "b", "c"},
	"backends.NAME.url":               {"http://127.0.0.1:11434/v1/", "https://example.com", "https://h.example/a%2Fb//", "http://10.0.0.1", "https://api.groq.com/", "https://h.example/x", "https://h.example/chat/completions", "https://h.example/x/messages", "http://127.0.0.1//"},
	"backends.NAME.region":            {"eu", "US-East.1"},
	"backends.NAME.credential":        {"caller"},
	"backends.NAME.credential.env":    {"A", "B_2"},
	"backends.NAME.credential.file":   {"/a", `/run/a b/"\<>&`},
	"backends.NAME.ca_file":           {"/etc/ca.pem", "/a b"},
	"backends.NAME.auth_header":       {"api-key", "Authorization", "X-API-Key"},
	"backends.NAME.auth_scheme":       {"none", "Bearer", "Token"},
	"backends.NAME.headers":           {"X-Tenant", "x-b", "User-Agent", "a.b_c"},
	"backends.NAME.headers.NAME":      {"org-1", "true", "a \\\"b<&>"},
	"backends.NAME.headers.NAME.env":  {"A", "B_2"},
	"backends.NAME.headers.NAME.file": {"/a", "/run/b"},
	"backends.NAME.organization":      {"org-1", "true", "a \\\"b<&>"},
	"backends.NAME.organization.env":  {"A", "B_2"},
	"backends.NAME.organization.file": {"/a", "/run/b"},
	"backends.NAME.project":           {"org-1", "true", "a \\\"b<&>"},
	"backends.NAME.project.env":       {"A", "B_2"},
	"backends.NAME.project.file":      {"/a", "/run/b"},
	"cache.embedder.model":            {"fast", "a/b:c", "5"},
	"default":                         {"fast", "a/b:c", "any-x"},
	"anonymous_tier":                  {"free"},
	"tiers":                           {"free", "pro"},
	"teams":                           {"search", "a/b"},
	"features":                        {"summaries"},
	"timezone":                        {"Europe/Berlin", "UTC", "America/New_York"},
	"callers":                         {"ci", "a@b.example"},
	"callers.NAME.key.env":            {"CI_KEY"},
	"callers.NAME.key.file":           {"/run/secrets/ci"},
	"callers.NAME.key.sha256":         {strings.Repeat("0f", 32)},
	"callers.NAME.user":               {"ann"},
	"callers.NAME.team":               {"search", "none"},
	"callers.NAME.tier":               {"free", "pro"},
	"callers.NAME.models[]":           {"fast", "a/b:c", "*-x", "a*"},
	"callers.NAME.tags[]":             {"nightly", "b"},
	"trusted.networks[]":              {"10.1.0.0/16", "fd00::/8", "127.0.0.1/32"},
	"trusted.certificates[]":          {"mesh-gateway"},
	"trusted.caller":                  {"x-mesh-caller", "X-Caller"},
	"trusted.user":                    {"x-mesh-user"},
	"trusted.team":                    {"x-mesh-team"},
	"trusted.tier":                    {"x-mesh-tier"},
	"cors.origins[]":                  {"https://app.example.com", "HTTP://localhost:5173", "https://*.example.org", "chrome-extension://abcdef", "http://[::1]:3000"},
	"cors.headers[]":                  {"X-Trace", "*"},
	"redis.url.env":                   {"REDIS_URL"},
	"redis.url.file":                  {"/run/secrets/redis"},
	"redis.prefix":                    {"hg:", "a"},
	"state.key.env":                   {"STATE_KEY"},
	"state.key.file":                  {"/run/secrets/state"},
	"store.sqlite":                    {"headgate.db", "/var/lib/a b.db"},
	"store.postgres.env":              {"DATABASE_URL"},
	"store.postgres.file":             {"/run/secrets/database"},
	"models":                          {"fast", "a/b:c", "5", "true", "{&}", "*-x", "a/*"},
	"models.NAME":                     {"a/gpt-5.5", "b/m", "c/org/m:tag+x", "a/*"},
	"models.NAME.chain[]":             {"a/gpt-5.5", "b/m", "c/org/m:tag+x", "c/org/*"},
	"models.NAME.regions_only[]":      {"eu", "US-East.1"},
	"models.NAME.chain[][].use":       {"a/gpt-5.5", "b/m", "c/m", "c/org/m:tag+x"},
	"prices":                          {"m", "b/m", "org/m:tag+x", "gpt-5.5"},
	"guards.pii.name":                 {"pii", "a"},
	"guards.pii.message":              {"No {types}: {exchange}", "no"},
	"guards.length.name":              {"length", "c"},
	"guards.length.message":           {"No {guard}", "no"},
	"guards.words.name":               {"words", "d"},
	"guards.words.message":            {"No {guard}", "no"},
	"guards.words.type":               {"WORD", "RIVAL"},
	"guards.words.words[]":            {"acme", "project 42"},
	"guards.words.file":               {"/etc/words", "/etc/more-words"},
	"guards.pattern.name":             {"pattern", "e"},
	"guards.pattern.message":          {"No {guard}", "no"},
	"guards.pattern.patterns":         {"ticket", "ab"},
	"guards.pattern.patterns.NAME":    {"TICK-[0-9]+", "a|b"},
	"guards.format.name":              {"format", "f"},
	"guards.format.message":           {"No {guard}", "no"},
	"guards.format.regex":             {"[a-z]+", "a"},
	"guards.format.enum[]":            {"yes", "no"},
	"guards.format.schema_file":       {"/etc/schema.json"},
	"guards.format.schema":            {"request", `{"type": "object"}`},
	"guards.leak.name":                {"leak", "g"},
	"guards.leak.message":             {"No {guard}", "no"},
	"guards.leak.canary[]":            {"zx-4471", "zx-4472"},
	"guards.leak.allow[]":             {"I cannot help", "no"},
	"guards.secrets.name":             {"secrets", "b"},
	"guards.secrets.message":          {"No {guard}", "no"},
	"guards.webhook.name":             {"webhook", "c"},
	"guards.webhook.message":          {"No {guard}", "no"},
	"guards.webhook.url":              {"https://guard.example.com/check", "http://127.0.0.1:1"},
	"guards.webhook.bearer.env":       {"GUARD_TOKEN"},
	"guards.webhook.bearer.file":      {"/run/guard"},
	"guards.webhook.signing.env":      {"GUARD_SIGNING"},
	"guards.webhook.signing.file":     {"/run/signing"},
	"guards.entities.name":            {"entities", "d"},
	"guards.entities.message":         {"No {guard}", "no"},
	"guards.entities.url":             {"http://127.0.0.1:5002", "https://presidio.example.com/p"},
	"guards.entities.bearer.env":      {"GUARD_TOKEN"},
	"guards.entities.bearer.file":     {"/run/guard"},
	"guards.entities.entities[]":      {"PERSON", "LOCATION"},
	"guards.entities.language":        {"en", "deu"},
	"guards.moderation.name":          {"moderation", "e"},
	"guards.moderation.message":       {"No {guard}", "no"},
	"guards.moderation.model":         {"fast", "a/b:c"},
	"guards.moderation.categories":    {"violence", "self-harm/intent"},
	"models_like":                     {"m", "b/m", "org/m:tag+x", "gpt-5.5"},
	"models_like.NAME":                {"gpt-5.5", "claude-opus-5"},
	"models_like.NAME.like":           {"gpt-5.5", "claude-opus-5"},
}

// randomly makes random documents.
type randomly struct {
	t *testing.T
	*rand.Rand
}

// document makes a policy without faults: of every part of it, each key of the document
// and each name of a map, several values are tried until one goes with the rest.
func (r *randomly) document() map[string]any {
	document := map[string]any{"version": 1, "unpriced": "flag"}
	for _, k := range Document().Fields {
		if k.Type.Kind != strict.KindMap {
			r.try(document, document, k.Key, func() any { return r.value(k.Key, k.Type) })
			continue
		}
		entries := map[string]any{}
		document[k.Key] = entries
		for _, name := range someTexts[k.Key] {
			r.try(document, entries, name, func() any { return r.value(k.Key+".NAME", k.Type.Elem) })
		}
	}
	return document
}

// try sets a key of a part of the document to a value that causes no fault, or leaves it
// as it is.
func (r *randomly) try(document, part map[string]any, key string, value func() any) {
	const tries = 20
	before, was := part[key]
	for range tries {
		part[key] = value()
		if _, err := Parse("policy.json", jsonOf(r.t, document)); err == nil {
			return
		}
	}
	if delete(part, key); was {
		part[key] = before
	}
}

// value makes a value of a type, as encoding/json reads it.
func (r *randomly) value(path string, typ *strict.Type) any {
	if typ.Name != "" {
		path = typ.Name
	}
	switch typ.Kind {
	case strict.KindObject:
		return r.object(path, typ)
	case strict.KindMap:
		all := map[string]any{}
		for range 1 + r.IntN(3) {
			all[r.pick(path, someTexts[path])] = r.value(path+".NAME", typ.Elem)
		}
		return all
	case strict.KindList:
		all := []any{}
		for range 1 + r.IntN(3) {
			all = append(all, r.value(path+"[]", typ.Elem))
		}
		return all
	case strict.KindEither:
		option := typ.Options[r.IntN(len(typ.Options))]
		if option.Kind == strict.KindList && slices.Contains(typ.Options, option.Elem) { // one or several
			return []any{r.value(path, option.Elem), r.value(path, option.Elem)}
		}
		return r.value(path, option)
	default:
		return r.scalar(path, typ)
	}
}

func (r *randomly) object(path string, typ *strict.Type) map[string]any {
	all := map[string]any{}
	if typ.OneKey {
		k := typ.Fields[r.IntN(len(typ.Fields))]
		return map[string]any{k.Key: r.value(path+"."+k.Key, k.Type)}
	}
	for _, k := range typ.Fields {
		if k.Required || r.IntN(2) == 0 {
			all[k.Key] = r.value(path+"."+k.Key, k.Type)
		}
	}
	return all
}

func (r *randomly) scalar(path string, typ *strict.Type) any {
	switch typ.Kind {
	case strict.KindSwitch:
		return r.IntN(2) == 0
	case strict.KindInt, strict.KindVersion:
		return number(r.whole(typ.Min, typ.Max))
	case strict.KindDecimal:
		return number(r.pick(path, []string{typ.Min, typ.Max, "0.000001", "0.30", "2.0", "9999.999999"}))
	case strict.KindDuration:
		return r.pick(path, []string{typ.Min, typ.Max, "1.5s", "90000ms", "1m30s", "60s"})
	case strict.KindDays:
		return r.pick(path, []string{typ.Min, typ.Max, "30d"})
	case strict.KindSize:
		return r.pick(path, []string{typ.Min, typ.Max, "32MiB", "2000KB", "1024KiB"})
	case strict.KindDate:
		return r.pick(path, []string{"2026-09-01", "2000-02-29", time.Now().Format(time.DateOnly)})
	case strict.KindText:
		if typ.Enum != nil {
			return r.pick(path, typ.Enum)
		}
		return r.pick(path, someTexts[path])
	default:
		r.t.Fatalf("%s: no values of kind %s", path, typ.Kind)
		return nil
	}
}

// whole makes a whole number from one bound to the other, these included.
func (r *randomly) whole(low, high string) string {
	min, _ := strconv.Atoi(low)
	max, _ := strconv.Atoi(high)
	return r.pick("", []string{low, high, strconv.Itoa(min + r.IntN(max-min+1))})
}

func (r *randomly) pick(path string, values []string) string {
	if len(values) == 0 {
		r.t.Fatalf("%s: someTexts has no values of it", path)
	}
	return values[r.IntN(len(values))]
}

// overlay lays weights over some links of a policy, some of which lose a use, and drains
// some uses.
func (r *randomly) overlay(set *Set) (o Overlay) {
	for name, m := range set.Models {
		for i, l := range m.Chain {
			if len(l.Uses) == 1 || r.IntN(3) == 0 {
				continue
			}
			w := Weights{Model: name, Link: i, Uses: map[string]uint32{l.Uses[0].String(): []uint32{0, 1, MaxWeight}[r.IntN(3)]}}
			for _, u := range l.Uses[1:] {
				if r.IntN(2) == 0 {
					w.Uses[u.String()] = 1 + r.Uint32N(MaxWeight)
				}
			}
			o.Weights = append(o.Weights, w)
		}
		if uses := m.Uses(); r.IntN(2) == 0 {
			o.Drained = append(o.Drained, Drained{Backend: uses[0].Backend.Name, Use: uses[0].Model, Model: name})
		}
	}
	o.Drained = those(o.Drained, func(e Entry) bool { return e.faults(set) == nil })
	return o
}

// number is a number by its text.
type number string

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// MarshalYAML implements yaml.Marshaler.
func (n number) MarshalYAML() (any, error) {
	tag := "!!int"
	if strings.Contains(string(n), ".") {
		tag = "!!float"
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: string(n)}, nil
}

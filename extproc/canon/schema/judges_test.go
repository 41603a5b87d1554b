package schema

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"
)

// usual are schemas as people's libraries write them (pydantic, zod, MCP servers),
// which the vendors' SDKs make fit, too.
var usual = []string{
	`{"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":9,"description":"d"},"s":{"type":"string","minLength":1,"format":"iban"}},"required":["n","s"]}`,
	`{"type":"object","title":"T","properties":{"a":{"type":"array","items":{"type":"string"},"minItems":3,"uniqueItems":true},"b":{"type":"array","items":{"type":"number"},"minItems":1}},"required":["a","b"]}`,
	`{"type":"object","properties":{"u":{"oneOf":[{"type":"string","format":"date"},{"type":"null"}]}},"required":["u"],"additionalProperties":true}`,
	`{"$defs":{"p":{"type":"object","properties":{"x":{"type":"number","multipleOf":2}},"required":["x"]}},"type":"object","properties":{"p":{"$ref":"#/$defs/p"},"q":{"anyOf":[{"$ref":"#/$defs/p"},{"type":"null"}]}},"required":["p","q"]}`,
	`{"type":"object","properties":{"k":{"type":"string","enum":["a","b"]},"c":{"type":"string","const":"c"},"e":{"type":"object","properties":{}}},"required":["k","c","e"]}`,
	`{"type":"object","properties":{"d":{"type":"string","default":"x"},"t":{"type":"boolean","title":"T"}},"required":["d","t"]}`,
}

// structure takes away what the vendors' SDKs differ in between themselves: the words
// of descriptions, whether an enum keeps its type, whether plain expressions and empty lists are kept.
func structure(v any) any {
	switch v := v.(type) {
	case doc:
		out := doc{}
		for k, m := range v {
			if k == "properties" || k == "$defs" {
				named := doc{}
				for name, p := range m.(doc) {
					named[name] = structure(p)
				}
				m = named
			}
			_, literal := v["enum"]
			_, constant := v["const"]
			_, union := v["anyOf"]
			empty := k == "required" && len(m.([]any)) == 0
			if !empty && k != "description" && k != "pattern" && !(k == "type" && (literal || constant || union)) {
				out[k] = structure(m)
			}
		}
		return out
	case []any:
		all := []any{}
		for _, e := range v {
			all = append(all, structure(e))
		}
		return all
	}
	return v
}

// hasTypeList reports whether a schema has several types in a list: the SDKs do not read
// it, the API does.
func hasTypeList(b []byte) bool { return bytes.Contains(b, []byte(`"type":[`)) }

// anthropicGo is what Anthropic's SDK for Go makes of a schema.
func anthropicGo(schema []byte) any {
	var in doc
	if json.Unmarshal(schema, &in) != nil {
		return nil
	}
	return anthropic.BetaJSONSchemaOutputFormat(in).Schema
}

func judge(t *testing.T, name string, theirs any, ours []byte) {
	t.Helper()
	if diff := cmp.Diff(structure(theirs), structure(decode(t, ours))); diff != "" {
		t.Errorf("%s: %s (-theirs +ours)\n%s", name, ours, diff)
	}
}

// The SDK for Go makes the same of what libraries write, and leaves what we write as it
// is.
func TestAnthropicSDKAgrees(t *testing.T) {
	t.Parallel()
	for _, in := range usual {
		f := Fit([]byte(in), AnthropicFormat)
		judge(t, in, anthropicGo([]byte(in)), f.Schema)
	}
	for _, out := range fittedAtRandom(AnthropicFormat) {
		if !hasTypeList(out) {
			judge(t, "again", anthropicGo(out), out)
		}
	}
}

func fittedAtRandom(subset *Subset) [][]byte {
	var all [][]byte
	for seed := range uint64(300) {
		r := source{rand.New(rand.NewPCG(seed, 11))}
		if f := Fit(encode(r.root()), subset); f.OK {
			all = append(all, f.Schema)
		}
	}
	return all
}

// python runs both vendors' SDKs for Python over schemas, one a line.
const python = `
import json, sys
from anthropic import transform_schema
from openai.lib._pydantic import _ensure_strict_json_schema
for line in sys.stdin:
    vendor, schema = json.loads(line)
    if vendor == "anthropic":
        out = transform_schema(schema)
    else:
        out = _ensure_strict_json_schema(schema, path=(), root=schema)
    print(json.dumps(out))
`

func askPython(t *testing.T, vendor string, schemas [][]byte) [][]byte {
	t.Helper()
	path := os.Getenv("HEADGATE_PYTHON")
	if path == "" {
		t.Skip("no Python with the official clients: run make venv, or name one with HEADGATE_PYTHON")
	}
	var in bytes.Buffer
	for _, s := range schemas {
		in.Write(append(encode([]any{vendor, json.RawMessage(s)}), '\n'))
	}
	cmd := exec.Command(path, "-c", python)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(out), []byte("\n"))
}

// So do the SDKs for Python, of either vendor.
func TestPythonSDKsAgree(t *testing.T) {
	t.Parallel()
	for vendor, subset := range map[string]*Subset{"anthropic": AnthropicFormat, "openai": OpenAIStrict} {
		var in, ours [][]byte
		for _, s := range usual {
			f := Fit([]byte(s), subset)
			if !f.OK {
				t.Fatalf("%s: %s: %s", vendor, s, f.Fault.Why)
			}
			if vendor == "openai" {
				in, ours = append(in, f.Schema), append(ours, f.Schema)
				continue
			}
			in, ours = append(in, []byte(s)), append(ours, f.Schema)
		}
		for _, s := range fittedAtRandom(subset) {
			if !hasTypeList(s) || vendor == "openai" {
				in, ours = append(in, s), append(ours, s)
			}
		}
		for i, theirs := range askPython(t, vendor, in) {
			judge(t, vendor+" "+string(in[i]), any(decode(t, theirs)), ours[i])
		}
	}
}

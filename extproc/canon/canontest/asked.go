package canontest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Meaning is what a request says in all dialects: no escapes, no grouping into
// messages, no order of members.
type Meaning struct {
	System   string
	Turns    []string
	Tools    []string
	Choice   string
	Parallel string
	Format   string
	Stop     []string
	Sampling string
	User     string
	Max      int64
	Stream   bool
}

// MeaningOf returns the meaning of a request.
func MeaningOf(r *canon.Request) Meaning {
	m := Meaning{Max: r.MaxTokens, Stream: r.Stream, User: canon.Str(r.Fields[canon.User]), Parallel: string(r.Fields[canon.Parallel]),
		Choice: fmt.Sprint(r.Choice.Mode, canon.Str(r.Choice.Name)), Format: format(&r.Format)}
	m.Sampling = string(r.Fields[canon.Temperature]) + " " + string(r.Fields[canon.TopP])
	for _, s := range r.Stop {
		m.Stop = append(m.Stop, canon.Str(s))
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		m.Tools = append(m.Tools, canon.Str(t.Name)+" "+canon.Str(t.Description)+" "+compact(t.Schema)+" "+strconv.FormatBool(t.Strict.True())+strconv.FormatBool(t.Custom))
	}
	for i := range r.Messages {
		msg := &r.Messages[i]
		if msg.Role == canon.RoleSystem || msg.Role == canon.RoleDeveloper {
			m.System += said(msg.Parts)
			continue
		}
		m.Turns = append(m.Turns, parts(fmt.Sprint(msg.Role, " "), msg.Parts)...)
	}
	return m
}

// format is what the answer must look like. Its name and description may be the
// schema's own title and description.
func format(f *canon.Format) string {
	if f.Kind != canon.FormatSchema {
		return ""
	}
	var schema map[string]any
	if json.Unmarshal(f.Schema, &schema) != nil {
		return "not JSON: " + string(f.Schema)
	}
	for name, v := range map[string]scan.Value{"title": f.Name, "description": f.Description} {
		if _, own := schema[name]; !own && v != nil {
			schema[name] = canon.Str(v)
		}
	}
	return string(encode(schema))
}

func said(list []canon.Part) string {
	var b strings.Builder
	for i := range list {
		b.WriteString(canon.Str(list[i].Text) + "\n")
	}
	return b.String()
}

func parts(role string, list []canon.Part) []string {
	var all []string
	for i := range list {
		p := &list[i]
		all = append(all, fmt.Sprintf("%s%d/%d %s", role, p.Kind, p.Source, strings.Join([]string{canon.Str(p.Text), canon.Str(p.ID), canon.Str(p.Name),
			compact(p.Args), canon.Str(p.Signature), string(p.Media), string(p.Data), strconv.FormatBool(p.Failed)}, "|")))
		all = append(all, parts(role+"result ", p.Content)...)
	}
	return all
}

// compact returns JSON without blanks; of a string, the JSON that it holds.
func compact(v scan.Value) string {
	text := []byte(v)
	if v.Kind() == scan.String {
		text = []byte(canon.Str(v))
	}
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return "not JSON: " + string(text)
	}
	return b.String()
}

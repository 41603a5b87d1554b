package canon

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/scan"
)

func TestSnapshotsOverwriteAndAbsentBucketsResetNothing(t *testing.T) {
	u := Usage{Input: 10, CacheRead: 4, Output: 1, Seen: BucketInput | BucketCacheRead | BucketOutput}
	u.Overwrite(&Usage{Output: 9, Reasoning: 3, Seen: BucketOutput | BucketReasoning})
	u.Overwrite(&Usage{CacheRead: 0, AudioInput: 7, Seen: BucketCacheRead})
	want := Usage{Input: 10, Output: 9, Reasoning: 3, Seen: BucketInput | BucketCacheRead | BucketOutput | BucketReasoning}
	if diff := cmp.Diff(want, u); diff != "" {
		t.Error(diff)
	}
}

func TestArgumentsAreAStringHereAndAnObjectThere(t *testing.T) {
	for _, c := range []struct{ name, args, object, text string }{
		{"an object", `{"a": "x\"y\\n"}`, `{"a": "x\"y\\n"}`, `"{\"a\": \"x\\\"y\\\\n\"}"`},
		{"an object over several lines", "{\n\t\"a\":1\r}", "{\n\t\"a\":1\r}", `"{\n\t\"a\":1\r}"`},
		{"a string", `"{\"a\":\"\\u0022\"}"`, `{"a":"\u0022"}`, `"{\"a\":\"\\u0022\"}"`},
		{"none", ``, `{}`, `"{}"`},
		{"an empty string", `""`, `{}`, `"{}"`},
		{"a blank string", `" \n"`, `{}`, `"{}"`},
		{"null", `null`, `{}`, `"{}"`},
		{"a string that says null", `"\tnull "`, `{}`, `"{}"`},
		{"a string that holds an empty one", `"\"\""`, `{}`, `"{}"`},
		{"a string that holds a string that says null", `"\"null\""`, `{}`, `"{}"`},
		{"a string that begins like none", `"nullable"`, ``, `"nullable"`},
		{"half a none", `"nul"`, ``, `"nul"`},
		{"a number", `5`, ``, `"5"`},
		{"an object with a blank inside", `"{ }"`, `{ }`, `"{ }"`},
		{"a broken string", `"{\"a\":"`, ``, `"{\"a\":"`},
		{"a string that holds a list", `"[]"`, ``, `"[]"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			object, ok := AppendObject(nil, scan.Value(c.args))
			if string(object) != c.object || ok != (c.object != "") || ok != IsObject(scan.Value(c.args)) {
				t.Errorf("object %q, %v", object, ok)
			}
			if text := AppendText(nil, scan.Value(c.args)); string(text) != c.text {
				t.Errorf("text %q", text)
			}
		})
	}
}

func TestPickRefusesWhatParsersReadDifferently(t *testing.T) {
	names := []string{"a", "b"}
	for text, want := range map[string]string{
		`{"a":1,"b":2,"c":3,"d":null}`: "",
		`{"a":1,"a":2}`:                `"a" stands there twice`,
		`{"a":1,"\u0061":2}`:           `"a" stands there twice`,
		`{"a":null,"a":2}`:             `"a" stands there twice`,
		`{"A":1}`:                      `"A" differs from "a"`,
		`{"a":1,}`:                     `invalid JSON at byte`,
	} {
		var f [2]scan.Value
		extra, err := Pick(scan.Document([]byte(text)), names, f[:], nil)
		if want == "" && (err != nil || string(f[1]) != "2" || len(extra) != 1 || string(extra[0].Name) != "c") {
			t.Errorf("%s: %q %v %v", text, f, extra, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

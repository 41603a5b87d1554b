package detector

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/scan"
)

func TestAnswersAreReadStrictly(t *testing.T) {
	t.Parallel()
	type read struct {
		On      bool
		Score   float64
		Whole   int
		Message string
		Types   []string
	}
	for _, c := range []struct{ name, text, err string }{
		{"all", `{"on":true,"score":0.5,"whole":7,"message":"é","types":["A","b/c-d.e_1"],"other":[{}]}`, ""},
		{"the least", `{"on":true}`, ""},
		{"written otherwise", "\t{ \"o\\u006e\" : true , \"score\":5e-1,\"whole\":7.0 } ", ""},
		{"a member missing", `{"score":1}`, "on: is missing"},
		{"a member of another case", `{"On":true}`, "on: is missing"},
		{"a member twice", `{"on":true,"on":false}`, "on: stands twice"},
		{"null", `{"on":null}`, "on: must be true or false"},
		{"a word in place of a switch", `{"on":"true"}`, "on: must be true or false"},
		{"a score over 1", `{"on":true,"score":1.01}`, "score: must be a number from 0 to 1"},
		{"a score below 0", `{"on":true,"score":-0.01}`, "score: must be a number from 0 to 1"},
		{"a score in quotes", `{"on":true,"score":"0.5"}`, "score: must be a number from 0 to 1"},
		{"a score beyond numbers", `{"on":true,"score":1e999}`, "score: must be a number from 0 to 1"},
		{"a fraction", `{"on":true,"whole":0.5}`, "whole: must be a whole number"},
		{"a number beyond int64", `{"on":true,"whole":9223372036854775808}`, "whole: must be a whole number"},
		{"a number in quotes", `{"on":true,"whole":"1"}`, "whole: must be a whole number"},
		{"a long message", `{"on":true,"message":"` + strings.Repeat("é", MaxMessage+1) + `"}`, "message: must be a text of at most 1000 characters"},
		{"a message that is none", `{"on":true,"message":{}}`, "message: must be a text of at most 1000 characters"},
		{"a list that is none", `{"on":true,"types":"A"}`, "types: must be a list"},
		{"a long list", `{"on":true,"types":["A","A","A"]}`, "types: has more than 2 elements"},
		{"a sentence as a type", `{"on":true,"types":["A","my secret"]}`, "types: element 1: must be the name of a type: a letter, then up to 63 letters, digits and _./-"},
		{"an empty type", `{"on":true,"types":[""]}`, "types: element 0: must be the name of a type: a letter, then up to 63 letters, digits and _./-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got read
			err := ReadObject(scan.Document([]byte(c.text)),
				Field{Name: "on", Read: Switch(&got.On)},
				Field{Name: "score", Optional: true, Read: Score(&got.Score)},
				Field{Name: "whole", Optional: true, Read: Whole(&got.Whole)},
				Field{Name: "message", Optional: true, Read: Message(&got.Message)},
				Field{Name: "types", Optional: true, Read: func(v scan.Value) error {
					return ReadList(v, 2, func(v scan.Value) error {
						got.Types = append(got.Types, "")
						return Type(&got.Types[len(got.Types)-1])(v)
					})
				}})
			want := map[string]read{"all": {true, 0.5, 7, "é", []string{"A", "b/c-d.e_1"}}, "the least": {On: true}, "written otherwise": {On: true, Score: 0.5, Whole: 7}}[c.name]
			switch {
			case c.err == "" && err != nil, c.err != "" && (err == nil || err.Error() != c.err):
				t.Errorf("%v, want %s", err, c.err)
			case err == nil && !cmp.Equal(want, got):
				t.Errorf("(-want +got)\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func TestWhatIsNoObjectIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "[]", "null", `{"on":true`, `{"on":true}{}`, `{"on":true,}`, "{\"on\":\"\xff\"}"} {
		var on bool
		if err := ReadObject(scan.Document([]byte(text)), Field{Name: "on", Read: Switch(&on)}); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	stop := errors.New("stop")
	if err := ReadFields(scan.Value(`{"a":1}`), Field{Name: "a", Read: func(scan.Value) error { return stop }}); !errors.Is(err, stop) {
		t.Errorf("%v does not wrap its cause", err)
	}
	if err := ReadFields(scan.Value(`[1]`)); err == nil {
		t.Error("a list is read as an object")
	}
}

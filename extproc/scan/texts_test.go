package scan

import (
	"encoding/json"
	"errors"
	"testing"
)

// TestTexts holds what counts as text: the strings that are values of members of these
// names, however deep, and as they are written.
func TestTexts(t *testing.T) {
	names := []string{`content`, `"text`}
	for in, want := range map[string]int64{
		`{"content":"abc"}`:                                            3,
		`{ "reasoning_content" : "abc" }`:                              3,
		`{"text":"ab","subtext":"abc"}`:                                2,
		`{"content":"a\"b\u00e9"}`:                                     10,
		`{"content":""}`:                                               0,
		`{"content":null,"x":["content","text"]}`:                      0,
		`{"a":[{"content":"x"},{"b":{"text":"y"}},[{"content":"z"}]]}`: 3,
		`{"x":"\"content\":\"abc\""}`:                                  0,
		`[{"content":"ab"}]`:                                           2,
		`"content"`:                                                    0,
		`{"text":"` + "\xff" + `"}`:                                    1,
	} {
		if n, err := Texts([]byte(in), names); n != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", in, n, err, want)
		}
	}
}

// TestTextsOfWhatIsBroken holds where text stops being JSON, and that what came before
// that counts.
func TestTextsOfWhatIsBroken(t *testing.T) {
	for _, c := range []struct {
		in     string
		texts  int64
		broken int
	}{
		{``, 0, 0}, {`{`, 0, 1}, {`{"con`, 0, 5}, {`{"content"`, 0, 10}, {`{"content":`, 0, 11},
		{`{"content":"a`, 1, 13}, {`{"content":"ab",`, 2, 16}, {`{"content":"ab"`, 2, 15},
		{`{"content":"ab"}}`, 2, 16}, {`{"content":"ab"} x`, 2, 17}, {`{"content":"ab","b":tru}`, 2, 20},
		{"{\"content\":\"a\x00b\"}", 1, 13}, {`{"content":"a\x"}`, 1, 13}, {`[1,2`, 0, 4}, {`[1,]`, 0, 3}, {`{"a":1,}`, 0, 7}, {`{1:2}`, 0, 1},
		{`{"choices":[{]}`, 0, 13}, {`oops`, 0, 0}, {`[DONE]`, 0, 1},
	} {
		n, err := Texts([]byte(c.in), []string{"content"})
		if at := Broken([]byte(c.in)); n != c.texts || err == nil || at != c.broken {
			t.Errorf("%q: %d and broken at %d, %v; want %d and %d", c.in, n, at, err, c.texts, c.broken)
		}
	}
}

// FuzzTexts holds that what can be read is what is JSON, and no deeper than is allowed.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{`{"content":"a\u0041","b":[1,-2.5e3,true,null,{}]}`, `{"content":"a`, "{\"a\":\"\x01\"}", `[[],[{"text":"x"}]]`, `1`, `{"a":1 }  `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Texts(data, []string{"content", "text"})
		if n < 0 || n > int64(len(data)) {
			t.Errorf("%d bytes of text in %d", n, len(data))
		}
		if want := json.Valid(data); (err == nil) != want && !errors.Is(err, ErrDepth) {
			t.Errorf("%q: %v, but JSON: %t", data, err, want)
		}
		if at := Broken(data); at > len(data) || (at < 0) != (err == nil) {
			t.Errorf("broken at %d of %d, %v", at, len(data), err)
		}
	})
}

package provider

import "testing"

func TestHowAnAnswerBeginsShowsWhatItIs(t *testing.T) {
	for text, want := range map[string]form{
		"":                                 formUnsaid,
		" \r\n\t":                          formUnsaid,
		"\ufeff":                           formUnsaid,
		"dat":                              formUnsaid,
		"data: x\n\n":                      formEvents,
		"data:{}":                          formEvents,
		"data\n":                           formEvents,
		"event: message_start\n":           formEvents,
		"id: 1\n":                          formEvents,
		"retry: 3000\n":                    formEvents,
		": a comment\n\n":                  formEvents,
		"\n\n: keep-alive\n\ndata: x":      formEvents,
		"\ufeffdata: x":                    formEvents,
		`{"id":"c"}`:                       formWhole,
		"\ufeff{":                          formWhole,
		"\n \n{":                           formWhole,
		`[{"error":{}}]`:                   formWhole,
		"<html>":                           formNone,
		"upstream connect error: reset":    formNone,
		"database is locked":               formNone,
		"error code: 502":                  formNone,
		"Internal Server Error":            formNone,
		"datax: y":                         formNone,
		"\u4e0a\u6e38\u9519\u8bef: {\"\"}": formNone,
	} {
		for _, size := range []int{1, 2, 7, len(text)} {
			var o opening
			for rest := []byte(text); len(rest) > 0; {
				n := min(size, len(rest))
				o.look(rest[:n])
				rest = rest[n:]
			}
			if o.form != want {
				t.Errorf("%q in pieces of %d is %d, want %d", text, size, o.form, want)
			}
		}
	}
}

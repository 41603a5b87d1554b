package canon_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// TestAnAnswersIDIsInTheClientsShape holds by which id a client knows an answer of any server.
func TestAnAnswersIDIsInTheClientsShape(t *testing.T) {
	for name, c := range map[string]struct {
		id, prefix string
		own        bool
		want       string
	}{
		"one of another dialect":              {`"msg_01AbC"`, "chatcmpl-", false, `"chatcmpl-01AbC"`},
		"the other way round":                 {`"chatcmpl-9x-y"`, "msg_", false, `"msg_9x-y"`},
		"one of this dialect's shape":         {`"resp_1"`, "resp_", false, `"resp_1"`},
		"one of the own dialect":              {`"gen-1"`, "chatcmpl-", true, `"gen-1"`},
		"an odd one of the own dialect":       {`"a/b\n"`, "chatcmpl-", true, `"a/b\n"`},
		"a bare one":                          {`"4f0a8c"`, "resp_", false, `"resp_4f0a8c"`},
		"only its beginning is cut":           {`"msg_bdrk_01"`, "resp_", false, `"resp_bdrk_01"`},
		"what ends where it begins":           {`"gen-"`, "msg_", false, `"msg_gen-"`},
		"one that is no id elsewhere":         {`"a/b\n"`, "msg_", false, `"msg_e-1"`},
		"one that merely begins as it should": {`"msg_a b"`, "msg_", false, `"msg_e-1"`},
		"an empty one":                        {`""`, "msg_", false, `"msg_e-1"`},
		"an empty one of the own dialect":     {`""`, "msg_", true, `"msg_e-1"`},
		"none":                                {``, "chatcmpl-", false, `"chatcmpl-e-1"`},
		"a number, which is no id":            {`7`, "chatcmpl-", false, `"chatcmpl-e-1"`},
	} {
		client := canon.Client{ID: "e-1", Own: c.own}
		if got := string(client.AppendAnswerID(nil, scan.Value(c.id), c.prefix)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestAnAnswersModelIsTheOneAskedForIfNoneIsNamed holds which model an answer names.
func TestAnAnswersModelIsTheOneAskedForIfNoneIsNamed(t *testing.T) {
	client := canon.Client{Model: "asked"}
	for in, want := range map[string]string{`"served"`: `"served"`, `""`: `"asked"`, ``: `"asked"`, `null`: `"asked"`} {
		if got := string(client.AppendModel(nil, scan.Value(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

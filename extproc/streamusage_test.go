package extproc

import (
	"strings"
	"testing"
)

func TestBlanksInAnEventDoNotHideWhatIsCharged(t *testing.T) {
	r := newRig(t, testPolicy)
	s := openStream(t, r, streamBody)
	s.ResponseBody(`data: { "id" : "x", "choices" : [ { "index" : 0, "delta" : { "content" : "eight by" } } ] }`+"\n\n", false)
	_ = s.Close()
	if row := r.row(); row.UsageSource != "estimated" || row.Tokens == nil || row.Tokens.Output != 2 || row.CostNano == nil {
		t.Errorf("row %+v %+v", row, row.Tokens)
	}
}

func TestEveryReportOfUsageIsReadFieldByField(t *testing.T) {
	report := func(usage string) string { return `data: {"choices":[],"usage":` + usage + "}\n\n" }
	for _, tc := range []struct {
		name          string
		last          []string
		source        string
		input, output int64
	}{
		{"a later report without input", []string{streamEvents[3], report(`{"completion_tokens":7}`)}, "provider", 10, 7},
		{"a later report without anything", []string{streamEvents[3], report(`{}`)}, "provider", 10, 5},
		{"nothing reported", []string{report(`{}`)}, "estimated", 21, 7},
		{"no numbers reported", []string{report(`{"prompt_tokens":"10","completion_tokens":null}`)}, "estimated", 21, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := openStream(t, r, streamBody)
			text, _ := play(s, append(append(streamEvents[:3:3], tc.last...), streamEvents[4]), false)
			if strings.Contains(text, `"choices":[]`) {
				t.Errorf("client got %q", text)
			}
			s.Cancel()
			row := r.row()
			if row.UsageSource != tc.source || row.Tokens.Input != tc.input || row.Tokens.Output != tc.output || *row.CostNano == 0 {
				t.Errorf("%s %+v", row.UsageSource, row.Tokens)
			}
		})
	}
}

func TestAReportFromBeforeTheCutIsNotOfAllOfTheAnswer(t *testing.T) {
	r := newRig(t, testPolicy)
	s := openStream(t, r, streamBody)
	s.ResponseBody(`data: {"choices":[{"index":0,"delta":{"role":"assistant"}}],"usage":{"prompt_tokens":10,"completion_tokens":0}}`+"\n\n", false)
	s.ResponseBody(`data: {"choices":[{"index":0,"delta":{"content":"`+strings.Repeat("word", 100)+`"}}],"usage":null}`+"\n\n", false)
	_ = s.Close()
	if row := r.row(); row.UsageSource != "estimated" || row.Tokens.Input != 10 || row.Tokens.Output != 100 {
		t.Errorf("%s %+v", row.UsageSource, row.Tokens)
	}
}

func TestAPictureIsNotChargedByItsBytesIfTheClientHangsUp(t *testing.T) {
	r := newRig(t, testPolicy)
	s := openStream(t, r, `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,`+strings.Repeat("QUJD", 1_000_000)+`"}}]}]}`)
	s.ResponseBody(streamEvents[1], false)
	_ = s.Close()
	if row := r.row(); row.UsageSource != "estimated" || row.Tokens.Input < 1_000 || row.Tokens.Input > 2_000 {
		t.Errorf("%s %+v", row.UsageSource, row.Tokens)
	}
}

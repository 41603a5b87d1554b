package app

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestABuildInOneLine(t *testing.T) {
	t.Parallel()
	b := Build{Version: "1.2.0", Commit: "0123456789abcdef", Date: time.Date(2026, 11, 28, 1, 2, 3, 0, time.UTC), Changed: true, Go: "go1.26"}
	if got := b.String(); got != "1.2.0, commit 0123456789ab with changes of 2026-11-28T01:02:03Z, go1.26" {
		t.Error(got)
	}
	if got := (Build{Version: "dev", Go: "go1.26"}).String(); got != "dev, go1.26" {
		t.Error(got)
	}
	if err := testutil.CollectAndCompare(b.collector(), strings.NewReader(`# HELP headgate_build_info 1. The labels say which build runs.
# TYPE headgate_build_info gauge
headgate_build_info{commit="0123456789abcdef",go="go1.26",version="1.2.0"} 1
`)); err != nil {
		t.Error(err)
	}
}

package extproc

import (
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestWhatIsForTheGatewayItselfIsNoExchange holds that pages, health and questions of browsers are
// answered without a key, leave no row, and are marked so that Envoy gives no account of them.
func TestWhatIsForTheGatewayItselfIsNoExchange(t *testing.T) {
	r := newRig(t, callersPolicy)
	for _, tc := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 200}, {"HEAD", "/healthz?x=1", 200}, {"GET", "/favicon.ico", 404}, {"OPTIONS", "/v1/chat/completions", 204},
	} {
		s := r.Open("router")
		reply := s.RequestHeaders(H{":method", tc.method, ":path", tc.path, ":authority", "gw.example", ":scheme", "http"}, true)
		if im := reply.Immediate(); im == nil || int(im.Status.Code) != tc.status || reply.Metadata("refused") != "no" {
			t.Errorf("%s %s: %v", tc.method, tc.path, reply)
		}
		s.Cancel()
	}
	r.idle()
	if rows := r.rows(); len(rows) != 0 {
		t.Errorf("rows %+v", rows)
	}
}

func TestARefusedMethodSaysWhichThereAre(t *testing.T) {
	r := newRig(t, callersPolicy)
	reply := r.Open("router").RequestHeaders(H{":method", "GET", ":path", "/chat/completions"}, true)
	if im := reply.Immediate(); im == nil || im.Status.Code != 405 || reply.Set("allow") != "POST, OPTIONS" {
		t.Errorf("%v", reply)
	}
}

// TestARowHasThePath holds that a row says which path was asked for, served or not, and nothing of
// its query.
func TestARowHasThePath(t *testing.T) {
	for path, want := range map[string]string{"/v1/files?key=sk-secret": "/v1/files", "/v1/moderations/": "/v1/moderations"} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(H{":method", "GET", ":path", path}, true)
		s.Cancel()
		if row := r.row(); row.Path != want || row.Reason == "" {
			t.Errorf("%s: row %+v", path, row)
		}
	}
}

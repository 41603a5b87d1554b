package extproc

import (
	"fmt"
	"strings"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	. "github.com/headgate/headgate/extproc/extproctest"
)

func TestAnErrorInPlaceOfAnEmptyBodyGoesWithTheHeaders(t *testing.T) {
	for _, status := range []string{"204", "302", "404", "429", "503"} {
		t.Run(status, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			s.RequestBody(chatBody)
			reply := s.ResponseHeaders(Answered(status, "application/json", "location", "http://elsewhere.test"), true)
			body, changed := reply.Body()
			whole := reply.GetResponseHeaders().GetResponse().GetStatus() == extprocv3.CommonResponse_CONTINUE_AND_REPLACE
			if !changed || !whole || !strings.Contains(body, `"error"`) || !reply.Removes("location") {
				t.Errorf("Envoy takes no body from %v", reply)
			}
		})
	}
}

func TestAReplacedErrorIsNotCalledCompressed(t *testing.T) {
	for _, status := range []string{"200", "500"} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody)
		s.ResponseHeaders(Answered(status, "application/json", "content-encoding", "br"), false)
		reply := s.ResponseBody("\x1b\x03 brotli", true)
		if body, _ := reply.Body(); !strings.Contains(body, `"error"`) || !reply.Removes("content-encoding") {
			t.Errorf("%s: %v", status, reply)
		}
	}
}

func TestTextOfOthersIsBoundedInHeadersAndRows(t *testing.T) {
	for _, tc := range []struct{ name, served, header string }{
		{"line ends", `a\r\nset-cookie: x`, "a??set-cookie: x"},
		{"a NUL", `a\u0000b`, "a?b"},
		{"beyond ASCII", `modèle`, "mod?le"},
		{"beyond the bound, inside a character", strings.Repeat("z", 255) + "è", strings.Repeat("z", 255)},
		{"far beyond the bound", strings.Repeat("z", 1<<20), strings.Repeat("z", 256)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			s.RequestBody(strings.Replace(chatBody, "{", `{"user":"`+strings.Repeat("u", 1<<20)+`",`, 1))
			s.ResponseHeaders(Answered("200", "application/json"), false)
			reply := s.ResponseBody(`{"id":"`+tc.served+`","object":"chat.completion","model":"`+tc.served+`","choices":[]}`, true)
			if got := reply.Set("x-headgate-model"); reply.Err != nil || got != tc.header {
				t.Errorf("header %.300q, want %.300q: %v", got, tc.header, reply.Err)
			}
			s.Cancel()
			if row := r.row(); len(row.User) != 256 || len(row.Served) > 256 || len(row.Response) > 256 {
				t.Errorf("a row of %d, %d and %d bytes", len(row.User), len(row.Served), len(row.Response))
			}
		})
	}
}

func TestNothingOfTheBackendsAccountPassesFromAnExhaustedChain(t *testing.T) {
	r := newRig(t, chainPolicy)
	s, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
	first, _ := attempt(r, id, "gpt", "gpt-4o-mini", Post("/v1/chat/completions"))
	first.ResponseHeaders(H{":status", "503"}, false)
	s.ResponseHeaders(Answered("503", "application/json", "set-cookie", "a=b", "openai-organization", "acme"), false)
	reply := s.ResponseBody(`{"error":{}}`, true)
	if body, _ := reply.Body(); !strings.Contains(body, "all_models_exhausted") || !reply.Removes("set-cookie") || !reply.Removes("openai-organization") {
		t.Errorf("%v", reply)
	}
}

func TestARefusalNamesSomeOfManyUnsupportedFields(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	var body strings.Builder
	body.WriteString(`{"model":"claude","messages":[{"role":"user","content":"hi"}],"` + strings.Repeat("z", 1<<20) + `":1`)
	for i := range 20_000 {
		fmt.Fprintf(&body, `,"%x":1`, i)
	}
	refused := s.RequestBody(body.String() + "}").Immediate()
	if n := len(refused.GetBody()); n == 0 || n > 8<<10 {
		t.Errorf("a refusal of %d bytes", n)
	}
}

func TestANameThatIsNoTextCutsNoStream(t *testing.T) {
	r := newRig(t, testPolicy)
	s := openStream(t, r, streamBody)
	s.ResponseBody("data: {\"model\":\"m\xff\",\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n", false)
	if reply := s.ResponseBody("data: [DONE]\n\n", true); reply.Err != nil || reply.Metadata("served") != "m\uFFFD" {
		t.Errorf("served %q: %v", reply.Metadata("served"), reply.Err)
	}
}

func TestAnErrorThatQuotesTheCredentialDoesNotPass(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("400", "application/json"), false)
	reply := s.ResponseBody(`{"error":{"message":"unknown header authorization: Bearer sk-backend-secret","type":"invalid_request_error"}}`, true)
	if body, changed := reply.Body(); !changed || strings.Contains(body, "sk-backend-secret") || !strings.Contains(body, "answered with status 400") {
		t.Errorf("the client gets %q", body)
	}
}

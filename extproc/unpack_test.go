package extproc

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	return strings.Join(zipped(t, text), "")
}

// TestARequestThatIsPackedIsMadePlain holds that the provider, the length and all stages get the
// plain body, whatever the client calls gzip, and in pools of one backend and of several.
func TestARequestThatIsPackedIsMadePlain(t *testing.T) {
	for _, name := range []string{"gzip", "GZIP", "x-gzip"} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions", "content-encoding", name), false)
		body := gzipped(t, chatBody)
		reply := s.RequestBody(body)
		plain, replaced := reply.Body()
		if !replaced || plain != chatBody || reply.Set("content-length") != fmt.Sprint(len(chatBody)) || !reply.Removes("content-encoding") {
			t.Errorf("%s: the provider gets %q: %v", name, plain, reply)
		}
		s.Cancel()
		if row := r.row(); row.Model != "gpt-4o-mini" || row.RequestBytes != len(body) {
			t.Errorf("row %+v", row)
		}
	}
}

func TestIdentityIsNoEncoding(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions", "content-encoding", "identity"), false)
	if reply := s.RequestBody(chatBody); !reply.Reroutes() {
		t.Errorf("%v", reply)
	}
}

func TestOtherEncodingsAreRefusedBeforeTheBody(t *testing.T) {
	for _, headers := range [][]string{{"br"}, {"deflate"}, {"zstd"}, {"gzip, br"}, {"gzip", "gzip"}} {
		for path, dialect := range map[string]string{"/v1/chat/completions": `"code":"unsupported_content_encoding"`, "/v1/messages": `"type":"error"`} {
			r := newRig(t, testPolicy)
			h := Post(path)
			for _, name := range headers {
				h = append(h, "content-encoding", name)
			}
			reply := r.Open("router").RequestHeaders(h, false)
			im := reply.Immediate()
			if im == nil || im.Status.Code != 415 || !strings.Contains(string(im.Body), "content-encoding "+headers[0][:2]) || !strings.Contains(string(im.Body), dialect) || reply.Set("accept-encoding") != "gzip, identity" {
				t.Errorf("%q at %s: %v", headers, path, reply)
			}
		}
	}
}

// TestPackedBodiesThatAreRefused holds what becomes of bodies that are damaged, or unpack to more
// than the policy's limit, or to much more than they are.
func TestPackedBodiesThatAreRefused(t *testing.T) {
	const limit = 3 << 20
	document := testPolicy + "limits: {body: 3MiB}\n"
	good := gzipped(t, chatBody)
	atLimit := strings.Replace(chatBody, "hello", strings.Repeat("0123456789abcdef", 1<<10), 1)
	lying := []byte(gzipped(t, strings.Repeat("a", 8<<20)))
	binary.LittleEndian.PutUint32(lying[len(lying)-4:], 100)
	random := make([]byte, limit/2)
	for i := range random {
		random[i] = byte(i * i >> 3)
	}
	for _, c := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"no gzip", chatBody, 400, "cannot be unpacked"},
		{"half", good[:len(good)/2], 400, "cannot be unpacked"},
		{"without its end", good[:len(good)-6], 400, "cannot be unpacked"},
		{"a wrong sum", good[:len(good)-8] + "xxxx" + good[len(good)-4:], 400, "cannot be unpacked"},
		{"two bytes", "\x1f\x8b", 400, "cannot be unpacked"},
		{"nothing", gzipped(t, ""), 400, "JSON"},
		{"what is no JSON", gzipped(t, "hello"), 400, "JSON"},
		{"a bomb", gzipped(t, strings.Repeat("a", 2<<20)), 413, "more than 200 times"},
		{"a bomb that lies", string(lying), 413, "more than 200 times"},
		{"beyond the limit", gzipped(t, strings.Repeat(string(random), 3)), 413, fmt.Sprintf("more than the %d bytes", limit)},
		{"a repetitive text", gzipped(t, atLimit), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, document)
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions", "content-encoding", "gzip"), false)
			reply := s.RequestBody(c.body)
			im := reply.Immediate()
			if c.status == 0 {
				if im != nil {
					t.Errorf("refused: %s", im.Body)
				}
				return
			}
			if im == nil || int(im.Status.Code) != c.status || !strings.Contains(string(im.Body), c.says) {
				t.Errorf("%v", reply)
			}
			if n := r.gauge("headgate_request_bombs_total"); (n == 1) != strings.HasPrefix(c.name, "a bomb") {
				t.Errorf("%v bombs are counted", n)
			}
		})
	}
}

// BenchmarkUnpack unpacks bodies, of text that packs well.
func BenchmarkUnpack(b *testing.B) {
	for _, kib := range []int{4, 1024} {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		for i := range kib << 4 {
			fmt.Fprintf(z, "line %d has something of its own and more %d\n", i, i*i)
		}
		_ = z.Close()
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plain, err := gunzip(packed.Bytes(), 32<<20)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(plain)))
			}
		})
	}
}

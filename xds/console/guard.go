package console

import (
	"mime"
	"net/http"
	"path"

	"github.com/headgate/headgate/policy/loopback"
)

// maxBody is the greatest size of a request's body in bytes.
const maxBody = 8 << 20

// guarded refuses what a web page could make the browser of an operator send. It
// protects reading by the name of the host, because a page may point a name of its own
// at loopback; and writing in addition by where the request came from. Its third part is
// in Console.serve: a body is of a content type that no form can send.
func guarded(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback.Authority(r.Host) {
			refuse(w, Forbidden.New("the host %q is not loopback: ask by 127.0.0.1, [::1] or localhost", r.Host))
			return
		}
		if err := crossOrigin.Check(r); err != nil {
			refuse(w, Forbidden.New("another site asks for a change"))
			return
		}
		if p := r.URL.EscapedPath(); p != path.Clean(p) && p != path.Clean(p)+"/" {
			notFound(w, r) // the mux would redirect, with a page of HTML
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func isJSON(r *http.Request) bool {
	typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && typ == "application/json"
}

package policy

import (
	"time"

	"github.com/headgate/headgate/policy/strict"
)

// MaxBody is the greatest BodyLimit that a policy may set, in bytes.
const MaxBody = 256 << 20

// Room is how many bytes Envoy holds of a body that may have limit bytes as it comes: written anew for
// a backend, or for a client of another dialect, it is longer.
func Room(limit int64) int64 { return 2 * limit }

// AnswerTooLarge is the status of an answer that is longer than BodyLimit. No SDK asks again after
// it by itself, as they do after 408, 409, 429 and all above 499.
const AnswerTooLarge = 422

var limitsSection = section{fields: []strict.Member[document]{
	strict.Bind("limits", func(d *document) *Set { return &d.Set }, limits).
		Doc("Bounds that protect the gateway itself.").
		Example(`limits: {body: 32MiB}`),
}}

var limits = strict.NewObject(
	strict.Bind("body", func(s *Set) *int64 { return &s.BodyLimit }, strict.Size(1<<10, MaxBody)).Default(32<<20).
		Doc("Greatest size of one buffered request or response body. Units: B, KB, MB, KiB, MiB.").
		Example(`body: 32MiB`),
	strict.Bind("memory", func(s *Set) *int64 { return &s.Memory }, strict.Size(1<<20, 1<<40)).Absent("a quarter of the memory that the process may use").
		Doc("Greatest size of all bodies together that one Headgate process holds: buffered requests and answers, and what guards hold of streams; at least `body`. Requests beyond it get a 503 with retry-after. The memory that a process may use is its cgroup's limit, without one the machine's, of which `headgate run` leaves half to Envoy; bodies that come at once take Envoy 3.5 times as much at worst.").
		Example(`memory: 512MiB`),
	strict.Bind("stall", func(s *Set) *time.Duration { return &s.Stall }, strict.Duration(time.Second, time.Minute)).Default(2*time.Second).
		Doc("Longest that Envoy waits for Headgate to answer one message of an exchange, if Headgate stands still: then the client gets a 504, or its stream is cut. A greater one lets requests and streams survive longer stalls. A request with a body above 256KiB, or of a length that it does not say, has 8s more, and 1s for each 4MiB of body.").
		Example(`stall: 2s`),
)

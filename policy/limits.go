package policy

import "github.com/headgate/headgate/policy/strict"

// MaxBody is the greatest BodyLimit that a policy may set, in bytes.
const MaxBody = 256 << 20

var limitsSection = section{fields: []strict.Member[document]{
	strict.Bind("limits", func(d *document) *Set { return &d.Set }, limits).
		Doc("Bounds that protect the gateway itself.").
		Example(`limits: {body: 32MiB}`),
}}

var limits = strict.NewObject(
	strict.Bind("body", func(s *Set) *int64 { return &s.BodyLimit }, strict.Size(1<<10, MaxBody)).Default(32 << 20).
		Doc("Greatest size of one buffered request or response body. Units: B, KB, MB, KiB, MiB.").
		Example(`body: 32MiB`),
)

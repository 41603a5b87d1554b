package policy

import "github.com/headgate/headgate/policy/strict"

// Records says what the rows of exchanges hold beside what they always do. The zero value: nothing.
type Records struct {
	ClientAddress bool // the client's IP address
	ForwardedHops int  // proxies before the gateway that append to x-forwarded-for
}

var recordsSection = section{fields: []strict.Member[document]{
	strict.Bind("records", func(d *document) *Records { return &d.Records }, records).
		Doc("What the rows of exchanges, and the access log, hold beside what they always do.").
		Example(`records: {client_address: true}`),
}}

var records = strict.NewObject(
	strict.Bind("client_address", func(r *Records) *bool { return &r.ClientAddress }, strict.Switch()).Default(false).
		Doc("Record the client's IP address, which may be personal data: that of the other end of its connection, unless forwarded_hops is above 0.").
		Example(`client_address: true`),
	strict.Bind("forwarded_hops", func(r *Records) *int { return &r.ForwardedHops }, strict.Int(0, 10)).Default(0).
		Doc("How many proxies stand before the gateway on every way to it, each of which appends the address that it sees to x-forwarded-for: the client's address is the last but so many. Whoever reaches the gateway past them can claim any address.").
		Example(`forwarded_hops: 1`),
)

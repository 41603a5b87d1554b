package exchange

// Own is a call that the gateway makes itself. No limit, no guard and no cache takes part in it,
// and no stage starts another one of it.
type Own struct {
	Feature string // what it is made for: a closed set
	Parent  string // the exchange on whose behalf it is made; empty: none
}

// OwnCaller is the name of who asks in the gateway's own calls.
const OwnCaller = "headgate"

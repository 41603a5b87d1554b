package policy

import (
	"time"

	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/price"
)

// Set is the compiled form of one policy document, and of what lies over it. It is
// immutable once Parse or Under returned it and safe for concurrent use; a new document
// makes a new Set.
type Set struct {
	Revision      string // content hash of the document and of what lies over it, 12 hex digits
	Shape         string // as Revision, of all that Envoy's routes and an exchange must agree on: weights are left out
	Listen        Listen // where the gateway listens for clients
	Anonymous     bool   // serve beyond loopback although no callers are configured
	Backends      map[string]*Backend
	Models        map[string]*Model
	Default       string               // name that is answered in the place of one that no model answers; empty: such are refused
	Prices        *price.Catalogue     // the built-in catalogue with the document's prices on top
	Traits        *catalogue.Catalogue // the built-in catalogue with the document's words on top
	Unpriced      Unpriced             // what to do with a model that has no price
	BodyLimit     int64                // bytes of one buffered request or response body
	Memory        int64                // bytes of all bodies that one process holds; 0: a share of what it may use
	Stall         time.Duration        // how long Envoy waits for one answer of ext_proc's; see LargeStall
	Callers       map[string]*Caller   // who may ask; see HasCallers
	ManagedKeys   bool                 // the control plane's keys may ask, too
	Trusted       Trusted              // whose headers say who asks
	CORS          CORS                 // which web pages may ask
	Hosts         []string             // by which clients may ask a private gateway, in lower case: see AsksAs
	Tiers         map[string]*Tier
	Teams         map[string]*Quota
	Features      map[string]*Quota
	Timezone      string // IANA name of the zone in which days and months of budgets begin
	Redis         Redis  // of balances
	AnonymousTier string // whose quota those without a key have, all of them together; empty: none
	OwnCalls      OwnCalls
	Store         Store   // of the control plane; pairs get none
	Journal       Journal // of exchanges
	Records       Records // of exchanges
	Guards        Guards  // of the content of all exchanges
	Cache         Cache   // of answers
	State         State   // that providers keep
	Overlay       Overlay // what lies over the document: the entries that act

	document  *Set             // without the overlay; nil: nothing lies over it
	elsewhere map[string][]Use // by model: see Elsewhere
	undrained []string         // models: see Undrained
}

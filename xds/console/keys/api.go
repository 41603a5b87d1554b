package keys

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/key"
)

// Key is a key, and how it stands with it.
type Key struct {
	key.Key
	State    key.State     `json:"state"`
	Balances *key.Balances `json:"balances,omitempty"` // of a caller's that is active, where one key is asked for
}

// List are keys.
type List struct {
	Keys []Key `json:"keys"`
}

// Made is a key, and its text, which is shown this once.
type Made struct {
	Key     Key    `json:"key"`
	Text    string `json:"text"`
	Warning string `json:"warning,omitempty"` // why it is not taken now
}

// Change is what every request to change a key has.
type Change struct {
	Author string `json:"author,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Creation is what a request to make a key holds.
type Creation struct {
	key.Spec
	Change
}

// Rotation is what a request to rotate a key holds.
type Rotation struct {
	Overlap string `json:"overlap,omitempty"` // a duration; empty: 0
	Change
}

// Expiry is what a request to have a key expire holds.
type Expiry struct {
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Change
}

// Assignment is what a request to give a key other attributes holds.
type Assignment struct {
	Attributes key.Attributes `json:"attributes"`
	Change
}

type api struct {
	Options
	service Service
}

func (a api) stated(k *key.Key) Key { return Key{Key: *k, State: k.State(a.Now())} }

func (a api) list(c *console.Call) (any, error) {
	ended := false
	if text := c.Query().Get("ended"); text != "" {
		var err error
		if ended, err = strconv.ParseBool(text); err != nil {
			return nil, console.BadRequest.New("ended: must be true or false, is %q", text)
		}
	}
	all, err := a.service.List(c.Context(), ended)
	out := List{Keys: make([]Key, 0, len(all))}
	for i := range all {
		out.Keys = append(out.Keys, a.stated(&all[i]))
	}
	return out, err
}

func (a api) get(c *console.Call) (any, error) {
	k, err := a.service.Get(c.Context(), c.PathValue("key"))
	if err != nil {
		return nil, failure(err)
	}
	out := a.stated(k)
	if out.Role == key.Caller && out.State == key.Active && a.Balances != nil {
		all := a.Balances(c.Context(), k.ID)
		out.Balances = &all
	}
	return out, nil
}

func (a api) create(c *console.Call) (any, error) {
	var body Creation
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	by := propose(c, body.Name, body.Change)
	made, err := a.service.Create(c.Context(), body.Spec, by)
	return a.made(c, "", made, err)
}

func (a api) rotate(c *console.Call) (any, error) {
	var body Rotation
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	propose(c, c.PathValue("key"), body.Change)
	overlap, err := time.ParseDuration(cmp.Or(body.Overlap, "0s"))
	if err != nil {
		return nil, console.BadRequest.New("overlap: must be a duration, such as 24h, is %q", body.Overlap)
	}
	before, err := a.service.Get(c.Context(), c.PathValue("key"))
	if err != nil {
		return nil, failure(err)
	}
	made, err := a.service.Rotate(c.Context(), before.ID, overlap)
	return a.made(c, summary(before), made, err)
}

func (a api) made(c *console.Call, from string, made *key.Made, err error) (any, error) {
	if err != nil {
		return nil, failure(err)
	}
	c.Changed(from, summary(&made.Key))
	out := Made{Key: a.stated(&made.Key), Text: made.Text}
	if made.Key.Role == key.Caller && !a.Takes() {
		out.Warning = "the policy in effect does not take it: it does not say managed_keys: true"
	}
	return out, nil
}

func (a api) revoke(c *console.Call) (any, error) {
	var body Change
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	by := propose(c, c.PathValue("key"), body)
	return a.update(c, func(id string) (*key.Key, error) { return a.service.Revoke(c.Context(), id, by) })
}

func (a api) expire(c *console.Call) (any, error) {
	var body Expiry
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	propose(c, c.PathValue("key"), body.Change)
	return a.update(c, func(id string) (*key.Key, error) { return a.service.Expire(c.Context(), id, body.Expires) })
}

func (a api) assign(c *console.Call) (any, error) {
	var body Assignment
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	propose(c, c.PathValue("key"), body.Change)
	return a.update(c, func(id string) (*key.Key, error) { return a.service.Assign(c.Context(), id, body.Attributes) })
}

// update changes a key that is there, whose record begins with what it was.
func (a api) update(c *console.Call, change func(id string) (*key.Key, error)) (any, error) {
	before, err := a.service.Get(c.Context(), c.PathValue("key"))
	if err != nil {
		return nil, failure(err)
	}
	after, err := change(before.ID)
	if err != nil {
		return nil, failure(err)
	}
	c.Changed(summary(before), summary(after))
	return a.stated(after), nil
}

// propose says for the record which key is to be changed, and returns by whom.
func propose(c *console.Call, name string, of Change) (author string) {
	author = cmp.Or(c.By.Author(of.Author), c.By.Key)
	if id := keyform.ID([]byte(name)); id != nil { // a text in the place of a name is a secret
		name = keyform.Mask(string(id))
	}
	c.Propose("key "+name, author, strings.TrimSpace(of.Reason))
	return author
}

// summary is what the record has of a key: nothing of it is secret.
func summary(k *key.Key) string {
	text, _ := json.Marshal(k) // texts, numbers and times always are JSON
	return string(text)
}

// Package keyring holds the keys that the control plane has made, as a pair knows them.
//
// The promise: a key that was revoked is not found from the moment on at which the pair was given
// that, and none is beyond its time. An unknown key and a wrong one take the same way. The trap:
// expiry goes by this machine's clock, so that it counts without a control plane, too.
package keyring

import (
	"bytes"
	"crypto/subtle"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/policy/pairpb"
)

// Ring is the keys of one installation. It is safe for concurrent use, and nothing of it waits.
type Ring struct {
	mu      sync.RWMutex
	pepper  []byte // nil: no keys were ever given
	hasher  *keyform.Hasher
	version int64
	keys    map[id]*key
}

type id [keyform.IDLength]byte

// key is a key and whose it is.
type key struct {
	message *pairpb.Key
	hashes  []hash
	expires int64 // nanoseconds since 1970; 0: never
	caller  exchange.Caller
}

type hash struct {
	keyform.Hash
	until int64 // as expires
}

// nobody is what a key is compared with that is not there. Its time is over.
var nobody = &key{hashes: make([]hash, 1), expires: 1}

// New makes a Ring without keys.
func New(reg prometheus.Registerer) *Ring {
	r := &Ring{}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_keys",
		Help: "Keys of the control plane that the pair knows; -1: it has not learned yet which there are."}, r.number))
	return r
}

func (r *Ring) number() float64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.pepper == nil {
		return -1
	}
	return float64(len(r.keys))
}

// Known reports whether the control plane has ever said which keys there are.
func (r *Ring) Known() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.pepper != nil
}

// Find returns whose key a secret is; nil: nobody's, or it was revoked or has expired.
func (r *Ring) Find(secret []byte, now time.Time) *exchange.Caller {
	one, hasher := r.named(secret)
	if hasher == nil {
		return nil
	}
	sum, at := hasher.Hash(secret), now.UnixNano()
	same := 0
	for i := range one.hashes {
		h := &one.hashes[i]
		same |= subtle.ConstantTimeCompare(sum[:], h.Hash[:]) & valid(h.until, at)
	}
	if same&valid(one.expires, at) != 1 {
		return nil
	}
	return &one.caller
}

// named returns the key that a secret names, or nobody, and what it is hashed by; nil: nothing.
func (r *Ring) named(secret []byte) (*key, *keyform.Hasher) {
	var name id
	copy(name[:], keyform.ID(secret))
	r.mu.RLock()
	defer r.mu.RUnlock()
	if one, ok := r.keys[name]; ok {
		return one, r.hasher
	}
	return nobody, r.hasher
}

// valid is 1 unless a time is over.
func valid(until, now int64) int {
	if until == 0 || now < until {
		return 1
	}
	return 0
}

// Caller returns whose key it is that has an id, whether or not its time is over; nil: there is
// none.
func (r *Ring) Caller(name string) *exchange.Caller {
	if len(name) != keyform.IDLength {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if one, ok := r.keys[id([]byte(name))]; ok {
		return &one.caller
	}
	return nil
}

// Have returns what there is; the zero value: nothing.
func (r *Ring) Have() *pairpb.KeysState {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.pepper == nil {
		return &pairpb.KeysState{}
	}
	return &pairpb.KeysState{Installation: keyform.Installation(r.pepper), Version: r.version}
}

// Take takes in keys. Changes of what is not there, or of another installation, are left alone.
func (r *Ring) Take(m *pairpb.Keys) {
	came := make(map[id]*key, len(m.GetKeys()))
	for _, one := range m.GetKeys() {
		if len(one.GetId()) == keyform.IDLength {
			came[id([]byte(one.GetId()))] = read(one)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.GetWhole() {
		r.pepper, r.hasher, r.keys = m.GetPepper(), keyform.NewHasher(m.GetPepper()), came
	} else if r.pepper == nil || !bytes.Equal(r.pepper, m.GetPepper()) {
		return
	}
	for _, gone := range m.GetGone() {
		if len(gone) == keyform.IDLength {
			delete(r.keys, id([]byte(gone)))
		}
	}
	maps.Copy(r.keys, came)
	r.version = m.GetVersion()
}

// All returns everything there is, as Take takes it; nil: nothing.
func (r *Ring) All() *pairpb.Keys {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.pepper == nil {
		return nil
	}
	m := &pairpb.Keys{Pepper: r.pepper, Version: r.version, Whole: true, Keys: make([]*pairpb.Key, 0, len(r.keys))}
	for _, one := range r.keys {
		m.Keys = append(m.Keys, one.message)
	}
	return m
}

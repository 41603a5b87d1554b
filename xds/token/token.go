// Package token is how a pair and a control plane know each other that meet at a port of
// loopback without TLS, which every user of the machine reaches: both read the secret of one
// file.
//
// The promise: the secret never travels. A pair shows a proof for a nonce and a time, and the
// control plane one for the same nonce before anything of it is believed, so neither learns
// from an impostor's attempt what would let the impostor in. The trap: nothing is encrypted, and
// a proof holds for a minute. Whoever can read the traffic of loopback is root, and needs none.
package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// asks is what a pair shows that has no proof, because it does not know yet where the token is.
const asks = "?"

// What both ends put into the headers of a stream.
const (
	pairHeader  = "headgate-pair-proof"          // of a pair: nonce, Unix time in seconds, proof; or asks
	planeHeader = "headgate-control-plane-proof" // of a control plane that a proof was shown to
	fileHeader  = "headgate-token-file"          // of a control plane that was shown none: where its secret is
)

// fresh is how far a proof's time may be from the control plane's.
const fresh = time.Minute

// The two ends make different proofs: one that is sent back proves nothing.
const (
	byPair  = "pair"
	byPlane = "control plane"
)

// proof is the HMAC-SHA-256 of who proves what, in hex.
func proof(secret, by, nonce string, at int64) string {
	m := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(m, "headgate %s %s %d", by, nonce, at)
	return hex.EncodeToString(m.Sum(nil))
}

// claim is what a pair says to prove that it has the secret.
type claim struct {
	nonce string
	at    int64 // Unix time, in seconds
}

func newClaim(now time.Time) claim { return claim{rand.Text(), now.Unix()} }

// text is a claim with its proof.
func (c claim) text(secret string) string {
	return c.nonce + " " + strconv.FormatInt(c.at, 10) + " " + proof(secret, byPair, c.nonce, c.at)
}

// errForged says that a proof was made without the secret, or with that of another file.
var errForged = errors.New("the proof is not of this control plane's token")

// verify reads a claim with its proof. It compares proofs in constant time.
func verify(text, secret string, now time.Time) (claim, error) {
	parts := strings.Split(text, " ")
	if len(parts) != 3 {
		return claim{}, errForged
	}
	at, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return claim{}, errForged
	}
	c := claim{parts[0], at}
	if !hmac.Equal([]byte(parts[2]), []byte(proof(secret, byPair, c.nonce, c.at))) {
		return claim{}, errForged
	}
	if age := now.Sub(time.Unix(at, 0)).Abs(); age > fresh {
		return claim{}, fmt.Errorf("the proof is of another time, by %v: the clocks differ, or it was overheard", age)
	}
	return c, nil
}

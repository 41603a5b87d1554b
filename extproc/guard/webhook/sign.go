package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/secret"
)

const (
	timestampHeader = "X-Headgate-Timestamp" // Unix seconds
	signatureHeader = "X-Headgate-Signature" // v1= and the HMAC in hex
)

// sign returns the headers from which a service knows that a call is of this gateway, and of this
// time: HMAC-SHA-256 over the timestamp, a dot and the body.
func sign(with secret.Secret, body []byte, now time.Time) http.Header {
	at := strconv.FormatInt(now.Unix(), 10)
	h := hmac.New(sha256.New, []byte(with.Reveal()))
	h.Write([]byte(at + ".")) // a hash does not fail
	h.Write(body)
	return http.Header{timestampHeader: {at}, signatureHeader: {"v1=" + hex.EncodeToString(h.Sum(nil))}}
}

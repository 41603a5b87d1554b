package anthropic

import (
	"crypto/sha256"
	"encoding/base64"
)

const signaturePrefix = "sim"

// sign returns the signature of a thinking block's text.
func sign(text string) string {
	sum := sha256.Sum256([]byte("headgate simulated thinking\x00" + text))
	return signaturePrefix + base64.StdEncoding.EncodeToString(sum[:])
}

package adminkey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// ErrUnproven says that who names a file does not know the key in it.
var ErrUnproven = errors.New("what listens at the port names the file of an admin key that it does not know")

// ChallengeHeader is the header of a request without a key that asks which file has it. What is
// in it is random.
const ChallengeHeader = "X-Headgate-Challenge"

// NewChallenge makes what ChallengeHeader holds.
func NewChallenge() string { return random() }

// Hint is where a command on the same machine finds the key of a control plane.
type Hint struct {
	File string
	// Proof shows that who names the file knows what is in it. Somebody else at the port could
	// have a command show it the key of another control plane, else.
	Proof string
}

// Hint answers a challenge at a port of this process; nil: there is no file.
func (f *File) Hint(challenge, port string) *Hint {
	secret := f.secret()
	if secret == "" || challenge == "" {
		return nil
	}
	return &Hint{File: f.path, Proof: proof(secret, challenge, port)}
}

// Secret returns the key in the file if whoever answered the challenge at a port knows it.
func (h *Hint) Secret(challenge, port string) (string, error) {
	secret, err := ReadFile(h.File)
	if err != nil {
		return "", err
	}
	if !hmac.Equal([]byte(proof(secret, challenge, port)), []byte(h.Proof)) {
		return "", ErrUnproven
	}
	return secret, nil
}

// proof holds for one port, so that who listens at another cannot pass the question on.
func proof(secret, challenge, port string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(challenge + " " + port))
	return hex.EncodeToString(mac.Sum(nil))
}

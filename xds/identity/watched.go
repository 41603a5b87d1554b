package identity

import (
	"errors"
	"time"
)

// Content is what the files of a server held when they last could be used.
type Content struct {
	Cert, Key, CA []byte    // PEM; CA is empty if no file of it is named
	Expires       time.Time // the certificate
	Failure       error     // why what they hold now cannot be used; nil: it is this
}

// Watched are the files of a server that others secure connections with. It is safe for
// concurrent use.
type Watched struct{ keeper *keeper }

// Watch reads the files of a server, which must be good.
func Watch(f Files, o Options) (*Watched, error) {
	if f.Cert == "" || f.Key == "" {
		return nil, errors.New("both a certificate and its key are needed")
	}
	k, err := open(f, o)
	if err != nil {
		return nil, err
	}
	return &Watched{k}, nil
}

// Content returns what the files hold. They are looked at once a second.
func (w *Watched) Content() Content {
	k := w.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	k.look()
	return Content{
		Cert: k.from.cert, Key: k.from.key, CA: k.from.ca,
		Expires: k.good.pair.Leaf.NotAfter, Failure: k.failure,
	}
}

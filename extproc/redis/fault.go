package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Reason says why Redis did not answer as it should. It is a closed set.
type Reason string

// The values of Reason.
const (
	ReasonTimeout     Reason = "timeout"     // it did not answer in time, or no connection was free
	ReasonUnreachable Reason = "unreachable" // it cannot be connected to, or the connection broke
	ReasonLoading     Reason = "loading"     // it has just begun, and reads its data
	ReasonReadOnly    Reason = "read_only"   // it is a replica, or has lost its master
	ReasonCluster     Reason = "cluster"     // the cluster does not serve the slot
	ReasonDenied      Reason = "denied"      // user, password, right or certificate
	ReasonFull        Reason = "full"        // of memory or connections
	ReasonScript      Reason = "script"      // it ran the script and refused something in it
	ReasonOther       Reason = "other"
)

// Reasons are all values of Reason.
var Reasons = []Reason{
	ReasonTimeout, ReasonUnreachable, ReasonLoading, ReasonReadOnly, ReasonCluster, ReasonDenied, ReasonFull, ReasonScript, ReasonOther,
}

// words are how Redis' errors begin.
var words = map[string]Reason{
	"LOADING": ReasonLoading, "READONLY": ReasonReadOnly, "MASTERDOWN": ReasonReadOnly, "NOREPLICAS": ReasonReadOnly,
	"CLUSTERDOWN": ReasonCluster, "MOVED": ReasonCluster, "ASK": ReasonCluster, "TRYAGAIN": ReasonCluster, "CROSSSLOT": ReasonCluster,
	"WRONGPASS": ReasonDenied, "NOAUTH": ReasonDenied, "NOPERM": ReasonDenied, "OOM": ReasonFull, "MISCONF": ReasonFull,
	"BUSY": ReasonTimeout, "WRONGTYPE": ReasonScript, "ERR": ReasonScript,
}

// ReasonOf says why a call failed.
func ReasonOf(err error) Reason {
	var answer redis.Error
	if errors.As(err, &answer) {
		return reasonOfAnswer(answer.Error())
	}
	var (
		timeout   net.Error
		unknown   x509.UnknownAuthorityError
		otherName x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
		broken    *net.OpError
	)
	switch {
	case errors.As(err, &unknown), errors.As(err, &otherName), errors.As(err, &invalid), errors.As(err, &alert):
		return ReasonDenied
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, redis.ErrPoolTimeout):
		return ReasonTimeout
	case errors.As(err, &broken), strings.Contains(err.Error(), "EOF"):
		return ReasonUnreachable
	}
	return ReasonOther
}

func reasonOfAnswer(text string) Reason {
	word, _, _ := strings.Cut(text, " ")
	if strings.HasPrefix(text, "ERR max number of clients") {
		return ReasonFull
	}
	if reason, ok := words[word]; ok {
		return reason
	}
	return ReasonOther
}

// Redact takes secrets of a URL out of a text: some servers quote what they do not understand.
func Redact(text, from string) string {
	for _, secret := range secretsOf(from) {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return text
}

func secretsOf(text string) []string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	_, raw, _ := strings.Cut(u.User.String(), ":")
	return slices.DeleteFunc([]string{raw, password}, func(s string) bool { return s == "" })
}

package redis

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/regular"
)

// Check reports what is wrong with where a policy says that Redis' URL is found, without asking
// Redis; nil: nothing. No error here quotes the URL.
func Check(r policy.Redis, lookupEnv func(string) (string, bool)) error {
	url, err := find(r.URL, lookupEnv)
	if err != nil {
		return err
	}
	client, err := Open(url, r.Cluster)
	if err != nil {
		return unusable(r.URL, err)
	}
	return client.Close()
}

func unusable(at policy.Credential, err error) error {
	return fmt.Errorf("what %s holds %w", at.Env+at.File, err)
}

// maxURL bounds a URL, in bytes.
const maxURL = 16 << 10

// find looks a URL up.
func find(at policy.Credential, lookupEnv func(string) (string, bool)) (string, error) {
	if at.File == "" {
		text, _ := lookupEnv(at.Env)
		if text = strings.TrimSpace(text); text == "" {
			return "", fmt.Errorf("environment variable %s is not set: it holds the URL of Redis", at.Env)
		}
		return text, nil
	}
	data, err := regular.Read(at.File, maxURL)
	switch text := strings.TrimSpace(string(data)); {
	case err != nil:
		return "", fmt.Errorf("the URL of Redis: %w", err)
	case text == "":
		return "", fmt.Errorf("file %s is empty: it holds the URL of Redis", at.File)
	default:
		return text, nil
	}
}

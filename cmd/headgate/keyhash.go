package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// What a key for the policy has, in characters. What is shorter can be guessed from its hash.
const (
	minKey = 16
	maxKey = 4096
)

// hashed is a key with its hash.
type hashed struct {
	Key    string `json:"key,omitempty"` // only if it is new
	SHA256 string `json:"sha256"`
}

func newKeyHash() *cobra.Command {
	var fresh bool
	var output string
	cmd := &cobra.Command{
		Use:   "hash",
		Short: "Print the SHA-256 of a key, by which a policy lists it",
		Long: `Print the SHA-256 of the key on the standard input, or with --new of a new one, which is
printed, too. A policy lists a caller's key by it. No control plane is asked.

  headgate key hash < key.txt
  headgate key hash --new

Take random keys alone: from the hash of one that somebody made up it can be guessed.` + printingCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("output %q: must be table or json", output)
			}
			h, err := hashOf(cmd.InOrStdin(), fresh)
			switch {
			case err != nil:
				return err
			case output == "json":
				return printJSON(cmd.OutOrStdout(), h)
			case !fresh:
				_, err = fmt.Fprintln(cmd.OutOrStdout(), h.SHA256)
			default:
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "key     %s\nsha256  %s\n\nIn the policy: callers: {NAME: {key: {sha256: \"%[2]s\"}}}. The key is not shown again.\n", h.Key, h.SHA256)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&fresh, "new", false, "make a new key, of 130 random bits")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

// hashOf hashes a key that is read, or a new one.
func hashOf(in io.Reader, fresh bool) (h hashed, err error) {
	key := "hg_" + strings.ToLower(rand.Text())
	if fresh {
		h.Key = key
	} else if key, err = readKey(in); err != nil {
		return h, err
	}
	sum := sha256.Sum256([]byte(key))
	h.SHA256 = hex.EncodeToString(sum[:])
	return h, nil
}

// readKey reads a key, without the blanks around it.
func readKey(in io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxKey+1))
	if err != nil {
		return "", fmt.Errorf("reading the key: %w", err)
	}
	switch key := strings.TrimSpace(string(data)); {
	case len(data) > maxKey:
		return "", fmt.Errorf("a key has at most %d characters", maxKey)
	case len(key) < minKey:
		return "", fmt.Errorf("the key on the standard input has %d characters: %d are needed at least (--new makes one)", len(key), minKey)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "", errors.New("a key is one word of printable ASCII characters: others get into no header")
	default:
		return key, nil
	}
}

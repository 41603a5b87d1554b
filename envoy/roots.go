package envoy

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// rootFiles are the paths at which systems keep their root certificates as one file.
var rootFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/tls/certs/ca-bundle.crt",                  // older Fedora and RHEL
	"/etc/ssl/cert.pem",                                 // macOS, BSDs, Arch
}

// Roots returns the file with the system's root certificates, which Envoy does not find by
// itself: the one that SSL_CERT_FILE names, else the first of rootFiles that exists. It is
// this machine's, for an Envoy that runs here.
func Roots(getenv func(string) string) (string, error) {
	return rootsAmong(getenv, rootFiles)
}

func rootsAmong(getenv func(string) string, files []string) (string, error) {
	if file := getenv("SSL_CERT_FILE"); file != "" {
		if err := readable(file); err != nil {
			return "", fmt.Errorf("SSL_CERT_FILE: %w", err)
		}
		return file, nil
	}
	for _, file := range files {
		if readable(file) == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("no root certificates at %s: install ca-certificates, or name a file with SSL_CERT_FILE", strings.Join(files, ", "))
}

func readable(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return &os.PathError{Op: "open", Path: file, Err: errors.New("not a file with certificates")}
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	return f.Close()
}

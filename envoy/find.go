package envoy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// Version is the Envoy that the repository pins and fetches.
const Version = "1.40.0"

// oldest is the oldest Envoy that is accepted.
var oldest = [2]int{1, 39}

// Find returns the Envoy to run: the one that HEADGATE_ENVOY names, else one on PATH that
// is new enough, else the fetched one in a folder of tools. An error says what was found
// and how to get one that is new enough.
func Find(ctx context.Context, getenv func(string) string, tools string) (path, version string, err error) {
	if path = getenv("HEADGATE_ENVOY"); path != "" {
		version, err = versionOf(ctx, path)
		if err != nil {
			return "", "", fmt.Errorf("HEADGATE_ENVOY: %w", err)
		}
		if !newEnough(version) {
			return "", "", fmt.Errorf("HEADGATE_ENVOY: %s is Envoy %s, 1.39 or later is needed", path, version)
		}
		return path, version, nil
	}
	found := ""
	if path, err = exec.LookPath("envoy"); err == nil {
		version, err = versionOf(ctx, path)
		switch {
		case err != nil:
			found = fmt.Sprintf(" (the one on PATH does not say its version: %v)", err)
		case newEnough(version):
			return path, version, nil
		default:
			found = fmt.Sprintf(" (%s, on PATH, is %s)", path, version)
		}
	}
	path = filepath.Join(tools, "envoy-"+Version, "envoy")
	if version, err = versionOf(ctx, path); err == nil {
		return path, version, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		found += fmt.Sprintf(" (the fetched one does not run: %v)", err)
	}
	return "", "", fmt.Errorf("no Envoy 1.39 or later on PATH or in %s%s: run `make envoy`, put one on PATH, or name one with HEADGATE_ENVOY", tools, found)
}

var versionLine = regexp.MustCompile(`/(\d+\.\d+\.\d+)[^/]*/`)

// versionOf asks a binary for its version.
func versionOf(ctx context.Context, path string) (string, error) {
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = childEnvironment(os.Environ())
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("%s --version does not look like Envoy's", path)
	}
	return string(m[1]), nil
}

func newEnough(version string) bool {
	m := regexp.MustCompile(`^(\d+)\.(\d+)`).FindStringSubmatch(version)
	if m == nil {
		return false
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return major > oldest[0] || major == oldest[0] && minor >= oldest[1]
}

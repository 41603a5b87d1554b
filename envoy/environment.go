package envoy

import (
	"slices"
	"strings"
)

// PassedOn are the variables that Envoy, or a script around it, may need. No key is among them:
// credentials reach Envoy in what ext_proc answers.
var PassedOn = []string{"PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "LD_PRELOAD", "FUNC_E_HOME", "ENVOY_VERSION"}

// childEnvironment is what of an environment, NAME=value each, Envoy gets.
func childEnvironment(all []string) []string {
	passed := []string{} // nil would be all of it
	for _, pair := range all {
		if name, _, _ := strings.Cut(pair, "="); slices.Contains(PassedOn, name) {
			passed = append(passed, pair)
		}
	}
	return passed
}

package secrets

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

func TestEachTextOfTheCorpus(t *testing.T) { contenttest.FindsCorpus(t, scanner(t)) }

func TestEachTypeIsInTheCorpus(t *testing.T) {
	contenttest.Covered(t, Types(), "PASSWORD", "GENERIC_KEY")
}

func TestTheReadmeHasEachType(t *testing.T) { contenttest.Documented(t, Types()) }

// FuzzScan holds that findings are sound, and that a text in pieces is masked as the whole is.
func FuzzScan(f *testing.F) { contenttest.Fuzz(f, scanner(f)) }

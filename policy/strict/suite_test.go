package strict_test

import (
	"testing"

	"github.com/headgate/headgate/policy/strict/stricttest"
)

func TestEveryKeyIsSet(t *testing.T) { stricttest.Document(t, bakeryFields, []byte(everything)) }

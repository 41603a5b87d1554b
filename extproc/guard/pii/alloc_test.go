//go:build !race

package pii

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

func TestAScanAllocatesNothing(t *testing.T) { contenttest.AllocatesNothing(t, scanner(t), prose) }

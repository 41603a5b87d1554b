package pii

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTheReadmeHasEachType(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range Types() {
		byDefault := "no"
		if typ.Default {
			byDefault = "yes"
		}
		if line := fmt.Sprintf("| %s | %s | %s |\n", typ.Name, typ.About, byDefault); !strings.Contains(string(page), line) {
			t.Errorf("README.md lacks the line\n%s", line)
		}
	}
}

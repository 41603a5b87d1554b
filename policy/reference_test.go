package policy

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/strict"
)

// TestEveryReferenceIsListed holds that what a policy can name outside itself is among its
// references, with the path at which it stands: a key of these names that is added to the document
// must be listed, too.
func TestEveryReferenceIsListed(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "good", "everything.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files := []File{{Name: "everything.yaml", Data: data}}
	set, err := ParseFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(set.Canonical(), &document); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, r := range set.References() {
		listed = append(listed, r.String()+" at "+r.Path)
		if at, ok := strict.Locate(files, r.Path); !ok || at.Line() < 2 {
			t.Errorf("%s is not found in the file", r.Path)
		}
	}
	named := named("", document)
	slices.Sort(listed)
	slices.Sort(named)
	if len(named) < 10 {
		t.Fatalf("the document names only %v", named)
	}
	if diff := cmp.Diff(named, listed); diff != "" {
		t.Errorf("the references (-named +listed):\n%s", diff)
	}
}

// named are the places outside that a document names: variables, and whatever looks like a path.
func named(path string, value any) (all []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			text, isText := below.(string)
			at := strict.Join(path, key)
			switch {
			case key == "env" && isText:
				all = append(all, "env:"+text+" at "+path)
			case key == "file" && isText && !strings.HasSuffix(path, ".words"):
				all = append(all, "file:"+text+" at "+path)
			case isText && (strings.HasPrefix(text, "/") || key == "sqlite"):
				all = append(all, "file:"+text+" at "+at)
			default:
				all = append(all, named(at, below)...)
			}
		}
	case []any:
		for i, below := range v {
			all = append(all, named(path+"["+string(rune('0'+i))+"]", below)...)
		}
	}
	return all
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://API.OpenAI.com/v1": "https://api.openai.com", "https://api.openai.com:443": "https://api.openai.com",
		"http://api.openai.com:443": "http://api.openai.com:443", "http://h:80/x": "http://h", "http://[::1]/": "http://[::1]", "http://[::1]:8080": "http://[::1]:8080",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Origin(u); got != want {
			t.Errorf("%s has the origin %s, want %s", text, got, want)
		}
	}
}

package planes

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

var (
	block     = regexp.MustCompile("(?s)```.*?```")
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	elsewhere = regexp.MustCompile(`^[a-z]+:`)
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noAnchor  = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// TestLinksLeadSomewhere holds that each link of a page to a file, a folder or a heading of
// this repository finds it.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, links := pagesOf(t, gatewaytest.Root()), 0
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(block.ReplaceAllString(text(t, page), ""), -1) {
			if elsewhere.MatchString(m[1]) {
				continue
			}
			links++
			path, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s is not there", page, m[1])
			} else if anchor != "" && !slices.Contains(anchors(t, target), anchor) {
				t.Errorf("%s: %s has no heading %q", page, target, anchor)
			}
		}
	}
	if len(pages) < 20 || links < 50 {
		t.Errorf("%d pages with %d links: this looks at the wrong folder", len(pages), links)
	}
}

// pagesOf lists the Markdown files below a folder, without those that were fetched.
func pagesOf(t *testing.T, root string) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// anchors are the headings of a page, or of a folder's README, as a link names them.
func anchors(t *testing.T, path string) (all []string) {
	t.Helper()
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "README.md")
	}
	for _, m := range heading.FindAllStringSubmatch(text(t, path), -1) {
		all = append(all, strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

package strict

import "strings"

// Suggest returns the name that someone who wrote asked most likely meant, or ""
// if none is near. A name is near when at most a third of the letters must
// change; of equally near names the first one counts.
func Suggest(asked string, names []string) string {
	const maxLength = 256 // bounds the work that a hostile name can cause
	if len(asked) > maxLength {
		return ""
	}
	folded, best, limit := strings.ToLower(asked), "", len(asked)/3+1
	for _, name := range names {
		if abs(len(name)-len(asked)) >= limit || name == asked {
			continue
		}
		if d := distance(folded, strings.ToLower(name)); d < limit {
			best, limit = name, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours
// that turn one text into the other (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func abs(n int) int { return max(n, -n) }

// Suggestion returns the hint for a near miss, or "".
func Suggestion(asked string, names []string) string {
	if meant := Suggest(asked, names); meant != "" {
		return `did you mean "` + meant + `"?`
	}
	return ""
}

package static

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// labelled is two questions; the label is 1 if an answer to one serves the other.
type labelled struct {
	A, B, Source string
	Label        int
}

// readLabelled skips the test if HEADGATE_SHARED does not name the folder that has labelled pairs.
func readLabelled(t *testing.T) (all []labelled) {
	t.Helper()
	dir := os.Getenv("HEADGATE_SHARED")
	if dir == "" {
		t.Skip("no labelled pairs: set HEADGATE_SHARED to the folder that has data")
	}
	f, err := os.Open(filepath.Join(dir, "data", "semantic_cache", "dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var l labelled
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// auc is the area under the ROC curve: how likely a pair of label 1 has a larger cosine than one of
// label 0 (Mann and Whitney, 1947; ties count half).
func auc(right, wrong []float64) float64 {
	slices.Sort(wrong)
	var below float64
	for _, r := range right {
		lo, _ := slices.BinarySearch(wrong, r)
		hi := lo
		for hi < len(wrong) && wrong[hi] == r {
			hi++
		}
		below += float64(lo+hi) / 2
	}
	return below / float64(len(right)*len(wrong))
}

// TestPairsOfQuestions bounds from below how well cosines part questions that share an answer from
// those that do not, with each source of wrong pairs by itself, too: all right ones are of one source.
func TestPairsOfQuestions(t *testing.T) {
	var right []float64
	wrong := map[string][]float64{}
	for _, l := range readLabelled(t) {
		c := cosine(vector(t, l.A), vector(t, l.B))
		if l.Label == 1 {
			right = append(right, c)
			continue
		}
		wrong["all"] = append(wrong["all"], c)
		wrong[l.Source] = append(wrong[l.Source], c)
	}
	for source, floor := range map[string]float64{"all": 0.78, "gptcache/qqp": 0.785, "banking77/nearest_other_intent": 0.64} {
		got := auc(right, wrong[source])
		t.Logf("AUC %.3f against %d wrong pairs: %s", got, len(wrong[source]), source)
		if got < floor {
			t.Errorf("%s: AUC %.3f, want at least %.3f", source, got, floor)
		}
	}
}

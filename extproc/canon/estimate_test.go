package canon_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
)

// TestWhatNobodyCountedIsEstimated holds that clients are shown an estimate where the server
// counted nothing, and its counts where it did.
func TestWhatNobodyCountedIsEstimated(t *testing.T) {
	said := int64(9)
	c := canon.Client{Input: 20, Said: &said}
	for _, k := range []struct{ counted, want canon.Usage }{
		{canon.Usage{}, canon.Usage{Input: 20, Output: 3}},
		{canon.Usage{Input: 5, Seen: canon.BucketInput}, canon.Usage{Input: 5, Output: 3}},
		{canon.Usage{Output: 7, Seen: canon.BucketOutput}, canon.Usage{Input: 20, Output: 7}},
		{canon.Usage{Input: 5, Output: 0, Seen: canon.BucketInput | canon.BucketOutput}, canon.Usage{Input: 5}},
	} {
		u := k.counted
		c.Complete(&u)
		if u.Input != k.want.Input || u.Output != k.want.Output || u.Seen == 0 {
			t.Errorf("%+v became %+v, want %+v", k.counted, u, k.want)
		}
	}
}

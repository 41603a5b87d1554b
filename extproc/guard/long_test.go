package guard

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestLongTextsAreScannedInPieces holds that what is found in a long text is what is found in it
// as a whole, also where it lies on the border of two pieces.
func TestLongTextsAreScannedInPieces(t *testing.T) {
	s := compiled(t, everyRule)
	for pad := range 8 {
		text := []byte(strings.Repeat("é", pad) + strings.Repeat("to ann@example.com, 4111 1111 1111 1111, a project falcon and TICK-12345; ", 2000))
		for _, g := range s.guards.all.input {
			if g.Scanner == nil {
				continue
			}
			want := g.Scanner.Scan(nil, text)
			got, err := scanLong(nil, g.Scanner, text, time.Now().Add(time.Hour))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Fatalf("%s, pad %d: %v\n%s", g.Name, pad, err, diff)
			}
		}
	}
	var none hoarder
	none.looked = new(int)
	if got, err := scanLong(nil, none, make([]byte, 10*longText), time.Now().Add(time.Hour)); len(got) > 0 || err != nil {
		t.Errorf("%v %v", got, err)
	}
}

// TestARuleThatTakesTooLongIsStopped holds that a guard whose time is over could not decide.
func TestARuleThatTakesTooLongIsStopped(t *testing.T) {
	s := compiled(t, model+`guards: {input: [{pattern: {patterns: {slow: "[a-z]+@"}, timeout: 1ms}}]}`)
	ex := chat(t, strings.Repeat("a", 1<<20-1))
	v, err := s.Join(ex).Request(t.Context(), &ex.Request)
	if err != nil || v.Reason != exchange.ReasonGuardUnavailable || ex.Guards[0].Result != exchange.GuardLate {
		t.Errorf("%+v %v %+v", v, err, ex.Guards)
	}
	_, err = scanLong(nil, s.guards.all.input[0].Scanner, make([]byte, longText), time.Time{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

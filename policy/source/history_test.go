package source_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/policy/source/historytest"
)

func TestMain(m *testing.M) {
	historytest.Child(func(address string) (source.History, error) { return source.OpenFolder(address, func(source.Torn) {}) })
	goleak.VerifyTestMain(m)
}

func TestMemory(t *testing.T) {
	historytest.Suite(t, func(testing.TB) historytest.Store {
		m := &source.Memory{}
		return historytest.Store{Open: func(testing.TB) source.History { return m }}
	})
}

func TestFolder(t *testing.T) {
	historytest.Suite(t, func(t testing.TB) historytest.Store {
		folder := t.TempDir()
		return historytest.Store{Address: folder, Open: func(t testing.TB) source.History {
			t.Helper()
			h, err := source.OpenFolder(folder, func(torn source.Torn) { t.Errorf("torn: %+v", torn) })
			if err != nil {
				t.Fatal(err)
			}
			return h
		}}
	})
}

package policy

import (
	"testing"

	"github.com/headgate/headgate/policy/trait"
)

// TestAModelThatLacksSomethingIsAClassOfItsOwn holds that a request with images reaches the
// models of a server that take them and no other.
func TestAModelThatLacksSomethingIsAClassOfItsOwn(t *testing.T) {
	set, err := Parse("p.yaml", []byte(`
version: 1
unpriced: flag
backends: {local: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models_like: {blind: {images: refused}}
models: {m: {chain: [local/blind, local/sees, local/too]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	m := set.Models["m"]
	var of []int
	for _, u := range m.Uses() {
		of = append(of, m.ClassIndex(u))
	}
	if len(m.Classes()) != 2 || of[0] == of[1] || of[1] != of[2] {
		t.Errorf("classes %+v, of the uses %v", m.Classes(), of)
	}
}

// TestAChainHasFewClasses holds that of very many the last share one.
func TestAChainHasFewClasses(t *testing.T) {
	var m Model
	for i := range 10 {
		m.Chain = append(m.Chain, Link{Uses: []Use{{Backend: &Backend{Dialect: "openai"}, Lacks: trait.Set{ToolName: int64(i)}}}})
	}
	uses := m.Uses()
	if n := len(m.Classes()); n != MaxClasses || m.ClassIndex(uses[1]) != 1 || m.ClassIndex(uses[9]) != MaxClasses-1 {
		t.Errorf("%d classes, the last use is of %d", n, m.ClassIndex(uses[9]))
	}
}

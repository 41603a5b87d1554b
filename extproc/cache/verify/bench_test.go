package verify

import (
	"fmt"
	"strings"
	"testing"
)

const (
	asked = "How do I convert a list of 15 strings to numbers in Python without a loop?"
	again = "In Python, how can I convert a list of 15 strings into numbers without a loop?"
)

func BenchmarkDiffers(b *testing.B) {
	for _, strict := range []bool{false, true} {
		b.Run(fmt.Sprintf("15 words, strict=%t", strict), func(b *testing.B) {
			x, y := Parse(asked), Parse(again)
			b.ReportAllocs()
			for b.Loop() {
				if by := x.Differs(y, strict); by != nil {
					b.Fatal(by)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		text := strings.Repeat(asked+" ", n)
		b.Run(fmt.Sprintf("%d bytes", len(text)), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(text)
			}
		})
	}
}

// BenchmarkLong compares texts of some 100 KB that are made to take long.
func BenchmarkLong(b *testing.B) {
	const size = 100_000
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	counted := func(format string) string {
		var s strings.Builder
		for i := 0; s.Len() < size; i++ {
			fmt.Fprintf(&s, format, i)
		}
		return s.String()
	}
	for _, c := range []struct{ name, x, y string }{
		{"names", counted("Ab%[1]dcd Name%[1]x "), counted("Ba%[1]dcd Mane%[1]x ")},
		{"quotations", counted(`"q%d" `), repeat("q ")},
		{"code", counted("`a%d` "), repeat("a ")},
		{"backticks", repeat("` `` ``` "), repeat("`")},
		{"numbers", counted("%d "), counted("9%d ")},
		{"one word", repeat("a"), repeat("aa")},
		{"one word over and over", repeat("go and "), repeat("and go ")},
		{"number words", repeat("two hundred and "), repeat("two ")},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				Compare(c.x, c.y, true)
			}
		})
	}
}

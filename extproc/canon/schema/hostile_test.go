package schema

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/scan"
)

// many writes n pieces with commas between them.
func many(n int, piece func(i int) string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = piece(i)
	}
	return strings.Join(all, ",")
}

// hostile are great schemas that are dear to read, each in its own way.
var hostile = map[string]string{
	"references": `{"type":"object","properties":{` + many(2400, func(i int) string { return fmt.Sprintf(`"p%d":{"$ref":"#/$defs/z"}`, i) }) +
		`},"$defs":{` + many(1800, func(i int) string { return fmt.Sprintf(`"d%d":{"type":"null"}`, i) }) + `,"z":{"type":"null"}}}`,
	"references that are written out": `{"type":"object","properties":{` + many(1800, func(i int) string { return fmt.Sprintf(`"p%d":{"$ref":"#/x/y"}`, i) }) +
		`},"x":{"y":{"type":"object","properties":{` + many(1800, func(i int) string { return fmt.Sprintf(`"d%d":{"type":"null"}`, i) }) + `}}}}`,
	"branches that are references": `{"type":"object","anyOf":[` + many(3600, func(int) string { return `{"$ref":"#/$defs/z"}` }) +
		`],"$defs":{"z":{"type":"object","properties":{` + many(1800, func(i int) string { return fmt.Sprintf(`"d%d":{"type":"null"}`, i) }) + `}}}}`,
	"branches that differ": `{"type":"object","oneOf":[` + many(3000, func(i int) string { return fmt.Sprintf(`{"properties":{"k":{"const":%d}}}`, i) }) + `]}`,
	"required out of order": `{"type":"object","properties":{` + many(3000, func(i int) string { return fmt.Sprintf(`"p%d":{"minLength":1}`, i) }) +
		`},"required":[` + many(3000, func(i int) string { return fmt.Sprintf(`"p%d"`, 2999-i) }) + `]}`,
	"unknown keywords": `{"type":"object",` + many(12000, func(i int) string { return fmt.Sprintf(`"k%d":1`, i) }) + `}`,
	"members beside references": `{"type":"object","properties":{"a":{"$ref":"#/$defs/z",` + many(6000, func(i int) string { return fmt.Sprintf(`"k%d":1`, i) }) + `}},"$defs":{"z":{` +
		many(6000, func(i int) string { return fmt.Sprintf(`"j%d":1`, i) }) + `}}}`,
	"depth":      strings.Repeat(`{"type":"object","properties":{"a":`, 90) + `{"type":"array","minLength":"` + strings.Repeat("x", 100_000) + `"}` + strings.Repeat(`}}`, 90),
	"unions":     strings.Repeat(`{"anyOf":[`, 90) + `{"type":"array","x":"` + strings.Repeat(`\"`, 30_000) + `"}` + strings.Repeat(`]}`, 90),
	"all of all": strings.Repeat(`{"properties":{},"allOf":[`, 90) + `{"properties":{"a":{"description":"` + strings.Repeat(`\"`, 30_000) + `"}}}` + strings.Repeat(`]}`, 90),
	"definitions": `{"type":"object","$defs":{` + many(450, func(i int) string {
		return fmt.Sprintf(`"d%d":{"type":"array","items":{"$ref":"#/$defs/d%d"}}`, i, i+1)
	}) + `,"d450":{"type":"null"}}}`,
}

// maxTime is far more than any of them takes, on a busy machine too: it is there for those
// that would take minutes.
const maxTime = 30 * time.Second

func TestGreatSchemasEndInTime(t *testing.T) {
	for name, in := range hostile {
		for at, subset := range subsets {
			start := time.Now()
			f := Fit(scan.Value(in), subset)
			took := time.Since(start)
			if took > maxTime || len(f.Schema) > 8*len(in) {
				t.Errorf("%s, %s: %v, %d bytes of %d", name, at, took, len(f.Schema), len(in))
			}
			t.Logf("%s, %s: %v, %d bytes of %d", name, at, took, len(f.Schema), len(in))
		}
	}
}

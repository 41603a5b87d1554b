package extproc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3" // registers its descriptors
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// packages are those of the messages that fields.go names.
var packages = []string{
	"envoy.service.ext_proc.v3", "envoy.config.core.v3", "envoy.extensions.filters.http.ext_proc.v3", "envoy.type.v3", "google.protobuf",
}

// described finds what a name without its package stands for.
func described(t *testing.T, name string) protoreflect.Descriptor {
	t.Helper()
	for _, p := range packages {
		if d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(p + "." + name)); err == nil {
			return d
		}
	}
	t.Fatalf("%s: no generated type has it", name)
	return nil
}

// wireTypes are the encodings that the codec writes, by their words in fields.go.
var wireTypes = map[string]protowire.Type{"bytes": protowire.BytesType, "varint": protowire.VarintType}

// wireType is how a field is encoded.
func wireType(f protoreflect.FieldDescriptor) protowire.Type {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.BytesKind, protoreflect.StringKind:
		return protowire.BytesType
	case protoreflect.BoolKind, protoreflect.EnumKind, protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		return protowire.VarintType
	default:
		return -1
	}
}

func parsed(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// constants calls f for each constant of fields.go with its value and comment.
func constants(t *testing.T, f func(name string, value int, comment string)) {
	t.Helper()
	ast.Inspect(parsed(t, "fields.go"), func(n ast.Node) bool {
		c, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		value, err := strconv.Atoi(c.Values[0].(*ast.BasicLit).Value)
		if err != nil || len(c.Names) != 1 || c.Comment == nil {
			t.Fatalf("%s: want one name, one number and the comment that names the field", c.Names[0])
		}
		f(c.Names[0].Name, value, strings.TrimSpace(c.Comment.Text()))
		return true
	})
}

// TestFieldNumbersAreEnvoys holds that each number of fields.go is that of the field, or
// the value of an enum, that its comment names, and that the field is encoded so.
func TestFieldNumbersAreEnvoys(t *testing.T) {
	checked := 0
	constants(t, func(name string, value int, comment string) {
		names, kind, _ := strings.Cut(comment, ": ")
		for of := range strings.SplitSeq(names, ", ") {
			checked++
			switch d := described(t, of).(type) {
			case protoreflect.FieldDescriptor:
				if want, ok := wireTypes[kind]; int(d.Number()) != value || !ok || wireType(d) != want {
					t.Errorf("%s is %d, %q: %s is %d, of kind %s", name, value, kind, d.FullName(), d.Number(), d.Kind())
				}
			case protoreflect.EnumValueDescriptor:
				if int(d.Number()) != value {
					t.Errorf("%s is %d: %s is %d", name, value, d.FullName(), d.Number())
				}
			default:
				t.Errorf("%s: %s is neither a field nor the value of an enum", name, of)
			}
		}
	})
	if checked < 60 {
		t.Errorf("%d names were compared only", checked)
	}
}

// numbered are the functions that take a field number, and at which argument.
var numbered = map[string]int{"AppendTag": 1, "SizeTag": 0, "appendMessage": 1, "appendEnum": 1, "entries": 1}

// TestTheCodecNamesEveryFieldNumber holds that the codec writes and compares no field
// number but those of fields.go, and writes each as it is encoded.
func TestTheCodecNamesEveryFieldNumber(t *testing.T) {
	kinds := map[string]string{}
	constants(t, func(name string, _ int, comment string) {
		_, kinds[name], _ = strings.Cut(comment, ": ")
	})
	used := map[string]bool{}
	number := func(file string, e ast.Expr, kind string) {
		id, ok := e.(*ast.Ident)
		switch {
		case !ok || !strings.HasPrefix(id.Name, "num"):
			if i, ok := e.(*ast.IndexExpr); !ok || i.X.(*ast.Ident).Name != "replyFields" {
				t.Errorf("%s: %v is a field number without a name", file, e)
			}
		case id.Name == "num": // the parameter of a function that hands it on
		case kind != "" && kinds[id.Name] != kind:
			t.Errorf("%s: %s is written as %s, but is encoded as %q", file, id.Name, kind, kinds[id.Name])
		}
	}
	for _, file := range []string{"decode.go", "encode.go"} {
		ast.Inspect(parsed(t, file), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				used[n.Name] = true
			case *ast.CallExpr:
				name := called(n)
				if i, ok := numbered[name]; ok {
					number(file, n.Args[i], map[string]string{"appendMessage": "bytes", "appendEnum": "varint"}[name])
				}
			case *ast.SwitchStmt:
				if tag, ok := n.Tag.(*ast.Ident); ok && tag.Name == "num" {
					for _, c := range n.Body.List {
						for _, e := range c.(*ast.CaseClause).List {
							number(file, e, "")
						}
					}
				}
			case *ast.BinaryExpr:
				if id, ok := n.X.(*ast.Ident); ok && id.Name == "num" {
					if lit, ok := n.Y.(*ast.BasicLit); ok {
						t.Errorf("%s: num is compared with %s", file, lit.Value)
					}
				}
			}
			return true
		})
	}
	for name := range kinds {
		if strings.HasPrefix(name, "num") && !used[name] {
			t.Errorf("the codec does not use %s", name)
		}
	}
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	default:
		return ""
	}
}

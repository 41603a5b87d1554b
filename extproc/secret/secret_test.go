package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v3"
)

func TestSecretPrintsNowhere(t *testing.T) {
	const text = "hunter2"
	s := NewSecret(text)
	type exported struct{ S Secret }
	type hidden struct {
		s  Secret
		ps *Secret
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%e", "%p"} {
		for _, v := range []any{s, &s, []Secret{s}, map[string]Secret{"k": s}, exported{s}, hidden{s, &s}, &hidden{s, &s}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	fmt.Fprintln(&out, errors.New(s.String()), fmt.Errorf("x: %v", s))
	for _, v := range []any{s, exported{s}, hidden{s, &s}, map[string]any{"k": s}} {
		data, err := json.Marshal(v)
		fmt.Fprintln(&out, string(data), err)
		data, err = yaml.Marshal(v)
		fmt.Fprintln(&out, string(data), err)
	}
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&out), zap.DebugLevel)
	zap.New(core).Info("m", zap.Any("any", s), zap.Reflect("reflect", exported{s}), zap.Stringer("stringer", s), zap.Object("object", s), zap.Any("hidden", hidden{s, &s}))
	zap.New(core).Sugar().Infow("m", "s", s, "e", exported{s})
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "s", s, "h", hidden{s, &s})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "s", s, "e", exported{s})
	got := out.String()
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), fmt.Sprint([]byte(text))} {
		if strings.Contains(got, form) {
			t.Errorf("the secret shows as %s in:\n%s", form, got)
		}
	}
	if n := strings.Count(got, redacted); n < 60 {
		t.Errorf("%s shows %d times only: something else was printed in its place", redacted, n)
	}
	if s.Reveal() != text || (Secret{}).Reveal() != "" {
		t.Errorf("Reveal returns %q", s.Reveal())
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/guard/eval"
)

const (
	guardPolicy = "testdata/guards/policy.yaml"
	guardData   = "testdata/guards/labelled.jsonl"
)

var took = regexp.MustCompile(` +\d+(\.\d+)?(µs|ms)\n`)

// guarding runs headgate guard. Times are not in what it prints.
func guarding(t *testing.T, in string, args ...string) printed {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetIn(strings.NewReader(in))
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"guard"}, args...))
	code := execute(t.Context(), root)
	return printed{code, took.ReplaceAllString(out.String(), "  -\n"), errs.String()}
}

func wantGuarding(t *testing.T, want printed, in string, args ...string) {
	t.Helper()
	if diff := cmp.Diff(want, guarding(t, in, args...), cmp.AllowUnexported(printed{})); diff != "" {
		t.Errorf("guard %s (-want +got):\n%s", strings.Join(args, " "), diff)
	}
}

// TestATextIsTried holds what is shown of it: by default, and by the guards of a policy, each by
// itself, also those in shadow.
func TestATextIsTried(t *testing.T) {
	const text = "4111 1111 1111 1111 of ann@example.com"
	wantGuarding(t, printed{out: `GUARD    KIND     PLACE     ACTION  MODE     RESULT  SCORE  TOOK
pii      pii      defaults  mask    enforce  masked  1.00  -
secrets  secrets  defaults  mask    enforce  pass    0.00  -

GUARD  TYPE           SCORE  BYTES  TEXT                 RULE
pii    CREDIT_CARD    1.00   0-19   4111 1111 1111 1111  number of a payment card: issuer, length and Luhn's check digit
pii    EMAIL_ADDRESS  0.80   23-38  ann@example.com      address of mail, with a domain that ends in letters

masked by pii: [CREDIT_CARD_1] of [EMAIL_ADDRESS_1]
`}, "", "try", text)
	wantGuarding(t, printed{out: `GUARD   KIND    PLACE                     ACTION  MODE     RESULT  SCORE  TOOK
pii     pii     guards.input[0]           deny    enforce  denied  1.00  -
length  length  guards.input[1]           deny    enforce  denied  0.00  -
pii     pii     guards.output[0]          mask    shadow   masked  1.00  -
rivals  words   models.m.guards.input[0]  flag    enforce  pass    0.00  -

GUARD   TYPE           SCORE  BYTES        TEXT                 RULE
pii     CREDIT_CARD    1.00   0-19         4111 1111 1111 1111  number of a payment card: issuer, length and Luhn's check digit
length  MAX_CHARS      -      (the whole)  -                    -
pii     CREDIT_CARD    1.00   0-19         4111 1111 1111 1111  number of a payment card: issuer, length and Luhn's check digit
pii     EMAIL_ADDRESS  0.80   23-38        ann@example.com      address of mail, with a domain that ends in letters

said by length: The request is too long: it has 38 characters, and the limit is 20.

masked by pii: [CREDIT_CARD] of [EMAIL_ADDRESS]
`}, text, "try", "-", "-f", guardPolicy)
}

// TestAGuardThatCannotBeTriedIsNamed holds that it is no failure, unless it is the one to be measured.
func TestAGuardThatCannotBeTriedIsNamed(t *testing.T) {
	const why = "guard leak looks in answers for what stands in their requests, so no single text says anything of it\n"
	wantGuarding(t, printed{out: `GUARD  KIND  PLACE     ACTION  MODE     RESULT  SCORE  TOOK
leak   leak  defaults  deny    enforce  -       0.00  -

not judged by leak: ` + why}, "", "try", "a", "--guard", "leak")
	wantGuarding(t, printed{code: 1, err: "headgate: " + why}, "", "eval", "leak", "--data", guardData)
}

// TestATrialAsJSON holds that programs get the same.
func TestATrialAsJSON(t *testing.T) {
	var got []triedGuard
	if err := json.Unmarshal([]byte(guarding(t, "", "try", "Acme", "-f", guardPolicy, "--guard", "rivals", "-o", "json").out), &got); err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	got[0].MS = 0
	want := []triedGuard{{Guard: "rivals", Kind: "words", Place: "models.m.guards.input[0]", Action: "flag", Mode: "enforce", Result: "flagged", Score: 1,
		Spans: []triedSpan{{Type: got[0].Spans[0].Type, Start: 0, End: 4, Score: 1, Text: "Acme"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAGuardIsMeasured holds the tables of a guard whose spans are counted.
func TestAGuardIsMeasured(t *testing.T) {
	wantGuarding(t, printed{out: `guard pii: 4 texts of testdata/guards/labelled.jsonl, without 1 that are not annotated

AT       TEXTS  RIGHT  WRONG  MISSED  RECALL  PRECISION  FPR
default  4      3      0      0       1.0000  1.0000     0.0000

AUC 1.0000

THRESHOLD  RECALL  PRECISION  FPR
0.1        1.0000  1.0000     0.0000
0.2        1.0000  1.0000     0.0000
0.3        1.0000  1.0000     0.0000
0.4        1.0000  1.0000     0.0000
0.5        1.0000  1.0000     0.0000
0.6        1.0000  1.0000     0.0000
0.7        1.0000  1.0000     0.0000
0.8        1.0000  1.0000     0.0000
0.9        0.3333  1.0000     0.0000
0.95       0.3333  1.0000     0.0000
0.99       0.3333  1.0000     0.0000
1          0.3333  1.0000     0.0000

FPR-AT-MOST  THRESHOLD  RECALL
0.001        0.8000     1.0000
0.01         0.8000     1.0000
0.05         0.8000     1.0000
0.1          0.8000     1.0000

SOURCE  TEXTS  RIGHT  WRONG  MISSED  RECALL  PRECISION  FPR
mine    2      2      0      0       1.0000  1.0000     -
theirs  2      1      0      0       1.0000  1.0000     0.0000

TYPE           TEXTS  RIGHT  WRONG  MISSED  RECALL  PRECISION  FPR
CREDIT_CARD    4      1      0      0       1.0000  1.0000     0.0000
EMAIL_ADDRESS  4      2      0      0       1.0000  1.0000     0.0000
IBAN_CODE      4      0      0      0       -       -          0.0000
IP_ADDRESS     4      0      0      0       -       -          0.0000
PERSON         4      0      0      1       0.0000  -          0.0000
PHONE_NUMBER   4      0      0      0       -       -          0.0000
US_SSN         4      0      0      0       -       -          0.0000
`}, "", "eval", "pii", "--data", guardData)
}

// TestAMeasurementAsJSON holds the keys that programs rely on, of a guard of a policy: the first one
// of its name, of texts if its spans are not what counts.
func TestAMeasurementAsJSON(t *testing.T) {
	got := guarding(t, "", "eval", "pii", "--data", guardData, "-f", guardPolicy, "-o", "json")
	var r eval.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || *r.AtDefault.Recall != 1.0/3 || *r.AtDefault.Precision != 1 || r.ByType["EMAIL_ADDRESS"].FN != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if got.err != "2 guards have the name pii: this is guards.input[0]\n" {
		t.Errorf("it says %q", got.err)
	}
	var keys map[string]any
	if err := json.Unmarshal([]byte(guarding(t, "", "eval", "rivals", "--data", guardData, "-f", guardPolicy, "-o", "json").out), &keys); err != nil {
		t.Fatal(err)
	}
	delete(keys, "by_type")
	delete(keys, "by_source")
	want := map[string]any{"n": 5.0, "auc": nil, "at_fpr": map[string]any{}, "thresholds": []any{}, "left_out": 0.0, "undecided": 0.0,
		"at_default": map[string]any{"n": 5.0, "tp": 0.0, "fp": 1.0, "fn": 3.0, "tn": 1.0, "recall": 0.0, "precision": 0.0, "fpr": 0.5}}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGuardsThatCannotBeTried holds what is said, and the exit code.
func TestGuardsThatCannotBeTried(t *testing.T) {
	kinds := guarding(t, "", "eval", "cards", "--data", guardData)
	if kinds.code != exitUsage || !strings.HasPrefix(kinds.err, `headgate: there is no kind of guard "cards": there are pii, secrets, `) {
		t.Errorf("%+v", kinds)
	}
	for _, c := range []struct {
		code int
		err  string
		args []string
	}{
		{2, "a guard of kind words needs a policy, with -f: there is nothing to look for", []string{"eval", "words", "--data", guardData}},
		{1, guardPolicy + ` has no guard "words": there are length, pii, rivals`, []string{"try", "a", "-f", guardPolicy, "--guard", "words"}},
		{2, `output "csv": must be table or json`, []string{"try", "a", "-o", "csv"}},
		{2, "labelled texts: open none.jsonl: no such file or directory", []string{"eval", "pii", "--data", "none.jsonl"}},
		{2, guardPolicy + ": line 1: invalid character 'v' looking for beginning of value", []string{"eval", "pii", "--data", guardPolicy}},
		{2, `required flag(s) "data" not set`, []string{"eval", "pii"}},
	} {
		wantGuarding(t, printed{code: c.code, err: "headgate: " + c.err + "\n"}, "", c.args...)
	}
}

// TestTypesAreListed holds that those of both kinds are, with what they are.
func TestTypesAreListed(t *testing.T) {
	out := guarding(t, "", "types").out
	for _, line := range []string{`(?m)^GUARD +TYPE +DEFAULT +ABOUT$`, `(?m)^pii +IBAN_CODE +yes +international bank account number: `, `(?m)^secrets +[A-Z_]+ +(yes|no) +\w`} {
		if !regexp.MustCompile(line).MatchString(out) {
			t.Errorf("%s is not in\n%s", line, out)
		}
	}
}

package verify

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestNumerals holds that the lists of number words have a word and a number in turn.
func TestNumerals(t *testing.T) {
	for language, values := range counting {
		for w, v := range values {
			if _, err := strconv.ParseFloat(w, 64); err == nil || v == 0 && !strings.HasPrefix("zero null cero", w[:2]) && w != "null" && w != "cero" {
				t.Errorf("%s: %q is %v", language, w, v)
			}
		}
	}
}

func TestNumbersOfTexts(t *testing.T) {
	for text, want := range map[string]string{
		"1,000 and 1000 and 1 000":                        "000 1 1000",
		"1,000.50 or 1000.50":                             "1000.50",
		"3.10 is not 3.1":                                 "3.1 3.10",
		"$5.00":                                           "5",
		"1,2,3":                                           "1 2 3",
		"one hundred and five, two million":               "105 2000000",
		"two million five hundred thousand":               "2500000",
		"twenty-five and twenty five":                     "25",
		"2nd, second, 3rd":                                "2 3",
		"how does one do this":                            "",
		"5k, 2.5 million, 3 thousand":                     "2500000 3000 5000",
		"GPT-4o, B12, PS4, a1b2c3":                        "12 4 4o a1b2c3",
		"-5 and 5-7 and (-3)":                             "-3 -5 5 7",
		"at 5 pm, 5:30 a.m., 17:00":                       "17:00 5:30",
		"2024-05-01 and 25.12.2024 and 13/1/2023":         "1 13 2023 2024 25",
		"World War II, Henry VIII":                        "2 8",
		"a 30 second clip":                                "30",
		"½ of it":                                         "1 2",
		"１２ and 10²":                                      "10 12 2",
		"das kostet 1.000,50 Euro und ist zweiundzwanzig": "1000.50 22",
		"il y a vingt deux jours dans la semaine":         "22",
		"no version v2.1.10 here":                         "2.1.10",
	} {
		if got := Parse(text).numbers; !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

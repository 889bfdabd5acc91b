package attest

import (
	"strconv"
	"testing"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                      `""`,
		"plain, Größe, 予算":      `"plain, Größe, 予算"`,
		`"quoted" \`:            `"\"quoted\" \\"`,
		" a  b ":                `"\x20a \x20b\x20"`,
		"nordlicht\u034f":       `"nordlicht\U0000034f"`,
		"a\u3164b\u115f\u2800":  `"a\U00003164b\U0000115f\U00002800"`,
		"1\ufe0f\U000e0100":     `"1\U0000fe0f\U000e0100"`,
		"\u202edetrever\u200b":  `"\u202edetrever\u200b"`,
		"no break\u00a0space\n": `"no break\u00a0space\n"`,
		"\xff":                  `"\xff"`,
	} {
		got := Quote(in)
		if got != want {
			t.Errorf("%+q: %s, want %s", in, got, want)
		}
		if back, err := strconv.Unquote(got); err != nil || back != in {
			t.Errorf("%s reads back as %+q, %v", got, back, err)
		}
	}
}

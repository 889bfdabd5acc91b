package web

import (
	"errors"
	"testing"
)

// FuzzInstructForm: no form makes its reader panic, and what is taken has an agent, a
// text and an end.
func FuzzInstructForm(f *testing.F) {
	f.Add("spiffe://acme.example/agent/a", "pay", "1h", "", "a.b", "c:d", "amount<=1.00EUR")
	f.Add("", "", "", "", "", "", "")
	f.Add("spiffe://acme.example/agent/a", "pay", "7d", "3", "a.b", "c/d/...", `x="y z" n=1..3`)
	f.Fuzz(func(t *testing.T, to, text, life, actions, action, resource, limits string) {
		form, err := parseInstruct(map[string]string{
			"to": to, "text": text, "life": life, "actions": actions, "action0": action, "resource0": resource, "limits0": limits, "action4": action,
		})
		var shown *refusal
		if err != nil {
			if asProblem(err) == nil && !errors.As(err, &shown) {
				t.Errorf("%v is for nobody", err)
			}
			return
		}
		if form.To == "" || form.Text == "" || form.life <= 0 || form.maxActions < 0 || len(form.requests) > maxLines {
			t.Errorf("%+v", form)
		}
	})
}

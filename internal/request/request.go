// Package request reads what is asked for, or allowed, as people write it: typed
// requests, limits, values and resources. The command line and the approval page
// take the same words.
//
//	r, err := request.Parse("payments.transfer resource=bank_account:iban/DE/1 amount<=250.00EUR reference=INV/4711")
//
// # Reading order
//
// [Parse] is a request in one line, [New] the same in parts; limit.go reads its
// arguments and its resource; [File] reads several of a file; [Gate] reads a gate of a
// warrant.
//
// # Caveats
//
// What is read is not checked for what a statement may hold: validating the
// statement does that.
package request

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
)

var (
	// joinedAmount is a limit whose unit follows the number at once.
	joinedAmount = regexp.MustCompile(`^([^=]*<=\d{1,14}(?:\.\d{1,4})?)([A-Z][A-Z0-9_]{0,15})$`)
	// endsInNumber and unitWord are the two words of an amount.
	endsInNumber = regexp.MustCompile(`=\d{1,14}(?:\.\d{1,4})?$`)
	unitWord     = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,15}$`)
	// unclearAmount is as likely a text as an amount.
	unclearAmount = regexp.MustCompile(`=\d{1,14}(?:\.\d{1,4})?[A-Z]{3}$`)
)

// Parse reads a request in one line: ACTION resource=KIND:PATH ARGUMENT...
func Parse(text string) (attest.Request, error) {
	words, err := Words(text)
	if err != nil || len(words) == 0 {
		return attest.Request{}, fmt.Errorf("want ACTION resource=KIND:PATH ARGUMENT..., found %q", text)
	}
	var resource string
	var args []string
	for _, w := range words[1:] {
		if value, ok := strings.CutPrefix(w, "resource="); ok && resource == "" {
			resource = value
			continue
		}
		args = append(args, w)
	}
	return New(words[0], resource, args)
}

// Words splits at spaces that are not within quotes; an amount of two words stays
// one.
func Words(text string) (words []string, err error) {
	var word strings.Builder
	quoted, escaped := false, false
	flush := func() {
		if word.Len() == 0 {
			return
		}
		w := word.String()
		word.Reset()
		if n := len(words) - 1; n >= 0 && unitWord.MatchString(w) && endsInNumber.MatchString(words[n]) {
			words[n] += " " + w
			return
		}
		words = append(words, w)
	}
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			flush()
			continue
		}
		word.WriteRune(r)
	}
	if flush(); quoted {
		return nil, errors.New("a quote that does not end")
	}
	return words, nil
}

// New makes a request of its parts as they are typed. In resource, KIND/PATH does as
// well as KIND:PATH.
func New(action, resource string, args []string) (attest.Request, error) {
	if action == "" || strings.Contains(action, "=") {
		return attest.Request{}, fmt.Errorf("want an action first, found %q", action)
	}
	if resource == "" {
		return attest.Request{}, errors.New("want resource=KIND:PATH")
	}
	if i := strings.IndexAny(resource, ":/"); i > 0 && resource[i] == '/' {
		resource = resource[:i] + ":" + resource[i+1:]
	}
	match, err := Resource(resource)
	if err != nil {
		return attest.Request{}, err
	}
	joined := make([]string, len(args))
	for i, arg := range args {
		joined[i] = joinedAmount.ReplaceAllString(arg, "$1 $2")
		if unclearAmount.MatchString(joined[i]) {
			return attest.Request{}, fmt.Errorf("%s: write an amount as 100.00 EUR, a text in quotes", arg)
		}
	}
	limits, err := Limits(joined)
	return attest.Request{Action: action, Arguments: limits, Resource: match}, err
}

// Limits reads limits on arguments and puts them in order.
func Limits(args []string) ([]attest.Argument, error) {
	var out []attest.Argument
	for _, text := range args {
		arg, err := Limit(text)
		if err != nil {
			return nil, err
		}
		out = append(out, arg)
	}
	slices.SortFunc(out, func(a, b attest.Argument) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

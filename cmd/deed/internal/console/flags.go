package console

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/deedlog/deed/attest"
)

// formed is the value of a flag that has a form: what is not in it is said of the
// flag, before anything is read or signed.
type formed struct {
	to    *string
	valid func(string) bool
	want  string
}

// String implements pflag.Value.
func (f formed) String() string { return *f.to }

// Type implements pflag.Value; the help has the name that the usage quotes.
func (f formed) Type() string { return "string" }

// Set implements pflag.Value.
func (f formed) Set(text string) error {
	if text != "" && !f.valid(text) {
		return fmt.Errorf("want %s, found %q", f.want, text)
	}
	*f.to = text
	return nil
}

// SPIFFEIDVar adds a flag that takes the SPIFFE ID of a workload.
func SPIFFEIDVar(f *pflag.FlagSet, to *string, name, usage string) {
	f.Var(formed{to, attest.ValidSPIFFEID, "a SPIFFE ID with a path, such as spiffe://acme.example/agent/payments"}, name, usage)
}

// StatementIDVar adds a flag that takes the ID of a statement.
func StatementIDVar(f *pflag.FlagSet, to *string, name, usage string) {
	f.Var(formed{to, func(s string) bool { return attest.ID(s).Valid() }, "the ID of a statement, id: and 64 hex digits"}, name, usage)
}

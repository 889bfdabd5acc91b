package verifier

import (
	"fmt"

	"github.com/deedlog/deed/attest"
)

// passkeyLines say what the authenticator reported that signed a statement, and
// where a person's passkey may be used: facts that decide nothing.
func passkeyLines(v attest.Verified) (lines []string) {
	if p, ok := v.Statement().(*attest.Person); ok && p.Passkey != nil {
		lines = append(lines, "the key is a passkey of "+p.Passkey.RPID+", "+mayBeCopied(p.Passkey.BackupEligible))
	}
	f := v.Passkey()
	if f == nil {
		return lines
	}
	backup := "not backed up then"
	if f.BackedUp {
		backup = "backed up then"
	}
	return append(lines,
		"signed by a passkey, whose authenticator reported that its user was present and verified",
		fmt.Sprintf("%s, %s; signature counter %d", mayBeCopied(f.BackupEligible), backup, f.Counter))
}

func mayBeCopied(eligible bool) string {
	if eligible {
		return "which may be on several devices"
	}
	return "which is on one device"
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/setup"
)

// confirm asks whoever sits at the terminal; yes answers for them. Where there is
// neither, nothing is signed: a script says that it means it.
func confirm(cmd *cobra.Command, yes bool, question string) error {
	if yes {
		return nil
	}
	if !fromTerminal(cmd.InOrStdin()) {
		return withHint(errors.New("nothing was signed: nobody is there to ask"), "look at what is shown, then give --yes")
	}
	if err := printText(cmd.ErrOrStderr(), "\n"+question+" [y/N] "); err != nil {
		return err
	}
	answer, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return falseError("nothing was signed: the answer was not yes")
}

// fromTerminal reports whether somebody types what is read.
func fromTerminal(r io.Reader) bool {
	file, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a device, too, where nobody types
	return err != nil || !os.SameFile(info, null)
}

// keepSigned writes an envelope for somebody else to submit, and the objects that
// belong to it.
func keepSigned(cmd *cobra.Command, file, dir string, e attest.Envelope, objects [][]byte) error {
	if dir == "" {
		dir = file + objectsSuffix
	}
	if err := writeObjects(dir, objects); err != nil {
		return err
	}
	if err := setup.WriteFile(file, append(e.JSON(), '\n'), 0o600); err != nil {
		return fmt.Errorf("writing envelope: %w", err)
	}
	return printText(cmd.OutOrStdout(), file+"\n")
}

// objectsSuffix is where the objects of an envelope in a file are by default.
const objectsSuffix = ".objects"

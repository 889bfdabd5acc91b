package console

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// Confirm asks whoever sits at the terminal; yes answers for them. Where there is
// neither, nothing is signed: a script says that it means it.
func Confirm(cmd *cobra.Command, yes bool, question string) error {
	if yes {
		return nil
	}
	if !fromTerminal(cmd.InOrStdin()) {
		return Hint(errors.New("nothing was signed: nobody is there to ask"), "look at what is shown, then give --yes")
	}
	if err := Print(cmd.ErrOrStderr(), "\n"+question+" [y/N] "); err != nil {
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
	return False("nothing was signed: the answer was not yes")
}

// fromTerminal reports whether somebody types what is read.
func fromTerminal(r io.Reader) bool {
	info := charDevice(r)
	if info == nil {
		return false
	}
	null, err := os.Stat(os.DevNull) // a device, too, where nobody types
	return err != nil || !os.SameFile(info, null)
}

// OnTerminal reports whether somebody watches.
func OnTerminal(w io.Writer) bool { return charDevice(w) != nil }

// charDevice is the character device behind a stream, or nil.
func charDevice(stream any) os.FileInfo {
	file, ok := stream.(*os.File)
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return info
}

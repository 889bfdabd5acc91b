// Package report is the command behind deed-verify and "deed verify": it reads
// bundle files and a trust directory, verifies, and prints. It is the one part
// of the verifier that touches files; it opens no socket.
//
//	code, err := report.Run(report.Options{Files: files}, report.Streams{In: os.Stdin, Out: os.Stdout})
//
// # Caveats
//
// An error is about the command itself, such as a trust directory that cannot
// be read; a [*Usage] error carries a hint. What is wrong with a bundle is in
// the verdict, not in an error.
package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/deedlog/deed/verifier"
)

// Exit codes, as of grep (docs/spec/verdict.md).
const (
	Verified      = 0
	False         = 1
	CouldNotCheck = 2
)

// Options say what to do. Files are paths of bundles; "-" is the standard input.
type Options struct {
	Files             []string
	Trust             string // directory; "" is the one of [TrustDir]
	JSON              bool   // one line of JSON per file instead of text
	HTML              string // file to write a page to, besides
	AcceptLedgerRoots bool
}

// Streams are what the command reads from and writes to.
type Streams struct {
	In  io.Reader
	Out io.Writer
}

// Usage is an error that the user can mend; Hint says how.
type Usage struct {
	Err  error
	Hint string
}

// Error is that of the cause.
func (u *Usage) Error() string { return u.Err.Error() }

// Unwrap returns the error itself.
func (u *Usage) Unwrap() error { return u.Err }

// Run verifies every file and prints a verdict on each. The code is 1 if a
// required check of any file is false, else 2 if one could not be made. With an
// error it is 2, or 1 if a file was found to be false before.
func Run(o Options, s Streams) (code int, err error) {
	if len(o.Files) == 0 {
		return CouldNotCheck, &Usage{errors.New("no bundle named"), "name one or more .deed.zip files, or - for the standard input"}
	}
	dir, err := TrustDir(o.Trust)
	if err != nil {
		return CouldNotCheck, err
	}
	trust, err := verifier.LoadTrust(os.DirFS(dir))
	if err != nil {
		return CouldNotCheck, &Usage{fmt.Errorf("%s: %w", dir, err), "see the README that deed trust export writes for what belongs into a trust directory"}
	}
	var verdicts []*verifier.Verdict
	for _, name := range o.Files {
		v, readErr := verify(name, trust, dir, o, s.In)
		if readErr != nil {
			err = errors.Join(err, readErr)
			code = worse(code, CouldNotCheck)
			continue
		}
		code = worse(code, v.ExitCode())
		verdicts = append(verdicts, v)
	}
	if writeErr := write(verdicts, o, s.Out); writeErr != nil {
		return worse(code, CouldNotCheck), errors.Join(err, writeErr)
	}
	return code, err
}

// worse: what is false outweighs what could not be checked.
func worse(a, b int) int {
	if a == False || b == False {
		return False
	}
	return max(a, b)
}

func verify(name string, trust *verifier.Trust, dir string, o Options, in io.Reader) (*verifier.Verdict, error) {
	file, err := read(name, in)
	if err != nil {
		return nil, fmt.Errorf("reading bundle: %w", err)
	}
	v := verifier.VerifyFile(file, trust, verifier.Options{AcceptLedgerRoots: o.AcceptLedgerRoots})
	v.File, v.Trust = name, dir
	return v, nil
}

// read reads a file whole, but no more than a bundle may have.
func read(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	return io.ReadAll(io.LimitReader(in, verifier.MaxBundle+1))
}

func write(verdicts []*verifier.Verdict, o Options, out io.Writer) error {
	if o.HTML != "" && len(verdicts) > 0 {
		if err := replace(o.HTML, verifier.HTML(verdicts...)); err != nil {
			return fmt.Errorf("writing %s: %w", o.HTML, err)
		}
	}
	var text []byte
	for i, v := range verdicts {
		switch {
		case o.JSON:
			text = append(text, verifier.JSON(v)...)
		case i > 0:
			text = append(append(text, '\n'), verifier.Text(v)...)
		default:
			text = append(text, verifier.Text(v)...)
		}
	}
	if _, err := out.Write(text); err != nil {
		return fmt.Errorf("writing verdict: %w", err)
	}
	return nil
}

// TrustDir is the trust directory to use: the one named, else ./trust if it is
// there, else deed/trust in the user's configuration directory.
func TrustDir(named string) (string, error) {
	if named != "" {
		return named, directory(named)
	}
	tried := []string{"trust"}
	if config, err := os.UserConfigDir(); err == nil {
		tried = append(tried, filepath.Join(config, "deed", "trust"))
	}
	for _, dir := range tried {
		if directory(dir) == nil {
			return dir, nil
		}
	}
	return "", &Usage{
		fmt.Errorf("no trust directory: looked for %q", tried),
		"name one with --trust DIR; \"deed trust export DIR\" writes the log's own opinion of one to start from",
	}
}

func directory(name string) error {
	info, err := os.Stat(name)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", name)
	}
	if err != nil {
		return &Usage{fmt.Errorf("trust directory: %w", err), "name a directory with --trust DIR"}
	}
	return nil
}

// replace writes a file whole or not at all: temp, fsync, rename.
func replace(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // best effort: err is what matters
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

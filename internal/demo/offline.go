package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/verifier"
)

// verify does what an auditor does, with nothing but the files: every bundle,
// against the reader's own trust directory.
func (p *play) verify(context.Context) error {
	p.heading("Offline, with no network and no trust in the operator")
	trust, err := p.trust()
	if err != nil {
		return err
	}
	for _, k := range p.bundles {
		file, err := os.ReadFile(k.path)
		if err != nil {
			return fmt.Errorf("reading evidence: %w", err)
		}
		verdict := verifier.VerifyFile(file, trust, verifier.Options{})
		if verdict.ExitCode() != 0 {
			return fmt.Errorf("verifying %s: exit code %d\n%s", k.path, verdict.ExitCode(), verifier.Text(verdict))
		}
		if !p.verdict(k, verdict) {
			return fmt.Errorf("verifying %s: the verdict is not the class that the register recorded", k.path)
		}
	}
	return nil
}

// tamper flips one byte in a copy of a bundle and one in a copy of the database.
func (p *play) tamper(ctx context.Context) error {
	p.heading("What if somebody changes a byte?")
	if err := p.tamperBundle(); err != nil {
		return err
	}
	return p.tamperDatabase(ctx)
}

func (p *play) tamperBundle() error {
	trust, err := p.trust()
	if err != nil {
		return err
	}
	file, err := os.ReadFile(p.bundles[0].path)
	if err != nil {
		return fmt.Errorf("reading evidence: %w", err)
	}
	at := bytes.Index(file, []byte(`"kind":"action"`))
	if at < 0 {
		return fmt.Errorf("changing a byte: the bundle has no action")
	}
	file[at+9] ^= 1
	verdict := verifier.VerifyFile(file, trust, verifier.Options{})
	if verdict.ExitCode() == 0 {
		return fmt.Errorf("changing a byte of %s: nobody noticed", p.bundles[0].path)
	}
	p.caught(fmt.Sprintf("byte %d of a copy of %s", at+9, filepath.Base(p.bundles[0].path)), "deed-verify", verdict.Failure())
	return nil
}

// tamperDatabase changes an entry in a copy of the data file, as a disk or an
// intruder would, and has the copy checked.
func (p *play) tamperDatabase(ctx context.Context) error {
	original := filepath.Join(p.dir, "ledger.db")
	file, err := os.ReadFile(original)
	if err != nil {
		return fmt.Errorf("reading the data file: %w", err)
	}
	last := p.instance.Log.Size() - 1
	entry, err := p.instance.Log.Entry(ctx, last)
	if err != nil {
		return err
	}
	at := bytes.Index(file, entry.Bytes)
	if at < 0 {
		return fmt.Errorf("changing a byte: entry %d is not in the data file", last)
	}
	// Every copy of it: some may be in pages that the database no longer uses.
	changed := bytes.Clone(entry.Bytes)
	changed[40] ^= 1
	file = bytes.ReplaceAll(file, entry.Bytes, changed)
	path := filepath.Join(p.dir, ".changed.db")
	defer func() { _ = os.Remove(path) }()
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return fmt.Errorf("writing the changed copy: %w", err)
	}
	found, err := check(ctx, path)
	if err != nil {
		return err
	}
	p.caught(fmt.Sprintf("byte %d of a copy of ledger.db", at+40), "deed log check", found)
	return nil
}

func check(ctx context.Context, path string) (string, error) {
	store, err := boltstore.OpenReadOnly(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = store.Close() }()
	var first *ledger.Corrupt
	err = ledger.Check(ctx, store, func(c *ledger.Corrupt) {
		if first == nil {
			first = c
		}
	}, nil)
	if err == nil && first == nil {
		err = fmt.Errorf("checking %s: nobody noticed the change", path)
	}
	if err != nil {
		return "", err
	}
	return first.Error(), nil
}

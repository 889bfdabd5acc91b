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
	p.heading("The register is stopped: from here on there are files, and no network")
	var last *verifier.Verdict
	for _, k := range p.bundles {
		file, err := os.ReadFile(k.path)
		if err != nil {
			return fmt.Errorf("reading evidence: %w", err)
		}
		last = verifier.VerifyFile(file, p.trust, verifier.Options{})
		if last.ExitCode() != 0 {
			return fmt.Errorf("verifying %s: exit code %d\n%s", k.path, last.ExitCode(), verifier.Text(last))
		}
		if class := string(last.Subjects[0].Attribution.Agency); class != k.class {
			return fmt.Errorf("verifying %s: expected class %s, found %s", k.path, k.class, class)
		}
		p.verdict(k, last)
	}
	contests := last.Subjects[0].Contested
	if len(contests) != 1 {
		return fmt.Errorf("verifying what bob approved: expected one declaration that contests it, found %d", len(contests))
	}
	p.contest(contests[0])
	return nil
}

// tamper flips one byte in a copy of a bundle and one in a copy of the database.
func (p *play) tamper(ctx context.Context) error {
	p.heading("What if somebody changes a byte?")
	path := p.bundles[len(p.bundles)-1].path
	file, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading evidence: %w", err)
	}
	bundle, err := verifier.Open(file)
	if err != nil {
		return err
	}
	if err := p.tamperBundle(path, file); err != nil {
		return err
	}
	indexes := bundle.Indexes()
	last, _ := bundle.Item(indexes[len(indexes)-1])
	return p.tamperDatabase(ctx, last.Entry)
}

func (p *play) tamperBundle(path string, file []byte) error {
	at := bytes.Index(file, []byte(`"kind":"action"`))
	if at < 0 {
		return fmt.Errorf("changing a byte: the bundle has no action")
	}
	file[at+9] ^= 1
	verdict := verifier.VerifyFile(file, p.trust, verifier.Options{})
	if verdict.ExitCode() == 0 {
		return fmt.Errorf("changing a byte of %s: nobody noticed", path)
	}
	p.caught(fmt.Sprintf("byte %d of a copy of %s", at+9, filepath.Base(path)), "deed-verify", verdict.Failure())
	return nil
}

// tamperDatabase changes an entry in a copy of the data file, as a disk or an
// intruder would, and has the copy checked.
func (p *play) tamperDatabase(ctx context.Context, entry []byte) error {
	file, err := os.ReadFile(filepath.Join(p.dir, "ledger.db"))
	if err != nil {
		return fmt.Errorf("reading the data file: %w", err)
	}
	at := bytes.Index(file, entry)
	if at < 0 {
		return fmt.Errorf("changing a byte: the last entry is not in the data file")
	}
	// Every copy of it: some may be in pages that the database no longer uses.
	changed := bytes.Clone(entry)
	changed[40] ^= 1
	file = bytes.ReplaceAll(file, entry, changed)
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

package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/sigstore"
)

// NamedRoots says where the authorities come from that certify people's
// signatures, and those of trusted time: by type, then by name.
type NamedRoots struct {
	X509   map[string]RootSource `yaml:"x509"`   // S/MIME, eIDAS, an own authority
	Fulcio map[string]RootSource `yaml:"fulcio"` // sigstore's
	TSA    map[string]RootSource `yaml:"tsa"`    // time-stamping authorities
}

// RootSource is where a set of authorities comes from.
type RootSource struct {
	File string `yaml:"file"` // certificates in PEM, or a trusted root of sigstore; read again at SIGHUP
}

// types are the sets by type.
func (r NamedRoots) types() map[attest.RootType]map[string]RootSource {
	return map[attest.RootType]map[string]RootSource{attest.RootX509: r.X509, attest.RootFulcio: r.Fulcio, attest.RootTSA: r.TSA}
}

// list lists all sets in order.
func (r NamedRoots) list() []attest.NamedRoot {
	var out []attest.NamedRoot
	types := r.types()
	for _, of := range slices.Sorted(maps.Keys(types)) {
		for _, name := range slices.Sorted(maps.Keys(types[of])) {
			out = append(out, attest.NamedRoot{Type: of, Name: name})
		}
	}
	return out
}

func (r NamedRoots) file(of attest.NamedRoot) string { return r.types()[of.Type][of.Name].File }

func (r NamedRoots) validate() error {
	for _, of := range r.list() {
		if !attest.ValidRootName(of.Name) {
			return fmt.Errorf("roots.%s: want a name of lower-case letters, digits and ._-, found %q", of.Type, of.Name)
		}
		if r.file(of) == "" {
			return fmt.Errorf("roots.%s.%s.file: a path is required", of.Type, of.Name)
		}
	}
	return nil
}

// resolve makes paths absolute.
func (r NamedRoots) resolve(dir string) {
	for _, sets := range r.types() {
		for name, s := range sets {
			sets[name] = RootSource{File: under(dir, s.File)}
		}
	}
}

// readNamedRoot reads a set of authorities and checks that it is one. Of a trusted
// root it is those of the type that count now.
func readNamedRoot(of attest.RootType, path string) ([]byte, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if sigstore.IsTrustedRoot(doc) {
		if doc, err = Authorities(of, doc, time.Now()); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if _, err := attest.ParseRoots(doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return doc, nil
}

// Authorities is the object of a root of a type: of a trusted root of sigstore, the
// certificates in PEM of the authorities that count at a time.
func Authorities(of attest.RootType, trustedRoot []byte, at time.Time) ([]byte, error) {
	root, err := sigstore.ParseTrustedRoot(trustedRoot)
	if err != nil {
		return nil, err
	}
	switch of {
	case attest.RootFulcio:
		return sigstore.PEM(root.Fulcio, at)
	case attest.RootTSA:
		return sigstore.PEM(root.TSA, at)
	}
	return nil, fmt.Errorf("a trusted root of sigstore has no authorities of type %s", of)
}

func (r NamedRoots) check() error {
	for _, of := range r.list() {
		if _, err := readNamedRoot(of.Type, r.file(of)); err != nil {
			return fmt.Errorf("reading root %s: %w", of, err)
		}
	}
	return nil
}

// rereadRoots reads the files of authorities again and logs those that changed.
func (i *Instance) rereadRoots(ctx context.Context) error {
	var failed []error
	for _, of := range i.Config.Roots.list() {
		path := i.Config.Roots.file(of)
		doc, err := readNamedRoot(of.Type, path)
		if err == nil {
			_, err = i.Server.LogNamedRoot(ctx, server.NamedRoot{NamedRoot: of, Source: filepath.Base(path), Document: doc})
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("reading root %s: %w", of, err))
		}
	}
	return errors.Join(failed...)
}

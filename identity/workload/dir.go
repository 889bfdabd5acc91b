package workload

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// The files of a [DirSource].
const (
	svidFile   = "svid.pem"    // certificates, leaf first, without the root
	keyFile    = "key.pem"     // PKCS #8
	bundleFile = "bundle.json" // SPIFFE bundle document of the own trust domain
)

const (
	dirTries = 20
	dirPause = 10 * time.Millisecond

	// settle is how old a file must have been when read for an unchanged
	// modification time to mean unchanged content: file systems count time in
	// ticks of some milliseconds, and a file can be written twice in one.
	settle = 100 * time.Millisecond
)

// DirSource is a [Source] that reads a directory: svid.pem, key.pem and
// bundle.json. The files are looked at on every call, and read again when one
// has changed, so whoever writes them need not tell.
//
// The three are only ever served together: a certificate that does not match
// the key, as when a writer is between two files, is read again for up to
// 0.2 s and is then an error.
type DirSource struct {
	dir string

	mu   sync.Mutex
	last *reading
}

// reading is one consistent reading of the directory.
type reading struct {
	files   [3]os.FileInfo
	settled bool
	svid    *x509svid.SVID
	bundle  *x509bundle.Bundle
	doc     []byte
}

// Dir opens a directory and reads it once, so that a wrong path is an error
// here.
func Dir(path string) (*DirSource, error) {
	d := &DirSource{dir: path}
	if _, err := d.current(); err != nil {
		return nil, err
	}
	return d, nil
}

// SVID implements [Source].
func (d *DirSource) SVID() (*x509svid.SVID, error) {
	r, err := d.current()
	if err != nil {
		return nil, err
	}
	return r.svid, nil
}

// GetX509BundleForTrustDomain implements [Source] for the SVID's own trust
// domain.
func (d *DirSource) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	r, err := d.current()
	if err != nil {
		return nil, err
	}
	return r.bundle.GetX509BundleForTrustDomain(td)
}

// BundleDocument returns the exact bytes of bundle.json, and the trust domain
// that they are for, which is the SVID's.
func (d *DirSource) BundleDocument() (trustDomain string, doc []byte, err error) {
	r, err := d.current()
	if err != nil {
		return "", nil, err
	}
	return r.svid.ID.TrustDomain().Name(), bytes.Clone(r.doc), nil
}

// current returns the last reading if the files are as they were then, or
// takes a new one.
func (d *DirSource) current() (*reading, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	for try := range dirTries {
		if try > 0 {
			time.Sleep(dirPause)
		}
		var r *reading
		if r, err = d.look(); err == nil {
			d.last = r
			return r, nil
		}
	}
	return nil, fmt.Errorf("workload: reading identity from %s: %w", d.dir, err)
}

func (d *DirSource) look() (*reading, error) {
	files, err := d.stat()
	if err != nil {
		return nil, err
	}
	if d.last != nil && d.last.settled && sameFiles(files, d.last.files) {
		return d.last, nil
	}
	r, err := d.read()
	if err != nil {
		return nil, err
	}
	after, err := d.stat()
	if err != nil {
		return nil, err
	}
	if !sameFiles(files, after) {
		return nil, errors.New("files keep changing")
	}
	r.files, r.settled = files, settled(files, time.Now())
	return r, nil
}

func (d *DirSource) read() (*reading, error) {
	var data [3][]byte
	for i, name := range fileNames() {
		var err error
		if data[i], err = os.ReadFile(filepath.Join(d.dir, name)); err != nil {
			return nil, err
		}
	}
	svid, err := x509svid.Parse(data[0], data[1])
	if err != nil {
		return nil, fmt.Errorf("reading %s and %s: %w", svidFile, keyFile, err)
	}
	bundle, err := spiffebundle.Parse(svid.ID.TrustDomain(), data[2])
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", bundleFile, err)
	}
	return &reading{svid: svid, bundle: bundle.X509Bundle(), doc: data[2]}, nil
}

func fileNames() [3]string { return [3]string{svidFile, keyFile, bundleFile} }

func (d *DirSource) stat() (files [3]os.FileInfo, err error) {
	for i, name := range fileNames() {
		if files[i], err = os.Stat(filepath.Join(d.dir, name)); err != nil {
			return files, err
		}
	}
	return files, nil
}

func sameFiles(a, b [3]os.FileInfo) bool {
	for i := range a {
		if !os.SameFile(a[i], b[i]) || a[i].Size() != b[i].Size() || !a[i].ModTime().Equal(b[i].ModTime()) {
			return false
		}
	}
	return true
}

func settled(files [3]os.FileInfo, now time.Time) bool {
	for _, f := range files {
		if now.Sub(f.ModTime()) < settle {
			return false
		}
	}
	return true
}

package spiffeca

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// Names of the files that [CA.WriteSVID] and [CA.Save] write.
const (
	SVIDFile   = "svid.pem"    // certificates, leaf first
	KeyFile    = "key.pem"     // PKCS #8, mode 0600
	BundleFile = "bundle.json" // SPIFFE bundle document
	StateFile  = "ca.json"     // the authority with its keys, mode 0600
)

// WriteSVID writes an SVID and the bundle of now into an existing directory,
// each file whole by renaming, the key before its certificate. A reader may
// still see a new key with an old certificate: it must check that they match.
func (ca *CA) WriteSVID(dir string, svid *x509svid.SVID) error {
	certs, key, err := svid.Marshal()
	if err != nil {
		return fmt.Errorf("spiffeca: encoding SVID: %w", err)
	}
	err = errors.Join(
		replaceFile(filepath.Join(dir, KeyFile), key, 0o600),
		replaceFile(filepath.Join(dir, SVIDFile), certs, 0o644),
		replaceFile(filepath.Join(dir, BundleFile), ca.BundleDocument(), 0o644),
	)
	if err != nil {
		return fmt.Errorf("spiffeca: writing SVID: %w", err)
	}
	return nil
}

// state is the saved form: everything but the clock and the randomness.
type state struct {
	TrustDomain  string        `json:"trust_domain"`
	Sequence     uint64        `json:"spiffe_sequence"`
	RootTTL      time.Duration `json:"root_ttl_ns"`
	SVIDTTL      time.Duration `json:"svid_ttl_ns"`
	KeyType      KeyType       `json:"key_type"`
	Roots        []string      `json:"roots"` // PEM, oldest first; the last is the current one
	RootKey      string        `json:"root_key"`
	Intermediate string        `json:"intermediate,omitempty"`
	InterKey     string        `json:"intermediate_key,omitempty"`
}

// Save writes the authority, private keys included, to [StateFile] in an
// existing directory, readable by its owner alone.
func (ca *CA) Save(dir string) error {
	s, err := ca.state()
	if err != nil {
		return fmt.Errorf("spiffeca: encoding state: %w", err)
	}
	doc, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return fmt.Errorf("spiffeca: encoding state: %w", err)
	}
	if err := replaceFile(filepath.Join(dir, StateFile), doc, 0o600); err != nil {
		return fmt.Errorf("spiffeca: saving state: %w", err)
	}
	return nil
}

// Load carries on with an authority that was saved. Of cfg it uses Now and
// Rand alone, so Config{} will do. A missing file is an error that is
// [fs.ErrNotExist].
func Load(dir string, cfg Config) (*CA, error) {
	doc, err := os.ReadFile(filepath.Join(dir, StateFile))
	if err != nil {
		return nil, fmt.Errorf("spiffeca: loading state: %w", err)
	}
	var s state
	if err := json.Unmarshal(doc, &s); err != nil {
		return nil, fmt.Errorf("spiffeca: reading state: %w", err)
	}
	ca, err := s.restore(cfg)
	if err != nil {
		return nil, fmt.Errorf("spiffeca: reading state: %w", err)
	}
	return ca, nil
}

func (ca *CA) state() (state, error) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	s := state{
		TrustDomain: ca.td.Name(), Sequence: ca.sequence,
		RootTTL: ca.cfg.RootTTL, SVIDTTL: ca.cfg.SVIDTTL, KeyType: ca.cfg.KeyType,
	}
	for _, cert := range ca.roots {
		s.Roots = append(s.Roots, certPEM(cert))
	}
	var err error
	if s.RootKey, err = keyPEM(ca.root.key); err != nil || ca.inter.cert == nil {
		return s, err
	}
	s.Intermediate = certPEM(ca.inter.cert)
	s.InterKey, err = keyPEM(ca.inter.key)
	return s, err
}

func (s state) restore(cfg Config) (*CA, error) {
	cfg.TrustDomain, cfg.KeyType = s.TrustDomain, s.KeyType
	cfg.RootTTL, cfg.SVIDTTL, cfg.Intermediate = s.RootTTL, s.SVIDTTL, s.Intermediate != ""
	ca, err := prepare(cfg)
	if err != nil {
		return nil, err
	}
	if len(s.Roots) == 0 {
		return nil, errors.New("no root")
	}
	ca.sequence = s.Sequence
	for _, text := range s.Roots {
		cert, err := readCert(text)
		if err != nil {
			return nil, err
		}
		ca.roots = append(ca.roots, cert)
	}
	if ca.root, err = readIssuer(s.Roots[len(s.Roots)-1], s.RootKey); err != nil || s.Intermediate == "" {
		return ca, err
	}
	ca.inter, err = readIssuer(s.Intermediate, s.InterKey)
	return ca, err
}

func certPEM(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

func keyPEM(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

func readCert(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("reading certificate: no PEM block")
	}
	return x509.ParseCertificate(block.Bytes)
}

func readIssuer(certText, keyText string) (issuer, error) {
	cert, err := readCert(certText)
	if err != nil {
		return issuer{}, err
	}
	block, _ := pem.Decode([]byte(keyText))
	if block == nil {
		return issuer{}, errors.New("reading key: no PEM block")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return issuer{}, fmt.Errorf("reading key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return issuer{}, errors.New("reading key: it cannot sign")
	}
	return issuer{cert, signer}, nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name()) // best effort: err is what matters
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

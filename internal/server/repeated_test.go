package server_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// TestRepeatedByCertificate: of a statement that is logged, whoever has the same
// signature gets the receipt again after the certificate has expired; nobody gets it
// with a certificate of the same name that leads nowhere.
func TestRepeatedByCertificate(t *testing.T) {
	w := newWorld(t)
	people := w.Authority("people")
	w.logNamed(attest.RootX509, cast.PeopleRoot, people)
	maria := w.CertificateHolder("maria", people)
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(maria)), maria))
	sent := w.Sign(maria, w.Instruction(maria, w.Payments))
	first := w.logged(sent)

	maria.Certified.Leaf = w.Authority("strangers").Issue(x509.Certificate{EmailAddresses: maria.Certified.Leaf.EmailAddresses}, pki.Key("another"))
	if _, err := w.submit(w.Seal(maria, sent.Envelope.Payload)); attest.AsFault(err) == nil || attest.AsFault(err).Code != "certificate.chain" {
		t.Errorf("by a stranger's certificate: %v, want certificate.chain", err)
	}
	w.move(5 * 365 * 24 * time.Hour)
	r, err := w.submit(sent)
	if err != nil || r.Index != first.Index {
		t.Errorf("the same again: entry %d, %v, want entry %d", r.Index, err, first.Index)
	}
}

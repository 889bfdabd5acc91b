package attest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
)

// BenchmarkVerify parses and verifies an action; bare-ns/op is what one
// ecdsa.VerifyASN1 of the same signature cost in the same run, which nothing
// can undercut, and x-bare the ratio.
func BenchmarkVerify(b *testing.B) {
	e, s := sealed(b)
	pub := ecKey(b, elliptic.P256(), "agent").Public().(*ecdsa.PublicKey)
	sum := sha256.Sum256([]byte("any message costs the same"))
	sig, err := ecdsa.SignASN1(nil, ecKey(b, elliptic.P256(), "agent"), sum[:])
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(e.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := attest.Parse(e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Verify(s); err != nil {
			b.Fatal(err)
		}
	}
	each := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	start := time.Now()
	for range b.N {
		if !ecdsa.VerifyASN1(pub, sum[:], sig) {
			b.Fatal("the bare signature does not verify")
		}
	}
	bare := float64(time.Since(start).Nanoseconds()) / float64(b.N)
	b.ReportMetric(bare, "bare-ns/op")
	b.ReportMetric(each/bare, "x-bare")
}

func BenchmarkParse(b *testing.B) {
	e, _ := sealed(b)
	b.SetBytes(int64(len(e.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := attest.Parse(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckProfile(b *testing.B) {
	e, _ := sealed(b)
	b.SetBytes(int64(len(e.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		if err := attest.CheckProfile(e.Payload); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode reads and writes again the predicate of a warrant.
func BenchmarkDecode(b *testing.B) {
	doc, err := attest.Encode(warrantDoc())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		var w attest.Warrant
		if err := attest.Decode(doc, &w); err != nil {
			b.Fatal(err)
		}
	}
}

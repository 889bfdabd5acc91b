package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

func TestTrustPolicyQuorum(t *testing.T) {
	ed, pq := storetest.Keys(t)
	x1, sx1 := witness(t, "x1.example", 1)
	x2, sx2 := witness(t, "x2.example", 2)
	y1, sy1 := witness(t, "y1.example", 3)
	wk, err := ledger.NewMLDSAKey(strings.NewReader(strings.Repeat("w", 32)), "y2.example")
	if err != nil {
		t.Fatal(err)
	}
	cosig, err := wk.Cosign(testCheckpoint, time.Unix(1_700_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	sy2 := ledger.Signature{Name: "y2.example", KeyID: wk.VKey().KeyHash(), Bytes: cosig}
	head := fmt.Sprintf("# example\n\nlog %s https://log.example/\nwitness X1 %s\nwitness X2 %s\n\twitness\tY1  %s\nwitness Y2 %s https://y2.example/\n",
		ed.VKey(), x1, x2, y1, wk.VKey())
	tests := []struct {
		name, tail string
		sigs       []ledger.Signature
		quorum     bool
	}{
		{"none", "quorum none\n", nil, true},
		{"one witness, there", "quorum X1\n", []ledger.Signature{sx1}, true},
		{"one witness, not there", "quorum X1\n", []ledger.Signature{sx2}, false},
		{"ML-DSA witness", "quorum Y2\n", []ledger.Signature{sy2}, true},
		{"any", "group g any X1 X2\nquorum g\n", []ledger.Signature{sx2}, true},
		{"all, one missing", "group g all X1 X2\nquorum g\n", []ledger.Signature{sx2}, false},
		{"all", "group g all X1 X2\nquorum g\n", []ledger.Signature{sx2, sx1}, true},
		{"two of three", "group g 2 X1 X2 Y1\nquorum g\n", []ledger.Signature{sx2, sy1}, true},
		{"nested, met", "group x 2 X1 X2\ngroup y any Y1 Y2\ngroup xy all x y\nquorum xy\n", []ledger.Signature{sx1, sx2, sy2}, true},
		{"nested, not met", "group x 2 X1 X2\ngroup y any Y1 Y2\ngroup xy all x y\nquorum xy\n", []ledger.Signature{sx1, sy1, sy2}, false},
	}
	for _, tt := range tests {
		p, err := ledger.ParseTrustPolicy([]byte(head + tt.tail))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		c, err := p.Open(signed(t, tt.sigs...))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if c.Quorum != tt.quorum || len(c.Cosignatures) != len(tt.sigs) || c.Checkpoint() != testCheckpoint || c.Log.String() != ed.VKey().String() {
			t.Errorf("%s: quorum %v, cosignatures %v", tt.name, c.Quorum, c.Cosignatures)
		}
	}

	p, err := ledger.ParseTrustPolicy([]byte(head + "quorum Y2\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Open(signed(t, sy2))
	if err != nil || c.Cosignatures[0] != (ledger.Cosignature{Witness: "Y2", Time: 1_700_000_000}) {
		t.Errorf("cosignatures %v, %v", c.Cosignatures, err)
	}
	forged := sx1
	forged.Bytes = slices.Clone(sx1.Bytes)
	forged.Bytes[20] ^= 1
	if _, err := p.Open(signed(t, sy2, forged)); !errors.Is(err, ledger.ErrSignature) {
		t.Errorf("a forged cosignature of a known witness: %v, want ErrSignature", err)
	}
	// Any one of several logs suffices, also by its ML-DSA-44 key.
	both, err := ledger.ParseTrustPolicy(fmt.Appendf(nil, "log %s\nlog %s\nquorum none\n", x1ForLog(t), pq.VKey()))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := both.Open(signed(t)); err != nil || c.Log.String() != pq.VKey().String() {
		t.Errorf("second log of two: %v", err)
	}
	neither, err := ledger.ParseTrustPolicy(fmt.Appendf(nil, "log %s\nquorum none\n", x1ForLog(t)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := neither.Open(signed(t)); !errors.Is(err, ledger.ErrSignature) {
		t.Errorf("no log of the policy: %v, want ErrSignature", err)
	}
	if _, err := new(ledger.TrustPolicy).Open(signed(t)); !errors.Is(err, ledger.ErrSignature) {
		t.Errorf("a policy without logs: %v, want ErrSignature", err)
	}
}

// x1ForLog is the key of another log.
func x1ForLog(t *testing.T) ledger.VKey {
	k, err := ledger.NewEd25519Key(strings.NewReader(strings.Repeat("l", 32)), "other.example")
	if err != nil {
		t.Fatal(err)
	}
	return k.VKey()
}

func TestTrustPolicyStrict(t *testing.T) {
	ed, _ := storetest.Keys(t)
	w1, _ := witness(t, "w1.example", 1)
	w2, _ := witness(t, "w2.example", 2)
	renamed, _ := witness(t, "renamed.example", 1)
	log, a, b := "log "+ed.VKey().String()+"\n", "witness a "+w1.String()+"\n", "witness b "+w2.String()+"\n"
	bad := map[string]string{
		"empty": "", "no quorum": log, "two quorums": "quorum none\nquorum none\n", "no final newline": "quorum none",
		"quorum not defined": "quorum a\n", "quorum before": "quorum a\n" + a, "unknown keyword": "logs x\nquorum none\n",
		"log twice": log + log + "quorum none\n", "witness name twice": a + "witness a " + w2.String() + "\nquorum a\n",
		"witness key twice": a + "witness b " + renamed.String() + "\nquorum a\n", "witness named none": "witness none " + w1.String() + "\nquorum none\n",
		"group named none": a + "group none any a\nquorum none\n", "group named as witness": a + b + "group a any b\nquorum a\n",
		"k is 0": a + "group g 0 a\nquorum g\n", "k above n": a + "group g 2 a\nquorum g\n", "k with zero": a + "group g 01 a\nquorum g\n",
		"empty group": a + "group g all\nquorum g\n", "member twice": a + "group g any a a\nquorum g\n",
		"member of two groups": a + b + "group g any a\ngroup h any a b\nquorum h\n", "member none": a + "group g any none\nquorum g\n",
		"member defined below": "group g any a\n" + a + "quorum g\n", "itself": a + "group g any g\nquorum g\n",
		"carriage return": "quorum none\r\n", "control character": "quorum none\n# \x01\n", "delete": "# \x7f\nquorum none\n",
		"log key as witness": "witness a " + ed.VKey().String() + "\nquorum a\n", "witness key as log": "log " + w1.String() + "\nquorum none\n",
		"three fields": "log " + ed.VKey().String() + " https://a b\nquorum none\n", "quorum of two": a + b + "quorum a b\n",
		"no-break space": "quorum\u00a0none\n",
	}
	for name, text := range bad {
		if p, err := ledger.ParseTrustPolicy([]byte(text)); err == nil {
			t.Errorf("%s: parsed as %q", name, p)
		}
	}
	var big strings.Builder
	for i := range byte(40) {
		k, _ := witness(t, fmt.Sprintf("w%d.example", i), i)
		fmt.Fprintf(&big, "witness w%d %s\ngroup g%d all w%d\n", i, k, i, i)
	}
	if _, err := ledger.ParseTrustPolicy([]byte(log + big.String() + "quorum g39\n")); err != nil {
		t.Errorf("40 witnesses and groups: %v", err)
	}
}

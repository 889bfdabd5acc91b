package ledger_test

import (
	"bytes"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// Each parser accepts only what its printer prints, and what it accepts, the
// implementation of others accepts too.

func FuzzParseSignedCheckpoint(f *testing.F) {
	f.Add(signed(f))
	f.Add([]byte("a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— a AAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ledger.ParseSignedCheckpoint(text)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Bytes(), text) {
			t.Errorf("%q became %q", text, s.Bytes())
		}
		if c, err := torchwood.ParseCheckpoint(s.Checkpoint.String()); err != nil || uint64(c.N) != s.Size || c.Origin != s.Origin {
			t.Errorf("torchwood reads %+v, %v", c, err)
		}
		if _, err := note.Open(text, nil); err != nil {
			if _, ok := err.(*note.UnverifiedNoteError); !ok {
				t.Errorf("x/mod: %v", err)
			}
		}
	})
}

func FuzzParseProof(f *testing.F) {
	f.Add(receiptOf(f, 5).Proof)
	f.Add(ledger.Proof{Extra: []byte("x"), Index: 7, Checkpoint: signed(f)}.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ledger.ParseProof(text)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Bytes(), text) {
			t.Errorf("%q became %q", text, p.Bytes())
		}
	})
}

func FuzzParseVKey(f *testing.F) {
	ed, pq := storetest.Keys(f)
	w, _ := witness(f, "w.example", 1)
	f.Add(ed.VKey().String())
	f.Add(pq.VKey().String())
	f.Add(w.String())
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ledger.ParseVKey(text)
		if err != nil {
			return
		}
		if k.String() != text {
			t.Errorf("%q became %q", text, k)
		}
		if _, err := note.NewVerifier(text); k.Type() == ledger.TypeEd25519 && err != nil {
			t.Errorf("x/mod: %v", err)
		}
		k.Verify([]byte(testCheckpoint.String()), make([]byte, 72))
	})
}

func FuzzParsePrivateKey(f *testing.F) {
	ed, pq := storetest.Keys(f)
	f.Add(ed.Private())
	f.Add(pq.Private())
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ledger.ParseEd25519Key(text); err == nil && k.Private() != text {
			t.Errorf("%q became %q", text, k.Private())
		}
		if k, err := ledger.ParseMLDSAKey(text); err == nil && k.Private() != text {
			t.Errorf("%q became %q", text, k.Private())
		}
	})
}

func FuzzParseTrustPolicy(f *testing.F) {
	ed, _ := storetest.Keys(f)
	w, _ := witness(f, "w.example", 1)
	f.Add([]byte("log " + ed.VKey().String() + " https://log.example\nwitness w " + w.String() + "\ngroup g any w\nquorum g\n"))
	f.Add([]byte("# x\n\t \nquorum none\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ledger.ParseTrustPolicy(text)
		if err != nil {
			return
		}
		again, err := ledger.ParseTrustPolicy([]byte(p.String()))
		if err != nil || again.String() != p.String() {
			t.Errorf("%q became %q, then %v, %v", text, p, again, err)
		}
		p.Open(nil)
	})
}

func FuzzParseTilePath(f *testing.F) {
	f.Add("tile/0/x001/x234/067.p/12")
	f.Add("tile/entries/000")
	f.Fuzz(func(t *testing.T, path string) {
		id, err := ledger.ParseTilePath(path)
		oracle, oracleErr := torchwood.ParseTilePath(path)
		if err != nil {
			// The oracle has levels up to 63 and numbers up to 2^63 too.
			if oracleErr == nil && oracle.N < 1<<46 && oracle.L < 64 {
				t.Errorf("%q: %v, torchwood reads %+v", path, err, oracle)
			}
			return
		}
		if id.String() != path || id.Width < 1 || id.Width > 256 {
			t.Errorf("%q became %+v", path, id)
		}
		if oracleErr != nil || uint64(oracle.N) != id.Index || oracle.W != id.Width || !id.Entries && oracle.L != id.Level {
			t.Errorf("%q = %+v, torchwood reads %+v, %v", path, id, oracle, oracleErr)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	b, _ := ledger.EmptyHead().AppendBinary(nil)
	f.Add(b)
	b, _ = ledger.Head{Size: 2, Root: ledger.HashLeaf(nil), Edge: []ledger.Hash{ledger.HashLeaf(nil)}, Time: 5}.AppendBinary(nil)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ledger.ParseHead(b)
		if err != nil {
			return
		}
		if again, _ := h.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

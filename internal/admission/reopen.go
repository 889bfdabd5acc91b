package admission

import (
	"errors"
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/identity"
)

// Reopen makes a Logged of an entry that this register admitted itself. It
// checks the bytes and the signature again, but not the trust that the
// signature rested on: that was checked when the entry was made. A verifier
// never calls it.
func Reopen(index uint64, entryDoc []byte, object func(attest.Digest) ([]byte, error)) (*Logged, error) {
	entry, err := ParseEntry(entryDoc)
	if err != nil {
		return nil, fmt.Errorf("reading entry %d: %w", index, damaged(err))
	}
	recordDoc, err := object(entry.Admission)
	if err != nil {
		return nil, fmt.Errorf("reading record of entry %d: %w", index, err)
	}
	record, err := ParseRecord(recordDoc)
	if err != nil {
		return nil, fmt.Errorf("reading record of entry %d: %w", index, damaged(err))
	}
	verified, err := reopenStatement(record, object)
	if err != nil {
		return nil, fmt.Errorf("reading statement of entry %d: %w", index, damaged(err))
	}
	if verified.ID() != entry.Envelope {
		return nil, fmt.Errorf("reading statement of entry %d: it is %s, not %s", index, verified.ID(), entry.Envelope)
	}
	return &Logged{Index: index, Verified: verified, Record: record}, nil
}

// damaged is an error about bytes that the register wrote itself. A fault in them
// is not one of whoever asks, so it must not look like one.
func damaged(err error) error {
	if attest.AsFault(err) == nil {
		return err
	}
	return errors.New(err.Error())
}

func reopenStatement(r *Record, object func(attest.Digest) ([]byte, error)) (v attest.Verified, err error) {
	doc, err := object(r.Envelope)
	if err != nil {
		return v, err
	}
	envelope, err := attest.ParseEnvelope(doc)
	if err != nil {
		return v, err
	}
	key, err := object(r.Signer.KeyID)
	if err != nil {
		return v, err
	}
	signer, err := recordedSigner(r.Signer, key)
	if err != nil {
		return v, err
	}
	return attest.Open(envelope, signer)
}

func recordedSigner(s RecordSigner, key []byte) (attest.Signer, error) {
	if s.Kind != attest.BySVID {
		return attest.KeySigner(s.Kind, s.Name, key)
	}
	chain, err := identity.ParseChain(key)
	if err != nil {
		return attest.Signer{}, err
	}
	return attest.Signer{
		Party: attest.Party{ID: chain.SPIFFEID(), Kind: attest.BySVID}, Key: chain.PublicKey(),
		KeyID: s.KeyID, KeySum: s.Key,
	}, nil
}

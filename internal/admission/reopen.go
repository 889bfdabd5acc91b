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
	return (*Opener)(nil).Reopen(index, entryDoc, object)
}

// An Opener reopens many entries of one register. It remembers whose key a record
// names: to parse a chain takes a good part of the time that its signature takes
// to check. A nil *Opener remembers nothing. It is safe for concurrent use.
type Opener struct {
	signers memo[RecordSigner, attest.Signer]
}

// NewOpener returns an Opener that remembers at most n signers.
func NewOpener(n int) *Opener {
	return &Opener{signers: memo[RecordSigner, attest.Signer]{most: n}}
}

// Reopen is the function [Reopen] with memory. The bytes that object returns must
// have the digest that it was asked for; it is not asked for a key that is
// remembered.
func (o *Opener) Reopen(index uint64, entryDoc []byte, object func(attest.Digest) ([]byte, error)) (*Logged, error) {
	entry, err := ParseEntry(entryDoc)
	if err != nil {
		return nil, fmt.Errorf("reading entry %d: %w", index, damaged(err))
	}
	return o.ReopenEntry(index, entry, object)
}

// ReopenEntry is Reopen of an entry that is parsed already.
func (o *Opener) ReopenEntry(index uint64, entry *Entry, object func(attest.Digest) ([]byte, error)) (*Logged, error) {
	recordDoc, err := object(entry.Admission)
	if err != nil {
		return nil, fmt.Errorf("reading record of entry %d: %w", index, err)
	}
	record, err := ParseRecord(recordDoc)
	if err != nil {
		return nil, fmt.Errorf("reading record of entry %d: %w", index, damaged(err))
	}
	verified, err := o.statement(record, object)
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

func (o *Opener) statement(r *Record, object func(attest.Digest) ([]byte, error)) (v attest.Verified, err error) {
	doc, err := object(r.Envelope)
	if err != nil {
		return v, err
	}
	envelope, err := attest.ParseEnvelope(doc)
	if err != nil {
		return v, err
	}
	signer, err := o.signer(r.Signer, object)
	if err != nil {
		return v, err
	}
	return attest.Open(envelope, signer)
}

func (o *Opener) signer(s RecordSigner, object func(attest.Digest) ([]byte, error)) (attest.Signer, error) {
	parse := func() (signer attest.Signer, err error) {
		key, err := object(s.KeyID)
		if err != nil {
			return signer, err
		}
		return recordedSigner(s, key)
	}
	if o == nil {
		return parse()
	}
	return o.signers.get(s, parse)
}

func recordedSigner(s RecordSigner, key []byte) (attest.Signer, error) {
	switch s.Kind {
	case attest.ByServer:
		return attest.KeySigner(s.Kind, s.Name, key)
	case attest.ByPerson:
		signer, err := attest.PersonKey(key).Signer(s.Name)
		return signer.Reopened(), err
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

package attest

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// PayloadType is the only payload type of an envelope.
const PayloadType = "application/vnd.in-toto+json"

// MaxEnvelope bounds the JSON form of an envelope, in bytes.
const MaxEnvelope = (MaxPayload+maxSignature)*4/3 + 1024

// Caps of a signature, in bytes.
const (
	maxSignature     = 16 << 10 // with certificates in it
	maxBareSignature = 2048     // RSA-4096 takes 512, an assertion by one about 1500
)

// envelopeTag separates statement names from every other hash.
const envelopeTag = "deed/envelope/v1\x00"

// Envelope is a DSSE envelope with exactly one signature, as it travels and is
// stored. Its JSON form ([Envelope.JSON]) is a pure function of the three
// fields and is written on export.
type Envelope struct {
	Payload   []byte
	KeyID     Digest // hint: digest of the certificate chain or of the key
	Signature []byte
}

// Without a key ID that must be escaped the JSON form of an envelope is these
// four parts around payload, key ID and signature.
const (
	jsonPayload   = `{"payload":"`
	jsonKeyID     = `","payloadType":"` + PayloadType + `","signatures":[{"keyid":"`
	jsonSignature = `","sig":"`
	jsonEnd       = `"}]}`
)

type envelopeJSON struct {
	Payload     []byte          `json:"payload"`
	PayloadType string          `json:"payloadType"`
	Signatures  []signatureJSON `json:"signatures"`
}

type signatureJSON struct {
	KeyID Digest `json:"keyid"`
	Sig   []byte `json:"sig"`
}

// JSON returns the one JSON form of the envelope (docs/spec/bytes.md,
// "Envelope").
func (e Envelope) JSON() []byte {
	if !e.KeyID.Valid() {
		return e.escapedJSON()
	}
	base64Len := base64.StdEncoding.EncodedLen
	doc := make([]byte, 0, len(jsonPayload)+base64Len(len(e.Payload))+len(jsonKeyID)+len(e.KeyID)+
		len(jsonSignature)+base64Len(len(e.Signature))+len(jsonEnd))
	doc = base64.StdEncoding.AppendEncode(append(doc, jsonPayload...), e.Payload)
	doc = append(append(append(doc, jsonKeyID...), e.KeyID...), jsonSignature...)
	return append(base64.StdEncoding.AppendEncode(doc, e.Signature), jsonEnd...)
}

// escapedJSON is JSON for any key ID.
func (e Envelope) escapedJSON() []byte {
	doc, err := json.Marshal(envelopeJSON{
		Payload: e.Payload, PayloadType: PayloadType,
		Signatures: []signatureJSON{{KeyID: e.KeyID, Sig: e.Signature}},
	}, jsontext.AllowInvalidUTF8(true)) // a key ID that was never checked must not panic
	if err != nil {
		panic("encoding envelope: " + err.Error()) // strings and bytes cannot fail
	}
	return doc
}

// ParseEnvelope reads the JSON form. Everything DSSE leaves open is pinned:
// one payload type, one signature, standard base64, no other member, canonical
// bytes. Faults: envelope.size, envelope.form, envelope.payload_type,
// envelope.signatures, envelope.keyid.
func ParseEnvelope(doc []byte) (Envelope, error) {
	if len(doc) > MaxEnvelope {
		return Envelope{}, Refuse("envelope.size", "", "at most "+strconv.Itoa(MaxEnvelope)+" bytes", strconv.Itoa(len(doc)))
	}
	if e, ok := splitEnvelope(doc); ok {
		return e, e.check()
	}
	var in envelopeJSON
	if err := json.Unmarshal(doc, &in, json.RejectUnknownMembers(true)); err != nil {
		return Envelope{}, Refuse("envelope.form", "", "a DSSE envelope in canonical JSON", err.Error())
	}
	if in.PayloadType != PayloadType {
		return Envelope{}, Refuse("envelope.payload_type", "payloadType", PayloadType, in.PayloadType)
	}
	if len(in.Signatures) != 1 {
		return Envelope{}, Refuse("envelope.signatures", "signatures", "exactly one", strconv.Itoa(len(in.Signatures)))
	}
	e := Envelope{Payload: in.Payload, KeyID: in.Signatures[0].KeyID, Signature: in.Signatures[0].Sig}
	if !bytes.Equal(e.JSON(), doc) {
		return Envelope{}, Refuse("envelope.form", "", "its own canonical form", "another spelling")
	}
	return e, e.check()
}

// splitEnvelope takes apart the JSON form of an envelope without escapes; ok is
// false for everything else.
func splitEnvelope(doc []byte) (e Envelope, ok bool) {
	rest, begins := bytes.CutPrefix(doc, []byte(jsonPayload))
	payload, rest, typed := bytes.Cut(rest, []byte(jsonKeyID))
	key, rest, signed := bytes.Cut(rest, []byte(jsonSignature))
	sig, ends := bytes.CutSuffix(rest, []byte(jsonEnd))
	e.KeyID = Digest(key)
	if !begins || !typed || !signed || !ends || !e.KeyID.Valid() {
		return e, false
	}
	e.Payload, begins = decodeBase64(payload)
	e.Signature, ends = decodeBase64(sig)
	return e, begins && ends
}

var strictBase64 = base64.StdEncoding.Strict()

// decodeBase64 decodes what has only this one encoding: the decoder would pass
// over line breaks.
func decodeBase64(text []byte) ([]byte, bool) {
	out, err := strictBase64.AppendDecode(make([]byte, 0, strictBase64.DecodedLen(len(text))), text)
	return out, err == nil && strictBase64.EncodedLen(len(out)) == len(text)
}

// check enforces the limits that hold for every way an envelope arrives.
func (e Envelope) check() error {
	if len(e.Payload) == 0 || len(e.Payload) > MaxPayload {
		return Refuse("envelope.size", "payload", "1 to "+strconv.Itoa(MaxPayload)+" bytes", strconv.Itoa(len(e.Payload)))
	}
	if len(e.Signature) == 0 || len(e.Signature) > maxSignature {
		return Refuse("envelope.signatures", "signatures", "a signature of at most 16384 bytes", strconv.Itoa(len(e.Signature)))
	}
	if !e.KeyID.Valid() {
		return Refuse("envelope.keyid", "keyid", "sha256: and 64 hex digits", string(e.KeyID))
	}
	return nil
}

// pae is DSSE's pre-authentication encoding: what is signed.
func (e Envelope) pae() []byte {
	return append(e.appendHead(make([]byte, 0, paeHead+len(e.Payload))), e.Payload...)
}

// paeHead is more than what stands before the payload.
const paeHead = 64

// appendHead appends what stands before the payload in the encoding.
func (e Envelope) appendHead(b []byte) []byte {
	b = strconv.AppendInt(append(b, "DSSEv1 "...), int64(len(PayloadType)), 10)
	b = append(append(b, ' '), PayloadType...)
	b = strconv.AppendInt(append(b, ' '), int64(len(e.Payload)), 10)
	return append(b, ' ')
}

// sum is the SHA-256 of pae, which is not put together for it.
func (e Envelope) sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(e.appendHead(make([]byte, 0, paeHead)))
	h.Write(e.Payload)
	h.Sum(sum[:0])
	return sum
}

// ID computes the statement's name for a signer ([Party.Name]):
// SHA-256("deed/envelope/v1\0" || SHA-256(PAE) || signer). It says nothing
// about the signature.
func (e Envelope) ID(signer string) ID { return idOf(e.sum(), signer) }

func idOf(sum [sha256.Size]byte, signer string) ID {
	named := append(append(make([]byte, 0, 256), envelopeTag...), sum[:]...)
	return IDFrom(sha256.Sum256(append(named, signer...)))
}

// Seal signs payload with key and returns the envelope. keyID is the digest of
// the DER certificate chain for an SVID and of the public key otherwise.
func Seal(payload []byte, key crypto.PrivateKey, keyID Digest) (Envelope, error) {
	e := Envelope{Payload: payload, KeyID: keyID}
	sig, err := makeSignature(key, e.pae())
	if err != nil {
		return Envelope{}, err
	}
	e.Signature = sig
	return e, e.check()
}

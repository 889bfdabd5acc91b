package checker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// row is a search row of an entry.
type row struct {
	name, key string
	index     uint64
}

// item is an entry, and what follows from it.
type item struct {
	entry   string
	id      Hash
	time    uint64
	rows    []row
	objects []Hash // that it and its record name
}

// What the checker reads of an entry and a record (docs/spec/admission.md).
type (
	entryDoc struct {
		Admission    string `json:"admission"`
		Envelope     string `json:"envelope"`
		Kind         string `json:"kind"`
		ReceivedAt   uint64 `json:"received_at"`
		ServerFields struct {
			Seed string `json:"seed"`
		} `json:"server_fields"`
	}
	recordDoc struct {
		ID           string   `json:"id"`
		Kind         string   `json:"kind"`
		Envelope     string   `json:"envelope"`
		Objects      []string `json:"objects"`
		Endorsements []struct {
			Envelope string `json:"envelope"`
		} `json:"endorsements"`
		Decision struct {
			Effect string `json:"effect"`
		} `json:"decision"`
		Signer struct {
			Kind  string `json:"kind"`
			Name  string `json:"name"`
			KeyID string `json:"key_id"`
		} `json:"signer"`
		Attribution *struct {
			Agency      string `json:"agency"`
			Authorizing string `json:"authorizing"`
			Accountable string `json:"accountable"`
		} `json:"attribution"`
		Read struct {
			Spent []struct {
				ID string `json:"id"`
			} `json:"spent"`
		} `json:"read"`
	}
	envelopeDoc struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
	}
)

// derive reads an entry, its record and its statement.
func derive(index uint64, entry []byte, objects map[Hash]string) (item, error) {
	it := item{entry: string(entry)}
	var e entryDoc
	if err := json.Unmarshal(entry, &e); err != nil {
		return it, fmt.Errorf("reading entry: %w", err)
	}
	var r recordDoc
	if err := read(e.Admission, objects, &r); err != nil {
		return it, fmt.Errorf("reading record: %w", err)
	}
	var sent envelopeDoc
	if err := read(r.Envelope, objects, &sent); err != nil {
		return it, fmt.Errorf("reading envelope: %w", err)
	}
	var s statementDoc
	if err := json.Unmarshal(sent.Payload, &s); err != nil {
		return it, fmt.Errorf("reading statement: %w", err)
	}
	it.time, it.id = e.ReceivedAt, statementID(sent, r)
	if name := "id:" + hex.EncodeToString(it.id[:]); e.Envelope != name || r.ID != name {
		return it, fmt.Errorf("the statement is %s, the entry says %s, the record says %s", name, e.Envelope, r.ID)
	}
	if r.Kind != e.Kind || !strings.HasSuffix(s.PredicateType, "/"+r.Kind+"/v1") {
		return it, fmt.Errorf("the statement is of %s, the entry says %s, the record says %s", s.PredicateType, e.Kind, r.Kind)
	}
	for _, name := range append([]string{e.Admission, e.ServerFields.Seed, r.Envelope, r.Signer.KeyID}, r.Objects...) {
		d, err := digest(name)
		if err != nil {
			return it, err
		}
		it.objects = append(it.objects, d)
	}
	for _, m := range r.Endorsements {
		d, err := digest(m.Envelope)
		if err != nil {
			return it, err
		}
		it.objects = append(it.objects, d)
	}
	it.rows = searchRows(index, r, s)
	return it, nil
}

// statementID is SHA-256("deed/envelope/v1" 00 || SHA-256(PAE) || signer name)
// (docs/spec/bytes.md).
func statementID(sent envelopeDoc, r recordDoc) Hash {
	pae := fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(sent.PayloadType), sent.PayloadType, len(sent.Payload))
	sum := sha256.Sum256(append(pae, sent.Payload...))
	name := r.Signer.Name
	if r.Signer.Kind != "svid" {
		name = r.Signer.Kind + ":" + name
	}
	return sha256.Sum256([]byte("deed/envelope/v1\x00" + string(sum[:]) + name))
}

func digest(name string) (Hash, error) {
	b, err := hex.DecodeString(strings.TrimPrefix(name, "sha256:"))
	if err != nil || len(b) != sha256.Size || !strings.HasPrefix(name, "sha256:") {
		return Hash{}, fmt.Errorf("%q is no digest", name)
	}
	return Hash(b), nil
}

// read parses an object.
func read(name string, objects map[Hash]string, into any) error {
	d, err := digest(name)
	if err != nil {
		return err
	}
	doc, ok := objects[d]
	if !ok {
		return fmt.Errorf("object %s is missing", name)
	}
	return json.Unmarshal([]byte(doc), into)
}

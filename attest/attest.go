// Package attest holds the signed documents of Deed: the strict JSON profile
// they are written in, the DSSE envelope that carries them, the statements of
// every kind as plain structs, and the salted commitments that keep private
// values out of the log.
//
// # Bytes
//
// What is signed is kept as received and never re-serialised to be verified.
// A document is accepted only in its own canonical form (RFC 8785, narrowed:
// see [CheckProfile]), so there is one byte string for one meaning.
//
//	payload   = in-toto Statement v1, canonical JSON, at most 48 KiB
//	PAE       = "DSSEv1" SP len(type) SP type SP len(payload) SP payload
//	signature = over PAE, by an X.509-SVID key, a person's key or the server's key
//	id        = SHA-256("deed/envelope/v1\0" || SHA-256(PAE) || signer name)
//
// # Reading order
//
// [Envelope] is what travels; [Open] checks its signature and is the only
// maker of a [Verified]; [Statement] is what it says; [Decode] and [Encode]
// are the two ends of the profile; [Fault] is how any of them refuses.
//
// # Caveats
//
// A Verified says that a key signed these bytes. Whether the key belonged to
// the named workload at that time is package identity's part, whether the
// statement has authority is package internal/admission's.
package attest

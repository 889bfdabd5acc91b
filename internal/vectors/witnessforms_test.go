package vectors_test

import (
	"bytes"
	"testing"

	"github.com/deedlog/deed/attest"
)

// ofRegistrations are answers of browsers that make passkeys.
func ofRegistrations(t *testing.T) (out []witness) {
	const name = "registrations.json"
	var file []struct {
		Name    string          `json:"name"`
		Object  []byte          `json:"attestation_object"`
		Client  []byte          `json:"client_data"`
		Key     attest.Key      `json:"key"`
		Passkey *attest.Passkey `json:"passkey"`
		Code    string          `json:"code"`
	}
	published(t, name, &file)
	for _, v := range file {
		out = append(out, witness{name + ": " + v.Name, func() bool {
			key, passkey, err := attest.NewPasskey(v.Object, v.Client)
			if err != nil {
				return code(err) == v.Code
			}
			return v.Code == "" && bytes.Equal(key, v.Key) && encoded(passkey) == encoded(v.Passkey)
		}})
	}
	return out
}

// ofKeys are keys and signatures in OpenSSH's files, and SSH keys that people might
// have registered.
func ofKeys(t *testing.T) (out []witness) {
	const name = "signatures/keys.json"
	var file struct {
		Lines []struct {
			Name string      `json:"name"`
			Line string      `json:"line"`
			Key  attest.Key  `json:"key"`
			SSH  *attest.SSH `json:"ssh"`
			Code string      `json:"code"`
		} `json:"lines"`
		Files []struct {
			Name string `json:"name"`
			File string `json:"file"`
			Blob []byte `json:"blob"`
			Code string `json:"code"`
		} `json:"files"`
		Objects []struct {
			Name   string   `json:"name"`
			Object document `json:"object"`
			Code   string   `json:"code"`
		} `json:"objects"`
	}
	published(t, name, &file)
	add := func(of string, holds func() bool) { out = append(out, witness{name + ": " + of, holds}) }
	for _, v := range file.Lines {
		add(v.Name, func() bool {
			key, ssh, err := attest.NewSSH(v.Line)
			if err != nil {
				return code(err) == v.Code
			}
			return v.Code == "" && bytes.Equal(key, v.Key) && encoded(ssh) == encoded(v.SSH)
		})
	}
	for _, v := range file.Files {
		add(v.Name, func() bool {
			blob, err := attest.UnarmorSSH([]byte(v.File))
			return code(err) == v.Code && bytes.Equal(blob, v.Blob)
		})
	}
	for _, v := range file.Objects {
		add(v.Name, func() bool {
			_, err := attest.PersonKey(v.Object).Signer("treasurer")
			return code(err) == v.Code
		})
	}
	return out
}

package verifier

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger"
)

// TrustSource is what a trust directory is written of.
type TrustSource struct {
	LogKey    string                        // vkey, Ed25519; required
	MLDSAKey  string                        // vkey, ML-DSA-44; may be empty
	Genesis   *ledger.Hash                  // leaf hash of entry 0; may be nil
	Bundles   map[string][][]byte           // SPIFFE bundles by trust domain, oldest first
	Named     map[attest.NamedRoot][][]byte // authorities in PEM, oldest first
	Providers map[string][][]byte           // JWKS of identity providers by issuer, oldest first
	People    []TrustPerson
	ServerKey attest.Key // may be nil
}

const trustReadmeText = `This directory is the log's own opinion of itself: whoever uses it as it is trusts the operator.

It was written by "deed init" or "deed trust export". Before you rely on a
verdict that was made with it, get these parts from someone other than the
operator of the log, and compare or replace them:

  spiffe/DOMAIN/N.json  the SPIFFE bundles, from whoever runs the trust domain
                        (for SPIRE: spire-server bundle show -format spiffe).
                        Keep old versions: a certificate is judged by the roots
                        of its time.
  x509/NAME/N.pem       the authorities that certify people's signatures, from
  fulcio/NAME/N.pem     whoever runs them; those of Fulcio and its time stamps
  tsa/NAME/N.pem        from sigstore's trust root
  oidc/NAME/N.json      the keys (JWKS) of the identity provider that
                        oidc/NAME/issuer names, fetched by yourself from the
                        provider while they are in use. Keep old versions.
  people.json           the keys of people, from these people or their
                        employer's directory
  genesis               the leaf hash of entry 0, from anyone who noted it when
                        the log began: an administrator, a witness, a contract
  log.policy            add witnesses and a quorum that you believe in; without
                        them you cannot tell whether the log shows others
                        another history

These can only come from the operator, and should be got once and kept:

  log.policy            the log's Ed25519 key
  log.mldsa.vkey        the log's ML-DSA-44 key; if the file is here, that
                        signature is required too
  server.json           the key that signs the operator's own statements

deed-verify refuses a directory with files that it does not know.
`

// TrustFiles writes a trust directory, as file contents by name. [LoadTrust]
// reads it back.
func TrustFiles(s TrustSource) (map[string][]byte, error) {
	key, err := ledger.ParseVKey(s.LogKey)
	if err != nil {
		return nil, fmt.Errorf("writing trust directory: %w", err)
	}
	policy := ledger.TrustPolicy{Logs: []ledger.PolicyKey{{Key: key}}, Quorum: "none"}
	files := map[string][]byte{trustReadme: []byte(trustReadmeText), policyFile: []byte(policy.String())}
	if s.MLDSAKey != "" {
		files[mldsaFile] = []byte(s.MLDSAKey + "\n")
	}
	if s.Genesis != nil {
		files[genesisFile] = []byte(hex.EncodeToString(s.Genesis[:]) + "\n")
	}
	for domain, versions := range s.Bundles {
		for i, doc := range versions {
			files[spiffeDir+"/"+domain+"/"+strconv.Itoa(i+1)+extension(doc)] = doc
		}
	}
	for name, versions := range s.Named {
		for i, doc := range versions {
			files[dirOf(name)+"/"+strconv.Itoa(i+1)+".pem"] = doc
		}
	}
	for issuer, name := range providerDirs(slices.Collect(maps.Keys(s.Providers))) {
		files[oidcDir+"/"+name+"/"+issuerFile] = []byte(issuer + "\n")
		for i, doc := range s.Providers[issuer] {
			files[oidcDir+"/"+name+"/"+strconv.Itoa(i+1)+".json"] = doc
		}
	}
	people := slices.SortedFunc(slices.Values(s.People), func(a, b TrustPerson) int { return strings.Compare(a.Name, b.Name) })
	if len(people) > 0 {
		err = putJSON(files, peopleFile, people)
	}
	if err == nil && s.ServerKey != nil {
		err = putJSON(files, serverFile, trustServer{Keys: []attest.Key{s.ServerKey}})
	}
	if err == nil {
		_, err = readTrust(files) // what could not be read back is not written
	}
	if err != nil {
		return nil, fmt.Errorf("writing trust directory: %w", err)
	}
	return files, nil
}

func extension(bundle []byte) string {
	if strings.HasPrefix(strings.TrimLeft(string(bundle), " \t\r\n"), "{") {
		return ".json"
	}
	return ".pem"
}

func putJSON(files map[string][]byte, name string, v any) error {
	doc, err := json.Marshal(v, jsontext.WithIndent("  "))
	files[name] = append(doc, '\n')
	return err
}

package verifier

import "github.com/go-json-experiment/json"

// ManifestOf returns the manifest of a bundle.
func ManifestOf(b *Bundle) []byte {
	doc, err := writeManifest(b.members(), b.subjects, b.leftOut)
	if err != nil {
		panic(err)
	}
	return doc
}

// States reports whether a constraint states a value by itself.
var States = states

// RewriteManifest reads a manifest and writes it again.
func RewriteManifest(doc []byte) ([]byte, error) {
	m, err := parseManifest(doc)
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

package verifier

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
)

const (
	manifestName  = "manifest.json"
	bundleFormat  = "deed-bundle"
	bundleVersion = 1
)

// manifest lists what a bundle holds. All of it follows from the members, but for
// which entries the bundle is about, and how much of what was said of them whoever
// made it says to have left out.
type manifest struct {
	Files    []manifestFile `json:"files"` // every other member, ascending by name
	Format   string         `json:"format"`
	LeftOut  []leftOut      `json:"left_out,omitempty"` // ascending by subject
	Subjects []uint64       `json:"subjects"`           // indexes, ascending
	V        int            `json:"v"`
}

type manifestFile struct {
	Digest attest.Digest `json:"digest"`
	Name   string        `json:"name"`
	Size   int           `json:"size"`
}

// leftOut is how many countersignatures of a subject are not in the bundle, at least.
type leftOut struct {
	Count   int    `json:"count"`
	Subject uint64 `json:"subject"`
}

// writeManifest writes the one manifest of these members, subjects and what was left
// out.
func writeManifest(members []member, subjects []uint64, left []leftOut) ([]byte, error) {
	m := manifest{Format: bundleFormat, LeftOut: left, Subjects: subjects, V: bundleVersion}
	for _, f := range members {
		m.Files = append(m.Files, manifestFile{Digest: attest.DigestOf(f.data), Name: f.name, Size: len(f.data)})
	}
	doc, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding manifest: %w", err)
	}
	return doc, nil
}

// parseManifest reads a manifest. It accepts only the bytes that it would itself
// be written in.
func parseManifest(doc []byte) (manifest, error) {
	var m manifest
	bad := func(expected, found string) (manifest, error) {
		return manifest{}, refuse(fail, "bundle.manifest", manifestName, expected, found)
	}
	if len(doc) > maxManifest {
		return bad(fmt.Sprintf("at most %d bytes", maxManifest), fmt.Sprint(len(doc)))
	}
	if err := json.Unmarshal(doc, &m, json.RejectUnknownMembers(true)); err != nil {
		return bad("a manifest in canonical JSON", err.Error())
	}
	if again, err := json.Marshal(m); err != nil || !bytes.Equal(again, doc) {
		return bad("a manifest in canonical JSON", "another spelling")
	}
	if m.Format != bundleFormat || m.V != bundleVersion {
		return manifest{}, refuse(unknown, "bundle.manifest", manifestName,
			fmt.Sprintf("%s version %d", bundleFormat, bundleVersion), fmt.Sprintf("%s version %d", m.Format, m.V))
	}
	ascending := slices.IsSorted(m.Subjects) && len(slices.Compact(slices.Clone(m.Subjects))) == len(m.Subjects)
	if len(m.Subjects) == 0 || !ascending {
		return bad("at least one subject, ascending, each once", fmt.Sprint(len(m.Subjects)))
	}
	for n, l := range m.LeftOut {
		if l.Count < 1 || !slices.Contains(m.Subjects, l.Subject) || n > 0 && m.LeftOut[n-1].Subject >= l.Subject {
			return bad("what is left out of a subject, ascending, each once, at least 1", fmt.Sprint(l.Count, " of ", l.Subject))
		}
	}
	return m, nil
}

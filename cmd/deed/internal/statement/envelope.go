package statement

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

// KeepSigned writes an envelope for somebody else to submit, and the objects that
// belong to it.
func KeepSigned(cmd *cobra.Command, file, dir string, e attest.Envelope, objects [][]byte) error {
	if dir == "" {
		dir = file + ObjectsSuffix
	}
	if err := WriteObjects(dir, objects); err != nil {
		return err
	}
	if err := setup.WriteFile(file, append(e.JSON(), '\n'), 0o600); err != nil {
		return fmt.Errorf("writing envelope: %w", err)
	}
	return console.Print(cmd.OutOrStdout(), file+"\n")
}

// ObjectsSuffix is where the objects of an envelope in a file are by default.
const ObjectsSuffix = ".objects"

// ReadEnvelope reads an envelope, as deed sign prints it.
func ReadEnvelope(path string) (attest.Envelope, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return attest.Envelope{}, fmt.Errorf("reading envelope: %w", err)
	}
	e, err := attest.ParseEnvelope([]byte(strings.TrimRight(string(doc), "\r\n")))
	if err != nil {
		return e, fmt.Errorf("reading envelope %s: %w", path, err)
	}
	return e, nil
}

// WriteObjects writes objects under the hex of their digests.
func WriteObjects(dir string, objects [][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("writing objects: %w", err)
	}
	for _, o := range objects {
		if err := setup.WriteFile(filepath.Join(dir, attest.DigestOf(o).Hex()), o, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// ReadObjects reads files, and all files of directories.
func ReadObjects(paths []string) (objects [][]byte, err error) {
	for _, path := range paths {
		names := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			list, err := os.ReadDir(path)
			if err != nil {
				return nil, fmt.Errorf("reading objects: %w", err)
			}
			names = nil
			for _, f := range list {
				names = append(names, filepath.Join(path, f.Name()))
			}
		}
		for _, name := range names {
			o, err := readObject(name)
			if err != nil {
				return nil, err
			}
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// readObject reads one object. An envelope is an object in its canonical form,
// without the newline that deed sign prints after it.
func readObject(path string) ([]byte, error) {
	o, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading object: %w", err)
	}
	if e, err := attest.ParseEnvelope([]byte(strings.TrimRight(string(o), "\r\n"))); err == nil {
		return e.JSON(), nil
	}
	if len(o) == 0 {
		return nil, errors.New("reading object " + path + ": it is empty")
	}
	return o, nil
}

// IsEnvelope tells an envelope from a predicate, which has no such member.
func IsEnvelope(doc []byte) bool {
	var shape struct {
		PayloadType jsontext.Value `json:"payloadType"`
	}
	return len(doc) > 0 && json.Unmarshal(doc, &shape) == nil && len(shape.PayloadType) > 0
}

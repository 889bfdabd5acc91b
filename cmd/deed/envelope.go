package main

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
	"github.com/deedlog/deed/internal/setup"
)

// keepSigned writes an envelope for somebody else to submit, and the objects that
// belong to it.
func keepSigned(cmd *cobra.Command, file, dir string, e attest.Envelope, objects [][]byte) error {
	if dir == "" {
		dir = file + objectsSuffix
	}
	if err := writeObjects(dir, objects); err != nil {
		return err
	}
	if err := setup.WriteFile(file, append(e.JSON(), '\n'), 0o600); err != nil {
		return fmt.Errorf("writing envelope: %w", err)
	}
	return printText(cmd.OutOrStdout(), file+"\n")
}

// objectsSuffix is where the objects of an envelope in a file are by default.
const objectsSuffix = ".objects"

func readEnvelope(path string) (attest.Envelope, error) {
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

// writeObjects writes objects under the hex of their digests.
func writeObjects(dir string, objects [][]byte) error {
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

// readObjects reads files, and all files of directories.
func readObjects(paths []string) (objects [][]byte, err error) {
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

// isEnvelope tells an envelope from a predicate, which has no such member.
func isEnvelope(doc []byte) bool {
	var shape struct {
		PayloadType jsontext.Value `json:"payloadType"`
	}
	return len(doc) > 0 && json.Unmarshal(doc, &shape) == nil && len(shape.PayloadType) > 0
}

package verifier_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
)

// checkZip reads every member of a container with the standard library.
func checkZip(t *testing.T, file []byte) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, rc); err != nil { // checks the CRC
			t.Errorf("%s: %v", f.Name, err)
		}
		if err := rc.Close(); err != nil || f.Method != zip.Store || f.Modified.Year() > 1980 {
			t.Errorf("%s: method %d, %v, %v", f.Name, f.Method, f.Modified, err)
		}
	}
}

// TestContainer: other tools read the container.
func TestContainer(t *testing.T) {
	w := world(t, "one")
	checkZip(t, build(t, w.contents["human_directed"]).Bytes())
}

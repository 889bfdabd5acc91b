package setup_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
)

// TestScrub tests that an open register scrubs itself, says where it is damaged,
// and goes on.
func TestScrub(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "register")
	i, err := setup.Create(t.Context(), dir, setup.Options{Origin: "log.example/scrub", Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	if c := i.Config.Scrub; c.Interval != 24*time.Hour || c.Rate != 4 {
		t.Errorf("scrub of a new register: %+v", c)
	}
	status, err := i.Scrub.Pass(t.Context())
	if err != nil || status.Entries != 3 || status.Faults != 0 || status.Size != 3 {
		t.Errorf("%+v, %v, want 3 sound entries", status, err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(inspect(t, i.Config)); n > 0 {
		t.Errorf("%d faults in a new register", n)
	}
	damage(t, i.Config.Store, `"kind":"policy"`)
	var log bytes.Buffer
	i, err = setup.Open(t.Context(), filepath.Join(dir, setup.ConfigFile), slog.New(slog.NewJSONHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	status, err = i.Scrub.Pass(t.Context())
	if err != nil || status.Faults == 0 || i.Log.Err() != nil {
		t.Errorf("%+v, %v, %v, want faults, and a log that goes on", status, err, i.Log.Err())
	}
	if !strings.Contains(log.String(), `"level":"ERROR","msg":"damage in the database","bucket":"objects"`) {
		t.Errorf("the log does not name the damage:\n%s", log.String())
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if faults := inspect(t, i.Config); len(faults) == 0 || faults[0].Bucket != "objects" {
		t.Errorf("faults %v, want one in objects", faults)
	}
}

func inspect(t *testing.T, c setup.Config) (faults []*ledger.Corrupt) {
	t.Helper()
	in := setup.Inspection{Config: c, Report: func(bad *ledger.Corrupt) { faults = append(faults, bad) }}
	if size, err := in.Run(t.Context()); err != nil || size != 3 {
		t.Errorf("%d entries, %v", size, err)
	}
	return faults
}

// damage changes a bit in an object, and leaves the entries as they are: those
// have a time behind the kind.
func damage(t *testing.T, path, text string) {
	t.Helper()
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for at := 0; ; {
		n := bytes.Index(doc[at:], []byte(text))
		if n < 0 {
			break
		}
		at += n + len(text)
		if !bytes.HasPrefix(doc[at:], []byte(`,"received_at"`)) {
			doc[at-3] ^= 1
			changed++
		}
	}
	if changed == 0 {
		t.Fatalf("%s has no %s", path, text)
	}
	if err := os.WriteFile(path, doc, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestScrubConfig tests what is refused.
func TestScrubConfig(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "register")
	i, err := setup.Create(t.Context(), dir, setup.Options{Origin: "log.example/scrub", Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, setup.ConfigFile)
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"interval: 24h": "", "interval: 0s": "", "interval: 1s": "scrub.interval", "interval: often": "yaml", "every: 1h": "yaml", "rate: 0": "scrub.rate",
	} {
		text := bytes.Replace(doc, []byte("  interval: 24h\n  rate: 4\n"), []byte("  "+value+"\n"), 1)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := setup.ReadConfig(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
}

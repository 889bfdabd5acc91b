package boltstore_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

const crashDir = "LEDGER_CRASH_DIR"

func crashConfig(t testing.TB, dir string) (ledger.Config, *boltstore.Store) {
	s := openAt(t, filepath.Join(dir, "log.db"))
	return storetest.Config(t, s, &boltstore.HeadFile{Path: filepath.Join(dir, "head")}), s
}

// TestCrashChild is the process that TestCrash kills: it appends for ever, and
// prints what was acknowledged.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("for TestCrash")
	}
	c, _ := crashConfig(t, dir)
	l := storetest.Open(t, c)
	var mu sync.Mutex
	for w := range 8 {
		go func() {
			for n := 0; ; n++ {
				r, err := l.Append(ctx, storetest.Text(fmt.Sprintf("%d %d %d", os.Getpid(), w, n)))
				if err != nil {
					return
				}
				mu.Lock()
				fmt.Printf("ack %d %x\n", r.Index, r.Entry)
				mu.Unlock()
			}
		}()
	}
	time.Sleep(10 * time.Second) // is killed long before, unless the parent is gone
}

// TestCrash kills a process in the middle of its appends, several times over one
// database, and finds everything that it acknowledged.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	acked := make(map[uint64][]byte)
	for round := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
		cmd.Env = append(os.Environ(), crashDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(150+40*round)*time.Millisecond, func() { cmd.Process.Kill() })
		readAcks(t, out, acked)
		cmd.Wait()
		timer.Stop()
		verifyCrash(t, dir, acked)
	}
	if len(acked) == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d acknowledged entries survived", len(acked))
}

func readAcks(t *testing.T, r io.Reader, acked map[uint64][]byte) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		var index uint64
		var text string
		if n, _ := fmt.Sscanf(s.Text(), "ack %d %s", &index, &text); n != 2 {
			continue
		}
		entry, err := hex.DecodeString(text)
		if err != nil || !strings.HasPrefix(string(entry), fmt.Sprint(index, " ")) {
			continue // the last line may be cut
		}
		if acked[index] != nil {
			t.Errorf("index %d was acknowledged twice", index)
		}
		acked[index] = entry
	}
}

func verifyCrash(t *testing.T, dir string, acked map[uint64][]byte) {
	t.Helper()
	c, s := crashConfig(t, dir)
	defer s.Close()
	l := storetest.Open(t, c)
	defer l.Close()
	for index, entry := range acked {
		e, err := l.Entry(ctx, index)
		if err != nil || !bytes.HasPrefix(e.Bytes, entry) {
			t.Errorf("acknowledged entry %d: %q, %v", index, e.Bytes, err)
		}
	}
	storetest.CheckStore(t, s)
}

//go:build torture

package torture

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/setup"
)

// volume is a small file system of its own, on a loop device.
type volume struct {
	image, dir, device string
	mounted            bool
}

// newVolume makes one. Without root or loop devices the test fails, so that
// nobody takes a run without it for a whole one; DEED_NO_LOOP=1 says that this
// is known.
func newVolume(t *testing.T, mib int64) *volume {
	t.Helper()
	if os.Getenv("DEED_NO_LOOP") != "" {
		t.Skip("NOT TESTED: a full disk and a read-only one (DEED_NO_LOOP is set)")
	}
	v := &volume{image: filepath.Join(t.TempDir(), "image"), dir: t.TempDir()}
	f, err := os.Create(v.image)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(mib << 20); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	run(t, "mkfs.ext4", "-q", v.image)
	out, err := exec.Command("losetup", "--find", "--show", v.image).CombinedOutput()
	if err != nil {
		t.Fatalf("no loop device: this test needs root and /dev/loop-control; DEED_NO_LOOP=1 leaves it out: %v\n%s", err, out)
	}
	v.device = strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if v.mounted {
			_ = exec.Command("umount", "--lazy", v.dir).Run()
		}
		_ = exec.Command("losetup", "--detach", v.device).Run()
	})
	v.mount(t)
	return v
}

func (v *volume) mount(t *testing.T) {
	t.Helper()
	run(t, "mount", "-t", "ext4", "-o", "errors=remount-ro", v.device, v.dir)
	v.mounted = true
}

// mend is what an operator does with a file system that went read-only.
func (v *volume) mend(t *testing.T) {
	t.Helper()
	run(t, "umount", v.dir)
	v.mounted = false
	out, err := exec.Command("e2fsck", "-f", "-y", v.device).CombinedOutput()
	if code := exitCode(err); code > 1 { // 1: errors were corrected
		t.Fatalf("e2fsck: %v\n%s", err, out)
	}
	v.mount(t)
}

func exitCode(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return 255
	}
	return 0
}

// breakDown lets the kernel find an error in the file system, after which it is
// read-only.
func (v *volume) breakDown(t *testing.T) {
	t.Helper()
	name := filepath.Join("/sys/fs/ext4", filepath.Base(v.device), "trigger_fs_error")
	if err := os.WriteFile(name, []byte("torture"), 0); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: this test needs root and loop devices; DEED_NO_LOOP=1 leaves it out: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// keepOn moves the database to another volume; the head file stays.
func (w *world) keepOn(t *testing.T, dir string) {
	t.Helper()
	store := filepath.Join(dir, "ledger.db")
	copyFile(t, w.database(), store)
	if err := os.Remove(w.database()); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(w.dir, setup.ConfigFile)
	doc, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(doc, []byte("store: ledger.db\n"), fmt.Appendf(nil, "store: %s\n", store), 1)
	if bytes.Equal(changed, doc) {
		t.Fatal("deed.yaml has no store: ledger.db")
	}
	if err := os.WriteFile(config, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	w.instance.Config.Store = store
}

// TestDiskFull fills the disk of the database under load. What is submitted then
// is answered with a fault to try again after, that says why; everything that
// is in the log is still read and proven; and when there is room again, the same
// process goes on.
func TestDiskFull(t *testing.T) {
	v := newVolume(t, 16)
	w := newWorld(t)
	w.keepOn(t, v.dir)
	m := under(t, w)
	probe := m.impatient(t)
	ballast := filepath.Join(v.dir, "ballast")
	rounds := 2
	if os.Getenv("DEED_LONG") != "" {
		rounds = 8
	}
	p := m.run(t)
	p.ready(t)
	for round := range rounds {
		fill(t, ballast)
		before := len(m.receipts())
		refused := m.refused(t, probe)
		for _, want := range []string{"log.unavailable", "the disk is full"} {
			if !strings.Contains(refused.Error(), want) {
				t.Fatalf("the answer of a full disk is %q, want it to say %q", refused, want)
			}
		}
		m.reads(t, p)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		m.acknowledges(t, p, "after making room")
		t.Logf("round %d: %d acknowledged when it was full (%v); the next %.1f s after there was room", round, before, refused, time.Since(start).Seconds())
	}
	p.kill(t)
	m.keepHead(t)
	m.check(t)
	m.logCheck(t)
	m.finish(t)
}

// impatient is one more agent, that does not wait until its statement passes.
func (m *matrix) impatient(t *testing.T) *worker {
	t.Helper()
	p := m.run(t)
	p.ready(t)
	defer p.kill(t)
	ca, err := setup.LoadCA(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	svid, err := ca.Issue("spiffe://torture.example/agent")
	if err != nil {
		t.Fatal(err)
	}
	k := &worker{id: "impatient", svid: svid}
	k.client, err = agent.New(t.Context(), "http://"+m.address, k, agent.Options{LogKey: m.instance.VKey(), Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if k.session, err = k.client.Session(); err != nil {
		t.Fatal(err)
	}
	return k
}

// refused submits until that is refused.
func (m *matrix) refused(t *testing.T, k *worker) error {
	t.Helper()
	for i, deadline := 0, time.Now().Add(30*time.Second); time.Now().Before(deadline); i++ {
		if _, err := k.session.Record(t.Context(), k.act(m.warrant, i), done); err != nil {
			return err
		}
	}
	t.Fatal("the disk is full, and everything is acknowledged")
	return nil
}

// fill writes a file until no room is left on its volume.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	for err == nil {
		if _, err = f.Write(block); err != nil && len(block) > 4<<10 {
			block, err = block[:4<<10], nil
		}
	}
	_ = f.Close()
}

// reads wants proofs, tiles and the checkpoint while nothing can be written.
func (m *matrix) reads(t *testing.T, p *process) {
	t.Helper()
	for _, path := range []string{"checkpoint", "tile/entries/000.p/3", "tile/0/000.p/3"} {
		res, err := http.Get("http://" + p.address + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			p.kill(t)
			t.Fatalf("GET /%s on a full disk: %s\n%s", path, res.Status, p.log)
		}
	}
	receipts := m.receipts()
	last := receipts[len(receipts)-1]
	out, err := exec.Command(m.binary, "get", "--dir", m.dir, fmt.Sprint(last.Index)).CombinedOutput()
	if err != nil {
		t.Fatalf("deed get %d on a full disk: %v\n%s", last.Index, err, out)
	}
}

// TestReadOnly lets the database's file system go read-only under load, as Linux
// does when it finds an error. The process ends and says why; after a repair
// everything that was acknowledged is there.
func TestReadOnly(t *testing.T) {
	v := newVolume(t, 16)
	w := newWorld(t)
	w.keepOn(t, v.dir)
	m := under(t, w)
	rounds := 2
	if os.Getenv("DEED_LONG") != "" {
		rounds = 5
	}
	for range rounds {
		p := m.run(t)
		p.ready(t)
		time.Sleep(300 * time.Millisecond)
		v.breakDown(t)
		p.end(t)
		words := p.log.String()
		if p.ProcessState.ExitCode() <= 0 || !says(words, "read-only file system") && !says(words, "input/output error") {
			t.Fatalf("ended by %v:\n%s", p.ProcessState, words)
		}
		v.mend(t)
		m.keepHead(t)
		m.check(t)
		m.recovers(t)
	}
	m.finish(t)
}

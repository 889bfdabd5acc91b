// Package demo is the main job told as a story: real agents with real SVIDs
// submit to a real register over Connect, every bundle is verified offline at
// the end, and then a byte is flipped to show what catches it.
//
// Reading order: story.go is the story as a table; authority.go is who may do
// what; cast.go is who there is; offline.go is what an auditor does; narrator.go
// is how it is told.
package demo

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/verifier"
)

// Origin names the demo's log.
const Origin = "deed.acme.example/demo"

// stage says where the story is played.
type stage struct {
	URL      string // of a running register
	LogKey   string // vkey of its log
	CA       *spiffeca.CA
	Admin    string // an administrator's name
	AdminKey crypto.Signer
}

// Options are for [Run].
type Options struct {
	// Dir keeps everything; empty is a temporary directory that is removed.
	Dir string
	Out io.Writer
}

// play is a running story.
type play struct {
	*narrator
	dir      string
	instance *setup.Instance
	address  string
	client   *auditor.Client
	scene    *scene
	bundles  []kept
}

// kept is a bundle of the story, as it was written.
type kept struct {
	step step
	path string
}

// Run plays the story and tells it. An error means that something did not come
// out as the story says.
func Run(ctx context.Context, o Options) error {
	dir, forget, err := place(o.Dir)
	if err != nil {
		return err
	}
	defer forget()
	p := &play{narrator: &narrator{out: o.Out}, dir: dir}
	started := time.Now()
	p.title("Deed: what agents did, and on whose authority")
	for _, act := range []func(context.Context) error{p.open, p.prepare, p.tell, p.verify, p.tamper} {
		if err := act(ctx); err != nil {
			return errors.Join(err, p.close())
		}
	}
	if err := p.close(); err != nil {
		return err
	}
	p.farewell(o.Dir, time.Since(started))
	return p.failed
}

// place is the directory of the register, which must not be there yet.
func place(dir string) (string, func(), error) {
	if dir != "" {
		return dir, func() {}, nil
	}
	temp, err := os.MkdirTemp("", "deed-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("making a temporary directory: %w", err)
	}
	return filepath.Join(temp, "demo"), func() { _ = os.RemoveAll(temp) }, nil
}

// open makes the register and serves it on loopback.
func (p *play) open(ctx context.Context) error {
	instance, err := setup.Create(ctx, p.dir, setup.Options{Origin: Origin, TrustDomain: "acme.example", Dev: true, Admin: "administrator"})
	if err != nil {
		return err
	}
	p.instance = instance
	// A port of its own, so that a register that is running is left alone.
	instance.Config.Listen = "127.0.0.1:0"
	listener, err := instance.Listen()
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- instance.Serve(serving, listener) }()
	p.stop = func() error { stop(); return <-ended }
	p.address = listener.Addr().String()
	p.client = auditor.New(http.DefaultClient, "http://"+p.address)
	p.say("register  %s at http://%s", Origin, p.address)
	p.say("directory %s", p.dir)
	return nil
}

// close drains the server and closes the store.
func (p *play) close() error {
	var err error
	if p.stop != nil {
		err, p.stop = p.stop(), nil
	}
	if p.instance != nil {
		err, p.instance = errors.Join(err, p.instance.Close()), nil
	}
	return err
}

// prepare registers everyone and hands out authority.
func (p *play) prepare(ctx context.Context) error {
	ca, err := setup.LoadCA(p.dir)
	if err != nil {
		return err
	}
	key, err := setup.ReadKey(filepath.Join(p.dir, setup.AdminKeyFile))
	if err != nil {
		return err
	}
	c, err := newCast(ctx, stage{
		URL: "http://" + p.address, LogKey: p.instance.VKey(), CA: ca, Admin: "administrator", AdminKey: key,
	})
	if err != nil {
		return err
	}
	p.scene = &scene{cast: c}
	if err := c.register(ctx); err != nil {
		return err
	}
	if err := p.scene.delegate(ctx); err != nil {
		return err
	}
	p.authority(p.scene)
	return nil
}

// tell plays the steps; each is a submission of its own, and its bundle is kept.
func (p *play) tell(ctx context.Context) error {
	evidence := filepath.Join(p.dir, "evidence")
	if err := os.MkdirAll(evidence, 0o700); err != nil {
		return fmt.Errorf("making %s: %w", evidence, err)
	}
	trust, err := p.trust()
	if err != nil {
		return err
	}
	p.heading("The story")
	for i, s := range p.scene.steps() {
		receipt, err := s.run(ctx)
		if err := s.check(receipt, err); err != nil {
			return err
		}
		path := filepath.Join(evidence, s.name+".deed.zip")
		bundle, err := p.keep(ctx, path, receipt)
		if err != nil {
			return fmt.Errorf("keeping the evidence of %q: %w", s.title, err)
		}
		p.bundles = append(p.bundles, kept{s, path})
		p.step(i+1, s, receipt, bundle, shows(bundle, trust), path)
	}
	return nil
}

// shows is what the verdict says first: on whose agency the agent acted.
func shows(b *verifier.Bundle, t *verifier.Trust) []string {
	verdict := verifier.Verify(b, t, verifier.Options{})
	sentences := verdict.Subjects[0].Shows
	return sentences[:min(len(sentences), 3)]
}

// trust is the reader's own directory.
func (p *play) trust() (*verifier.Trust, error) {
	return verifier.LoadTrust(os.DirFS(filepath.Join(p.dir, setup.TrustDir)))
}

// keep exports the evidence of one entry to a file.
func (p *play) keep(ctx context.Context, path string, r agent.Receipt) (*verifier.Bundle, error) {
	bundle, err := p.client.Export(ctx, string(r.ID))
	if err != nil {
		return nil, err
	}
	return bundle, setup.WriteFile(path, bundle.Bytes(), 0o600)
}

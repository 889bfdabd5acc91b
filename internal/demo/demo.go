// Package demo is the product's story, told while it happens: a person instructs
// an agent, another acts under what was handed on to it, a gate asks people, they
// approve, and some things are tried that nobody gets through. Real agents with
// real SVIDs submit to a real register over Connect. Then the register is stopped,
// every bundle is verified offline, and a byte is flipped to show what catches it.
//
// Reading order: story.go is the story; people.go is what people do in it;
// attempts.go is what is tried; authority.go is who may do what; cast.go is who there
// is; offline.go is what an auditor does; narrator.go is how it is told.
package demo

import (
	"context"
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
	"github.com/deedlog/deed/verifier"
)

// Origin names the demo's log.
const Origin = "deed.acme.example/demo"

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
	stop     func() error // the server
	address  string
	client   *auditor.Client
	trust    *verifier.Trust
	scene    *scene
	bundles  []kept
}

// kept is a bundle of the story, as it was written.
type kept struct {
	name, class string
	path        string
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
	p.title("Deed: who instructed, who approved, and what nobody can fake")
	for _, act := range []func(context.Context) error{
		p.open, p.prepare, p.tell, p.attempts, p.later, func(context.Context) error { return p.close() }, p.verify, p.tamper,
	} {
		if err := act(ctx); err != nil {
			return errors.Join(err, p.close())
		}
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
	instance, err := setup.Create(ctx, p.dir, setup.Options{Origin: Origin, TrustDomain: "acme.example", Dev: true, Admin: administrator})
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
	p.trust, err = verifier.LoadTrust(os.DirFS(filepath.Join(p.dir, setup.TrustDir)))
	p.say("register  %s at http://%s", Origin, p.address)
	p.say("directory %s", p.dir)
	return err
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

// prepare registers everyone.
func (p *play) prepare(ctx context.Context) error {
	ca, err := setup.LoadCA(p.dir)
	if err != nil {
		return err
	}
	key, err := setup.ReadKey(filepath.Join(p.dir, setup.AdminKeyFile))
	if err != nil {
		return err
	}
	c, err := newCast(ctx, stage{URL: "http://" + p.address, LogKey: p.instance.VKey(), CA: ca, AdminKey: key})
	if err != nil {
		return err
	}
	p.scene = &scene{cast: c, desk: p.instance.Server.Desk()}
	return c.register(ctx)
}

// keep exports the evidence of one entry to a file, and says what its verdict is.
func (p *play) keep(ctx context.Context, name, class string, r agent.Receipt) (*verifier.Verdict, error) {
	bundle, err := p.client.Export(ctx, string(r.ID))
	if err != nil {
		return nil, fmt.Errorf("exporting the evidence %s: %w", name, err)
	}
	dir := filepath.Join(p.dir, "evidence")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making %s: %w", dir, err)
	}
	path := filepath.Join(dir, name+".deed.zip")
	p.bundles = append(p.bundles, kept{name, class, path})
	return verifier.Verify(bundle, p.trust, verifier.Options{}), setup.WriteFile(path, bundle.Bytes(), 0o600)
}

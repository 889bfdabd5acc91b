package demo

import (
	"context"
	"testing"

	"github.com/deedlog/deed/internal/setup"
)

// TestStory plays the whole story against a real register: every step has the
// class, decision, fault and flag that the table says.
func TestStory(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir() + "/reg"
	instance, err := setup.Create(ctx, dir, setup.Options{Origin: "deed.acme.example/2026", Dev: true, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	listener, err := instance.Listen()
	if err != nil {
		t.Fatal(err)
	}
	go instance.Serve(ctx, listener)
	ca, err := setup.LoadCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, err := setup.ReadKey(dir + "/" + setup.AdminKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCast(ctx, Options{URL: "http://" + listener.Addr().String(), CA: ca, Admin: "admin", AdminKey: key})
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{cast: c}
	if err := c.register(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.delegate(ctx); err != nil {
		t.Fatal(err)
	}
	for _, step := range s.steps() {
		r, err := step.run(ctx)
		if err := step.check(r, err); err != nil {
			t.Error(err)
		}
	}
}

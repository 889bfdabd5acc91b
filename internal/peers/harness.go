package main

import (
	"errors"
	"fmt"
	"testing"
)

// A harness stands in for a test, so that the cast of the tests makes the
// statements here too. What fails ends the measurement (see attempt).
type harness struct {
	testing.TB // nil: nothing else of it is called
	name       string
	cleanups   []func()
}

func (h *harness) Helper()                      {}
func (h *harness) Name() string                 { return h.name }
func (h *harness) Cleanup(f func())             { h.cleanups = append(h.cleanups, f) }
func (h *harness) Fatalf(f string, args ...any) { panic(failure{fmt.Errorf(f, args...)}) }

func (h *harness) Fatal(args ...any) {
	if err, ok := args[0].(error); ok && len(args) == 1 {
		panic(failure{err})
	}
	panic(failure{errors.New(fmt.Sprint(args...))})
}

// close undoes what was set up, last first.
func (h *harness) close() {
	for i := len(h.cleanups) - 1; i >= 0; i-- {
		h.cleanups[i]()
	}
	h.cleanups = nil
}

// A failure is what Fatal panics with.
type failure struct{ error }

// attempt calls f and returns what failed in it.
func attempt(f func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p.error
		default:
			panic(p)
		}
	}()
	return f()
}

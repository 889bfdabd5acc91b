// Package demo is the main job told as a story: real agents with real SVIDs
// submit to a real register over Connect, and every bundle is verified offline
// at the end.
//
// Reading order: story.go is the story as a table; authority.go is who may do
// what; cast.go is who there is.
package demo

import (
	"crypto"

	"github.com/deedlog/deed/internal/spiffeca"
)

// Options say where the story is played.
type Options struct {
	URL      string // of a running register
	LogKey   string // vkey of its log
	CA       *spiffeca.CA
	Admin    string // an administrator's name
	AdminKey crypto.Signer
}

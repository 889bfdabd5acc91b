//go:build !torture

package failpoint

// Hit does nothing.
func Hit(string) {}

// Err returns nil.
func Err(string) error { return nil }

// Mutant reports false.
func Mutant(string) bool { return false }

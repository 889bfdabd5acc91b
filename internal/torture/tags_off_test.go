//go:build !torture

package torture

// sameTags build a program that reads the files of this test process.
var sameTags []string

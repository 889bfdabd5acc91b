//go:build torture

package torture

// sameTags build a program that reads the files of this test process, and writes
// such: segments have another size under this tag.
var sameTags = []string{"-tags", "torture"}

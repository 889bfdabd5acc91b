// Package crashfs records what a program does to the files of a directory, and
// makes out of the record the states in which a loss of power could have left
// that directory.
//
//	r, err := crashfs.Mount(backing, point)    // the program works in point
//	r.Mark()                                   // something was promised here
//	trace, err := r.Unmount()
//
//	plan := crashfs.Plan{Seed: 1, Share: 2}
//	err = trace.Walk(0, len(trace.Ops), plan, func(s *crashfs.State) error {
//		return s.Write(directory)              // and see what opens it
//	})
//
// [Mount] is a FUSE file system over a directory without subdirectories. Writes
// reach it one by one and in order, because the kernel neither gathers them nor
// passes them by. Whatever could change a file in another way (a writable shared
// mapping, fallocate, copy_file_range, links) is not offered, so that nothing is
// missing in the record.
//
// # The model
//
// What was written to a file is durable after its next fsync or fdatasync, and
// what was done to names after the next fsync of the directory. Of what is not
// durable yet, a crash leaves
//
//   - nothing, or everything;
//   - what was written to one file, and nothing of the others;
//   - one write alone, or all but one, or any of them, in units of 4 KiB;
//   - one write in part: its first sectors of 512 bytes;
//   - the first of the changes of names, as many as the draw says.
//
// Files and names are independent: a file that was renamed before it was synced
// may be there under its new name and empty.
//
// # Reading order
//
// trace.go is the record, mount.go makes it, disk.go is the model, state.go draws
// states, and sandbox.go writes one into a directory.
//
// # Caveats
//
// Changes of names are lost in order only, and a file's size changes with the
// write that extends it. Sectors are lost, never garbled.
package crashfs

//go:build linux

package crashfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Recorder is a mounted directory.
type Recorder struct {
	backing string
	server  *fuse.Server

	mu    sync.Mutex // held during every operation, so that the record has their order
	trace Trace
	files int // numbers given
	until func(Op) bool
	then  func()
}

// Mount shows the files of backing under point, and records what is done to
// them. It needs /dev/fuse, and the right to mount or fusermount3.
func Mount(backing, point string) (*Recorder, error) {
	r := &Recorder{backing: backing, trace: Trace{Base: map[string][]byte{}}}
	list, err := os.ReadDir(backing)
	if err != nil {
		return nil, fmt.Errorf("mounting %s: %w", point, err)
	}
	for _, e := range list {
		if r.trace.Base[e.Name()], err = os.ReadFile(filepath.Join(backing, e.Name())); err != nil {
			return nil, fmt.Errorf("mounting %s: %w", point, err)
		}
	}
	r.server, err = fs.Mount(point, &directory{r: r}, &fs.Options{
		MountOptions: fuse.MountOptions{FsName: "crashfs", Name: "crashfs", DirectMount: true, MaxWrite: 1 << 20},
	})
	if err != nil {
		return nil, fmt.Errorf("mounting %s: %w", point, err)
	}
	return r, nil
}

// Mark records that what was done so far has been promised to someone.
func (r *Recorder) Mark() { r.did(func() (Op, error) { return Op{Kind: Mark}, nil }) }

// Number is the number of a file that was there when the directory was mounted;
// -1 of another one.
func (r *Recorder) Number(name string) int {
	if n, ok := r.trace.File(name); ok {
		return n
	}
	return -1
}

// Place returns how many operations there are so far.
func (r *Recorder) Place() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.trace.Ops)
}

// When calls then during the next operation that until holds for, when it is
// done and recorded, and before who asked for it is told: what kills a process
// from there leaves exactly what it had written by then. It is called once.
func (r *Recorder) When(until func(Op) bool, then func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until, r.then = until, then
}

// Unmount ends the record. No process may have a file open.
func (r *Recorder) Unmount() (*Trace, error) {
	if err := r.server.Unmount(); err != nil {
		return nil, fmt.Errorf("unmounting: %w", err)
	}
	r.server.Wait()
	return &r.trace, nil
}

// did does an operation, and records it if it was done. The lock is held all the
// time.
func (r *Recorder) did(do func() (Op, error)) syscall.Errno {
	r.mu.Lock()
	defer r.mu.Unlock()
	op, err := do()
	if err != nil {
		return fs.ToErrno(err)
	}
	op.Data = slices.Clone(op.Data) // the caller's buffer is used again
	r.trace.Ops = append(r.trace.Ops, op)
	if r.until != nil && r.until(op) {
		r.until = nil
		r.then()
	}
	return fs.OK
}

func (r *Recorder) path(name string) string { return filepath.Join(r.backing, name) }

// file opens or creates a file below. The descriptor stays open to the end, so that
// it means the same file under any name.
func (r *Recorder) file(name string, flags int) (*file, error) {
	f, err := os.OpenFile(r.path(name), os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, err
	}
	n := &file{r: r, number: r.files, f: f}
	r.files++
	return n, nil
}

// directory is the mounted directory.
type directory struct {
	fs.Inode
	r *Recorder
}

var (
	_ fs.NodeOnAdder  = (*directory)(nil)
	_ fs.NodeCreater  = (*directory)(nil)
	_ fs.NodeRenamer  = (*directory)(nil)
	_ fs.NodeUnlinker = (*directory)(nil)
	_ fs.NodeFsyncer  = (*directory)(nil)
)

// OnAdd implements fs.NodeOnAdder: the files that are there already.
func (d *directory) OnAdd(ctx context.Context) {
	for _, name := range d.r.trace.names() {
		f, err := d.r.file(name, 0)
		if err != nil {
			panic(fmt.Sprintf("crashfs: %v", err)) // it was read a moment ago
		}
		d.AddChild(name, d.NewPersistentInode(ctx, f, fs.StableAttr{Mode: syscall.S_IFREG}), false)
	}
}

// Create implements fs.NodeCreater.
func (d *directory) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	var f *file
	errno := d.r.did(func() (op Op, err error) {
		if f, err = d.r.file(name, os.O_CREATE|os.O_EXCL); err != nil {
			return op, err
		}
		return Op{Kind: Create, File: f.number, Name: name}, nil
	})
	if errno != fs.OK {
		return nil, nil, 0, errno
	}
	if errno := f.attr(&out.Attr); errno != fs.OK {
		return nil, nil, 0, errno
	}
	return d.NewPersistentInode(ctx, f, fs.StableAttr{Mode: syscall.S_IFREG}), nil, 0, fs.OK
}

// Rename implements fs.NodeRenamer. There is only one directory.
func (d *directory) Rename(_ context.Context, name string, parent fs.InodeEmbedder, to string, flags uint32) syscall.Errno {
	if parent != fs.InodeEmbedder(d) || flags != 0 {
		return syscall.ENOTSUP
	}
	return d.r.did(func() (Op, error) {
		return Op{Kind: Rename, Name: name, To: to}, os.Rename(d.r.path(name), d.r.path(to))
	})
}

// Unlink implements fs.NodeUnlinker.
func (d *directory) Unlink(_ context.Context, name string) syscall.Errno {
	return d.r.did(func() (Op, error) { return Op{Kind: Unlink, Name: name}, os.Remove(d.r.path(name)) })
}

// Fsync implements fs.NodeFsyncer, for the directory itself.
func (d *directory) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return d.r.did(func() (Op, error) { return Op{Kind: SyncDir}, nil })
}

// file is a file. It has no handles and therefore no descriptor that the kernel
// could pass reads and writes to.
type file struct {
	fs.Inode
	r      *Recorder
	number int
	f      *os.File
}

var (
	_ fs.NodeOpener    = (*file)(nil)
	_ fs.NodeReader    = (*file)(nil)
	_ fs.NodeWriter    = (*file)(nil)
	_ fs.NodeFsyncer   = (*file)(nil)
	_ fs.NodeFlusher   = (*file)(nil)
	_ fs.NodeGetattrer = (*file)(nil)
	_ fs.NodeSetattrer = (*file)(nil)
)

// Open implements fs.NodeOpener.
func (f *file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, fs.OK
}

// Read implements fs.NodeReader.
func (f *file) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultFd(f.f.Fd(), off, len(dest)), fs.OK
}

// Write implements fs.NodeWriter.
func (f *file) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	errno := f.r.did(func() (Op, error) {
		_, err := f.f.WriteAt(data, off)
		return Op{Kind: Write, File: f.number, Off: off, Data: data}, err
	})
	if errno != fs.OK {
		return 0, errno
	}
	return uint32(len(data)), fs.OK
}

// Fsync implements fs.NodeFsyncer. Nothing has to reach the disk below.
func (f *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return f.r.did(func() (Op, error) { return Op{Kind: Sync, File: f.number}, nil })
}

// Flush implements fs.NodeFlusher.
func (f *file) Flush(context.Context, fs.FileHandle) syscall.Errno { return fs.OK }

// Getattr implements fs.NodeGetattrer.
func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return f.attr(&out.Attr)
}

func (f *file) attr(out *fuse.Attr) syscall.Errno {
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(f.f.Fd()), &stat); err != nil {
		return fs.ToErrno(err)
	}
	out.FromStat(&stat)
	out.Ino = f.StableAttr().Ino
	return fs.OK
}

// Setattr implements fs.NodeSetattrer. Modes, owners and times are not recorded
// and do not change.
func (f *file) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		errno := f.r.did(func() (Op, error) {
			return Op{Kind: Truncate, File: f.number, Off: int64(size)}, f.f.Truncate(int64(size))
		})
		if errno != fs.OK {
			return errno
		}
	}
	return f.attr(&out.Attr)
}

// ErrUnavailable: there is no FUSE here. See [Available].
var ErrUnavailable = errors.New("no FUSE: /dev/fuse cannot be opened for reading and writing")

// Available reports why nothing can be mounted, as far as that is known before
// it is tried.
func Available() error {
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return f.Close()
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machine describes where the figures are from.
func (r *run) machine() string {
	sync := "not measured"
	if v := r.table.values(syncRow + p50); len(v) > 0 {
		sync = digits(median(v)) + " ms"
	}
	return fmt.Sprintf("%d cores, %s, %s %s, Linux %s, %s, fdatasync of 4 KiB p50 %s, load average %s before and %s after",
		runtime.GOMAXPROCS(0), processor(), runtime.Version(), runtime.GOARCH, kernel(), fileSystem(r.options.dir), sync, r.load, load())
}

// load is the load average of the last minute. More than this program's own tells
// that the times on the clock are not to be trusted.
func load() string {
	doc, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(doc), " ")
	return first
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// processor is its name as the kernel has it.
func processor() string {
	doc, _ := os.ReadFile("/proc/cpuinfo") // without it there is no name
	for line := range strings.Lines(string(doc)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, "\t\n :")
		}
	}
	return "unknown processor"
}

// fileSystems are those that a disk may have, and some that are none.
var fileSystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", 0x2fc12fc1: "zfs",
	unix.TMPFS_MAGIC: "tmpfs (in memory: times of syncs mean nothing)", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs",
}

func fileSystem(dir string) string {
	if dir == "" {
		dir = os.TempDir()
	}
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "unknown file system"
	}
	if name, ok := fileSystems[int64(s.Type)]; ok {
		return name
	}
	return fmt.Sprintf("file system %#x", s.Type)
}

// anonymous is the memory of this process that is not a file's, in MB.
func anonymous() (float64, error) {
	doc, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(doc) {
		if text, ok := bytes.CutPrefix(line, []byte("RssAnon:")); ok {
			kb, err := strconv.ParseFloat(string(bytes.Fields(text)[0]), 64)
			return kb * 1024 / 1e6, err
		}
	}
	return 0, errors.New("/proc/self/status does not tell RssAnon")
}

package lsp

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// This file defines how the server learns that its client has died. Mostly stdin ends
// then; but it stays open if the client left it to another process.

// parent waits for the end of the client's process.
type parent struct {
	// ended closes when it has ended; made with the server.
	ended chan struct{}
}

// watch waits for the end of a process, if it is an ancestor of this one: a client in
// another container, or on another machine, has a number that means something else here.
// The goroutine ends with the process that it waits for, or with this one.
func (p *parent) watch(pid int, log *slog.Logger) {
	if !isAncestor(pid) {
		log.Debug("the client's process is not an ancestor: only the end of stdin tells its death", "pid", pid)
		return
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		log.Debug("the client's process cannot be watched", "pid", pid, "error", err)
		return
	}
	go func() {
		defer unix.Close(fd)
		// A process's file descriptor becomes readable when it ends.
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if err == unix.EINTR {
				continue
			}
			if err == nil {
				close(p.ended)
			}
			return
		}
	}()
}

// isAncestor reports whether pid is the parent of this process, or the parent's parent…
func isAncestor(pid int) bool {
	for p := os.Getppid(); p > 0; {
		if p == pid {
			return true
		}
		var err error
		if p, err = parentOf(p); err != nil {
			return false
		}
	}
	return false
}

// parentOf returns the parent of a process: the second field behind the name in
// /proc/<pid>/stat, which is in parentheses and may contain anything.
func parentOf(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/stat: no parent", pid)
	}
	return strconv.Atoi(string(fields[1]))
}

package executor

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// This file reads what Linux's /proc tells about a target.

// threadState is a line of /proc/PID/stat or /proc/PID/task/TID/stat.
type threadState struct {
	// state is R running, S sleeping, D in disk wait, T stopped, t traced, Z zombie.
	state byte
	// cpu is the processor time used so far.
	cpu time.Duration
}

// clockTick is the unit of times in /proc: 100 a second on every Linux.
const clockTick = 10 * time.Millisecond

// readState reads a stat file. A process that is gone has state 0.
func readState(path string) threadState {
	text, err := os.ReadFile(path)
	if err != nil {
		return threadState{}
	}
	return parseState(text)
}

// parseState parses a stat file: "pid (name) state ppid ...", where the name may
// hold anything; fields 14 and 15, counted from the pid as 1, are the user and
// system time.
func parseState(text []byte) threadState {
	_, rest, ok := bytes.Cut(text[max(0, bytes.LastIndexByte(text, ')')):], []byte(") "))
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 13 {
		return threadState{}
	}
	user, _ := strconv.ParseInt(string(fields[11]), 10, 64)
	system, _ := strconv.ParseInt(string(fields[12]), 10, 64)
	return threadState{state: fields[0][0], cpu: time.Duration(user+system) * clockTick}
}

// state returns the process's main thread's state and the whole process's time.
func (p *process) state() threadState {
	return readState(fmt.Sprintf("/proc/%d/stat", p.runner()))
}

// busiest returns the running thread that has used the most processor time, or 0
// if no thread is running.
func (p *process) busiest() (tid int) {
	dir := fmt.Sprintf("/proc/%d/task", p.runner())
	entries, _ := os.ReadDir(dir)
	most := time.Duration(-1)
	for _, entry := range entries {
		s := readState(dir + "/" + entry.Name() + "/stat")
		if s.state == 'R' && s.cpu > most {
			tid, _ = strconv.Atoi(entry.Name())
			most = s.cpu
		}
	}
	return tid
}

// askForStacks sends SIGQUIT, upon which a Go program prints its goroutines'
// stacks and exits. The stack of a goroutine that is running is printed only by
// the thread it runs on, so a running thread gets the signal.
func (p *process) askForStacks() {
	pid := p.runner()
	if tid := p.busiest(); tid != 0 && unix.Tgkill(pid, tid, unix.SIGQUIT) == nil {
		return
	}
	unix.Kill(pid, unix.SIGQUIT)
}

// resident returns the process's resident memory in bytes, 0 if it is gone. Memory
// shared with this process, the ring, is not counted.
func (p *process) resident() int64 {
	var buf [128]byte
	f, err := os.Open(fmt.Sprintf("/proc/%d/statm", p.runner()))
	if err != nil {
		return 0
	}
	defer f.Close()
	n, _ := f.Read(buf[:])
	return parseResident(buf[:n]) * int64(os.Getpagesize())
}

// parseResident returns the pages that are resident and not shared: the second
// and third number of /proc/PID/statm. Shared pages are the ring and the
// executable's own.
func parseResident(statm []byte) int64 {
	fields := bytes.Fields(statm)
	if len(fields) < 3 {
		return 0
	}
	resident, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	shared, _ := strconv.ParseInt(string(fields[2]), 10, 64)
	return resident - shared
}

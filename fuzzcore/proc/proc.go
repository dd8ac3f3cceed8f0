package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// This file reads what Linux's /proc tells about a process.

// State is a line of /proc/PID/stat or /proc/PID/task/TID/stat.
type State struct {
	// Letter is R running, S sleeping, D in disk wait, T stopped, t traced, Z zombie; 0 if
	// the process is gone.
	Letter byte
	// CPU is the processor time used so far.
	CPU time.Duration
}

// clockTick is the unit of times in /proc: 100 a second on every Linux.
const clockTick = 10 * time.Millisecond

// StateOf returns the state of a process's main thread and the whole process's time.
func StateOf(pid int) State { return readState(fmt.Sprintf("/proc/%d/stat", pid)) }

// readState reads a stat file.
func readState(path string) State {
	text, err := os.ReadFile(path)
	if err != nil {
		return State{}
	}
	return parseState(text)
}

// parseState parses a stat file: "pid (name) state ppid ...", where the name may
// hold anything; fields 14 and 15, counted from the pid as 1, are the user and
// system time.
func parseState(text []byte) State {
	_, rest, ok := bytes.Cut(text[max(0, bytes.LastIndexByte(text, ')')):], []byte(") "))
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 13 {
		return State{}
	}
	user, _ := strconv.ParseInt(string(fields[11]), 10, 64)
	system, _ := strconv.ParseInt(string(fields[12]), 10, 64)
	return State{Letter: fields[0][0], CPU: time.Duration(user+system) * clockTick}
}

// Busiest returns the running thread of a process that has used the most processor time,
// or 0 if no thread is running.
func Busiest(pid int) (tid int) {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	entries, _ := os.ReadDir(dir)
	most := time.Duration(-1)
	for _, entry := range entries {
		s := readState(dir + "/" + entry.Name() + "/stat")
		if s.Letter == 'R' && s.CPU > most {
			tid, _ = strconv.Atoi(entry.Name())
			most = s.CPU
		}
	}
	return tid
}

// Resident returns a process's resident memory in bytes, 0 if it is gone. Memory shared
// with other processes is not counted.
func Resident(pid int) int64 {
	var buf [128]byte
	f, err := os.Open(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	n, _ := f.Read(buf[:])
	return parseResident(buf[:n]) * int64(os.Getpagesize())
}

// parseResident returns the pages that are resident and not shared: the second
// and third number of /proc/PID/statm. Shared pages are mapped files, such as a ring, and
// the executable's own.
func parseResident(statm []byte) int64 {
	fields := bytes.Fields(statm)
	if len(fields) < 3 {
		return 0
	}
	resident, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	shared, _ := strconv.ParseInt(string(fields[2]), 10, 64)
	return resident - shared
}

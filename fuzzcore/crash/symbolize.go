package crash

import (
	"context"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file turns offsets in modules into frames, by the modules' debug information.

// Symbolize returns, for each offset in the executable or library at path, the frames
// that are there: the innermost of inlined calls first, none if nothing is known. It is
// what Native.Symbolize is meant to be; it reads the file anew at each call, since crashes
// are analyzed once for each stack.
func Symbolize(path string, offsets []uint64) [][]Frame {
	frames := make([][]Frame, len(offsets))
	options := debuginfo.OpenOptions{}
	if isSystem(path) {
		// Names are enough. The separate debug information of libc takes a third of a second.
		options.DebugDirs = []string{}
	}
	file, err := debuginfo.OpenWith(path, options)
	if err != nil {
		return frames // a library that was replaced, the kernel's own
	}
	defer file.Close()
	sorted, perm := debuginfo.Sort(offsets)
	locations := make([]debuginfo.Location, len(sorted))
	// Without debug information, or with parts of it that are not sound, the symbols tell
	// what they can.
	calls, _ := file.ResolveCalls(context.Background(), sorted, locations, debuginfo.Options{})
	for i, pc := range sorted {
		frames[perm[i]] = framesAt(file, calls, i, pc)
	}
	return frames
}

// framesAt returns the frames of address number i of calls, which is pc.
func framesAt(file *debuginfo.File, calls *debuginfo.Calls, i int, pc uint64) []Frame {
	var found []debuginfo.Frame
	if calls != nil {
		found = calls.AppendFrames(nil, i)
	}
	var frames []Frame
	for _, f := range found {
		frames = append(frames, Frame{Func: file.Func(f.Func).Name, File: file.Path(f.File), Line: int(f.Line)})
	}
	if len(frames) > 0 && frames[len(frames)-1].Func != "" {
		return frames
	}
	symbol, ok := file.Function(pc)
	switch {
	case !ok:
		return nil
	case len(frames) == 0:
		return []Frame{{Func: debuginfo.Demangle(symbol.Name)}}
	}
	frames[len(frames)-1].Func = debuginfo.Demangle(symbol.Name)
	return frames
}

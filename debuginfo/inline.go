package debuginfo

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
)

// This file defines ResolveCalls: addresses to locations with the functions around
// them and the calls that were inlined.

// Frame is one level of the calls that lead to an address within one machine
// function: a place in a function.
type Frame struct {
	// Func is the function; see File.Func. 0 is unknown.
	Func FuncID
	// Location is a place in the function: of the address for the innermost frame,
	// else of the call that was inlined.
	Location
}

// Calls is the functions and inlined calls of a batch of addresses: the result of
// ResolveCalls. It may be read from several goroutines at once.
type Calls struct {
	locations []Location
	// innermost is, by address, the number of its innermost node, -1 for none. Node
	// i of worker w has the number i<<workerBits|w.
	innermost  []int32
	nodes      []nodeList // by worker
	workerBits int
}

// nodeList is the nodes that one worker found, in chunks, so that growing copies
// nothing.
type nodeList struct {
	chunks [][]callNode // of nodeChunk nodes each, the last one excepted
	length int32
}

// nodeChunk is the size of a chunk: 128 KiB.
const nodeChunk = 1 << 12

func (l *nodeList) add(n callNode) {
	last := len(l.chunks) - 1
	if l.length%nodeChunk == 0 {
		var chunk []callNode
		if last >= 0 { // the first one grows: most batches are small
			chunk = make([]callNode, 0, nodeChunk)
		}
		l.chunks = append(l.chunks, chunk)
		last++
	}
	l.chunks[last] = append(l.chunks[last], n)
	l.length++
}

// callNode is a function, or a call inlined into its parent.
type callNode struct {
	parent int32 // -1 for a function
	fn     FuncID
	call   Location // in the parent
	entry  uint64   // where it is entered
}

func (c *Calls) node(number int32) *callNode {
	i := number >> c.workerBits
	return &c.nodes[number&(1<<c.workerBits-1)].chunks[i/nodeChunk][i%nodeChunk]
}

// AppendFrames appends the frames of address number i, the innermost first, and
// returns the longer slice. The last one is the machine function that holds the
// address, those before it were inlined. There is one frame with an unknown
// function if no function in the debug information holds the address.
//
// It reads the locations that were given to ResolveCalls, so change those
// afterwards only.
func (c *Calls) AppendFrames(frames []Frame, i int) []Frame {
	where := c.locations[i]
	number := c.innermost[i]
	if number < 0 {
		return append(frames, Frame{Location: where})
	}
	for number >= 0 {
		n := c.node(number)
		frames = append(frames, Frame{n.fn, where})
		where, number = n.call, n.parent
	}
	return frames
}

// Function returns the machine function that holds address number i, and the
// address where it is entered. ok is false if none in the debug information does.
func (c *Calls) Function(i int) (fn FuncID, entry uint64, ok bool) {
	number := c.innermost[i]
	if number < 0 {
		return 0, 0, false
	}
	n := c.node(number)
	for n.parent >= 0 {
		n = c.node(n.parent)
	}
	return n.fn, n.entry, true
}

// ResolveCalls is ResolveWith that also finds, for each address, the function that
// holds it and the calls inlined into that function that led to it. The rules are
// those of the entries of .debug_info: the innermost entry whose addresses hold the
// address answers, and the entries around it up to the function. If several units
// describe an address, the first answers, as for lines.
//
// Memory is taken for each function and inlined call that holds one of the
// addresses, and none for the others.
func (f *File) ResolveCalls(ctx context.Context, pcs []uint64, out []Location, o Options) (*Calls, error) {
	if err := checkBatch(pcs, out); err != nil {
		return nil, err
	}
	entry := f.cacheEntry(pcs, answerKind(o, true))
	if calls, ok := f.fromCache(entry, pcs, out, true); ok {
		return calls, nil
	}
	calls, err := f.resolveCalls(ctx, pcs, out, o)
	if err == nil {
		f.toCache(entry, pcs, out, calls)
	}
	return calls, err
}

// resolveCalls is ResolveCalls without a cache.
func (f *File) resolveCalls(ctx context.Context, pcs []uint64, out []Location, o Options) (*Calls, error) {
	var index *unitIndex
	err := f.guard(func() (err error) {
		index, err = f.loadUnits(o.workers())
		return err
	})
	if err != nil {
		return nil, err
	}
	err = f.resolveLines(ctx, pcs, out, o)
	if ctx.Err() != nil || f.lines == nil {
		return nil, err
	}
	r := callResolver{file: f, index: index, pcs: pcs, calls: &Calls{locations: out, innermost: make([]int32, len(pcs))}}
	for i := range pcs {
		r.calls.innermost[i] = -1
	}
	if walkErr := r.run(ctx, o.workers()); err == nil {
		err = walkErr
	}
	if ctx.Err() != nil {
		return nil, err
	}
	return r.calls, err
}

// callResolver is the state of one call of ResolveCalls.
type callResolver struct {
	file  *File
	index *unitIndex
	pcs   []uint64
	calls *Calls
}

// callWorker walks units, one after another.
type callWorker struct {
	*callResolver
	walk  entryWalk
	table abbrevTable
	// tableFrom is the file that table is from.
	tableFrom *debugSections
	namer     *namer
	// work is how many more bytes of abbreviation tables may be looked at.
	work     int
	gathered []uint64 // room for the addresses of a unit
	nodes    nodeList
	problems problemList
}

// run walks the units that own addresses.
func (r *callResolver) run(ctx context.Context, workers int) error {
	shares, err := r.split(ctx)
	if err != nil {
		return err
	}
	workers = max(1, min(workers, len(shares)))
	all := make([]*callWorker, workers)
	for i := range all {
		all[i] = r.worker(ctx)
	}
	r.calls.workerBits = bits.Len(uint(workers - 1))
	err = r.file.parallel(ctx, workers, len(shares), func(worker, job int) {
		all[worker].answer(shares[job], int32(worker))
	})
	var problems problemList
	for _, w := range all {
		r.calls.nodes = append(r.calls.nodes, w.nodes)
		problems.merge(w.problems)
	}
	if err == nil {
		err = cmp.Or(r.index.problem, problems.first())
	}
	return err
}

// split returns the shares of the units.
func (r *callResolver) split(ctx context.Context) ([]share, error) {
	var free []window
	windows := cutWindows(nil, r.index.owners, r.pcs, 0, len(r.pcs), func(lo, hi int) { free = append(free, window{-1, lo, hi}) })
	if len(free) == 0 || len(r.index.rangeless) == 0 {
		return shareWindows(windows), nil
	}
	var owners []owner
	err := r.file.guard(func() error {
		owners = r.index.functionOwners(r.file.image.text)
		return nil
	})
	for _, w := range free {
		windows = cutWindows(windows, owners, r.pcs, w.lo, w.hi, func(int, int) {})
	}
	return shareWindows(windows), cmp.Or(err, ctx.Err())
}

func (r *callResolver) worker(ctx context.Context) *callWorker {
	w := &callWorker{callResolver: r, namer: newNamer(r.index, &r.file.functions),
		work: workFactor*r.index.sections.size(secInfo, secAbbrev) + workSlack}
	w.walk.ranges = newRangeReader(r.file.image.text, r.index.sections)
	w.walk.table = &w.table
	w.walk.stopped = func() bool { return ctx.Err() != nil }
	return w
}

// answer walks one unit for its windows of addresses.
func (w *callWorker) answer(s share, worker int32) {
	u := w.index.units[s.table]
	if other, err := u.split(); err != nil {
		w.failed(err, s.table)
		return
	} else if other != nil {
		u = other
		w.allow(u.from)
	}
	if !w.loadTable(u) {
		return
	}
	w.walk.unit = u
	w.walk.pcs = w.pcs[s.windows[0].lo:s.windows[0].hi]
	if len(s.windows) > 1 {
		w.gathered = slices.Grow(w.gathered[:0], s.addresses())
		for _, window := range s.windows {
			w.gathered = append(w.gathered, w.pcs[window.lo:window.hi]...)
		}
		w.walk.pcs = w.gathered
	}
	n := len(w.walk.pcs)
	w.walk.innermost = slices.Grow(w.walk.innermost[:0], n)[:n]
	for i := range n {
		w.walk.innermost[i] = -1
	}
	w.failed(w.walk.walk(), s.table)
	w.failed(w.walk.problem, s.table)
	w.walk.problem = nil

	base, workerBits := w.nodes.length, w.calls.workerBits
	number := func(node int32) int32 {
		if node < 0 {
			return -1
		}
		return (base+node)<<workerBits | worker
	}
	w.keepNodes(u, number)
	answers := w.walk.innermost
	for _, window := range s.windows {
		for i := window.lo; i < window.hi; i++ {
			w.calls.innermost[i] = number(answers[i-window.lo])
		}
		answers = answers[window.hi-window.lo:]
	}
	w.failed(w.namer.problem, s.table)
	w.namer.problem = nil
}

// loadTable loads the abbreviations of u, which the unit before it may share.
func (w *callWorker) loadTable(u *unit) bool {
	t := &w.table
	if t.valid && w.tableFrom == u.from && t.offset == u.abbrevs && t.encoding == u.encoding {
		return true
	}
	looked, err := t.load(u.from.get(secAbbrev), u.abbrevs, u.encoding, w.work)
	w.work -= looked
	w.tableFrom = u.from
	w.failed(err, 0)
	return err == nil
}

// allow adds the work that the file of a split unit may cause.
func (w *callWorker) allow(from *debugSections) {
	w.work += workFactor * from.size(secAbbrev)
	w.namer.work += workFactor * from.size(secAbbrev)
	w.walk.ranges.left += from.size(secInfo, secRnglists)
}

func (w *callWorker) failed(err *FormatError, unit int32) {
	if err != nil {
		w.problems.add(unit, err)
	}
}

// keepNodes appends the nodes of the walk to w.nodes, with names and files.
func (w *callWorker) keepNodes(u *unit, number func(int32) int32) {
	lines := w.file.lines
	var table *lineTable
	if i := lines.findTable(u); i >= 0 {
		table = lines.tables[i]
	}
	for i := range w.walk.nodes {
		n := &w.walk.nodes[i]
		node := callNode{parent: number(n.parent), entry: n.entry, fn: w.namer.function(n.origin, u, &w.table)}
		if n.parent >= 0 {
			node.call = Location{Line: n.line, Column: n.column}
			if n.hasFile && table != nil {
				id, err := lines.fileID(table, n.file)
				node.call.File = id
				w.failed(err, 0)
			}
		}
		w.nodes.add(node)
	}
}

package debuginfo

import (
	"bytes"
	"errors"
	"hash/crc32"
	"unsafe"
)

// This file defines the format of an entry of a Cache. It is laid out as the answer is in
// memory, so that a million addresses are read back in a few milliseconds: a cacheHeader,
// then the addresses, the locations, the innermost nodes and the nodes of calls, the
// directories, files and functions, and the text of their names. Each part is padded to
// 8 bytes. Numbers are in the byte order of the machine.

// cacheMagic starts an entry.
const cacheMagic = uint64('f') | 'z'<<8 | 'l'<<16 | 's'<<24 | 'a'<<32 | 'n'<<40 | 's'<<48 | '1'<<56

// cacheHeader says how long the parts are, in numbers of things.
type cacheHeader struct {
	magic                                                 uint64
	addresses, innermost, nodes, dirs, files, funcs, text uint64
	// checksum is the CRC-32C of all behind the addresses, which are compared anyway,
	// and of the counts above.
	checksum uint64
}

// cachedFile is a source file: its directory, and where its base name ends in the text.
type cachedFile struct {
	dir DirID
	end uint32
}

// cachedFunc is a function: where its names end in the text, and its declaration.
type cachedFunc struct {
	source, linkage uint32
	declared        Location
}

// plain is the types that are stored as they are in memory: they have no pointers.
type plain interface {
	~byte | ~uint32 | ~int32 | ~uint64 | Location | callNode | cachedFile | cachedFunc | cacheHeader
}

// bytesOf returns the memory of s.
func bytesOf[T plain](s []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(one)))
}

// answerParts is the parts of an entry.
type answerParts struct {
	pcs       []uint64
	locations []Location
	innermost []int32
	nodes     []callNode
	dirs      []uint32 // where their names end in the text
	files     []cachedFile
	funcs     []cachedFunc
	text      []byte
}

// encodeAnswer returns the entry for an answer; calls is nil without them.
func (f *File) encodeAnswer(pcs []uint64, out []Location, calls *Calls) []byte {
	p := answerParts{pcs: pcs, locations: out}
	if calls != nil {
		p.innermost, p.nodes = calls.flatten()
		for _, fn := range f.functions.snapshot() {
			var c cachedFunc
			source, linkage, declared := f.describe(fn)
			p.text = append(p.text, source...)
			c.source = uint32(len(p.text))
			p.text = append(p.text, linkage...)
			c.linkage, c.declared = uint32(len(p.text)), declared
			p.funcs = append(p.funcs, c)
		}
	}
	files, dirs := f.SourceFiles() // behind the functions, whose declarations can add some
	for _, dir := range dirs {
		p.text = append(p.text, dir...)
		p.dirs = append(p.dirs, uint32(len(p.text)))
	}
	for _, file := range files {
		p.text = append(p.text, file.Base...)
		p.files = append(p.files, cachedFile{file.Dir, uint32(len(p.text))})
	}
	return p.encode()
}

// encode lays the parts out.
func (p *answerParts) encode() []byte {
	h := cacheHeader{
		magic: cacheMagic, addresses: uint64(len(p.pcs)), innermost: uint64(len(p.innermost)), nodes: uint64(len(p.nodes)),
		dirs: uint64(len(p.dirs)), files: uint64(len(p.files)), funcs: uint64(len(p.funcs)), text: uint64(len(p.text)),
	}
	parts := [][]byte{
		bytesOf(p.pcs), bytesOf(p.locations), bytesOf(p.innermost), bytesOf(p.nodes),
		bytesOf(p.dirs), bytesOf(p.files), bytesOf(p.funcs), p.text,
	}
	size := int(unsafe.Sizeof(h))
	for _, part := range parts {
		size += padded(len(part))
	}
	data := make([]byte, int(unsafe.Sizeof(h)), size)
	for _, part := range parts {
		data = append(data, part...)
		data = data[:padded(len(data))] // zeros: make cleared them
	}
	h.checksum = h.sum(data[int(unsafe.Sizeof(h))+padded(len(parts[0])):])
	copy(data, bytesOf([]cacheHeader{h}))
	return data
}

// padded is the size of a part of n bytes.
func padded(n int) int { return (n + 7) &^ 7 }

// sum returns the checksum for a header and what follows the addresses.
func (h cacheHeader) sum(rest []byte) uint64 {
	h.checksum = 0
	sum := crc32.Checksum(bytesOf([]cacheHeader{h}), castagnoli)
	return uint64(crc32.Update(sum, castagnoli, rest))
}

var (
	errCacheFormat   = errors.New("is no entry of this version: removed")
	errCacheCut      = errors.New("is cut short or too long: removed")
	errCacheChecksum = errors.New("is corrupt (wrong checksum): removed")
	errCacheContents = errors.New("is corrupt (a number is out of bounds): removed")
)

// cacheReader takes the parts off an entry.
type cacheReader struct {
	data []byte
	bad  bool
}

// take returns the next part, n of T, as it lies in the entry.
func take[T plain](r *cacheReader, n uint64) []T {
	var one T
	size := uint64(unsafe.Sizeof(one))
	if r.bad || n > uint64(len(r.data))/size || uint64(padded(int(n*size))) > uint64(len(r.data)) {
		r.bad = true
		return nil
	}
	if n == 0 {
		return nil
	}
	part := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(r.data))), n)
	r.data = r.data[padded(int(n*size)):]
	return part
}

// parseAnswer finds the parts of an entry for pcs.
func parseAnswer(data []byte, pcs []uint64) (p answerParts, err error) {
	if uintptr(unsafe.Pointer(unsafe.SliceData(data)))%8 != 0 {
		data = bytes.Clone(data) // never, as files are mapped at pages
	}
	r := cacheReader{data: data}
	header := take[cacheHeader](&r, 1)
	if r.bad || header[0].magic != cacheMagic {
		return p, errCacheFormat
	}
	h := header[0]
	p.pcs = take[uint64](&r, h.addresses)
	rest := r.data
	p.locations = take[Location](&r, h.addresses)
	p.innermost = take[int32](&r, h.innermost)
	p.nodes = take[callNode](&r, h.nodes)
	p.dirs = take[uint32](&r, h.dirs)
	p.files = take[cachedFile](&r, h.files)
	p.funcs = take[cachedFunc](&r, h.funcs)
	p.text = take[byte](&r, h.text)
	switch {
	case r.bad || len(r.data) != 0:
		return p, errCacheCut
	case h.checksum != h.sum(rest):
		return p, errCacheChecksum
	case !bytes.Equal(bytesOf(p.pcs), bytesOf(pcs)):
		return p, errOtherAddresses
	}
	return p, nil
}

// decodeAnswer fills out from an entry for pcs, and the calls if withCalls is set.
func (f *File) decodeAnswer(data []byte, pcs []uint64, out []Location, withCalls bool) (*Calls, error) {
	p, err := parseAnswer(data, pcs)
	if err != nil {
		return nil, err
	}
	if withCalls != (len(p.innermost) == len(pcs)) || !p.sound() {
		return nil, errCacheContents
	}
	ids := p.addFiles(f.sources)
	copy(out, p.locations)
	if !inOrder(ids) { // they are if nothing was met before
		for i := range out {
			out[i].File = ids[out[i].File]
		}
	}
	if !withCalls {
		return nil, nil
	}
	first := p.addFuncs(&f.functions, ids)
	calls := &Calls{locations: out, innermost: make([]int32, len(pcs)), nodes: make([]nodeList, 1)}
	copy(calls.innermost, p.innermost)
	for _, n := range p.nodes {
		n.call.File = ids[n.call.File]
		if n.fn != 0 {
			n.fn += first
		}
		calls.nodes[0].add(n)
	}
	return calls, nil
}

// sound reports whether all numbers of the entry are those of something in it.
func (p *answerParts) sound() bool {
	ok := len(p.dirs) > 0 && len(p.files) > 0 // those that are unknown
	end := uint32(0)
	grows := func(to uint32) { // the text is used from its start on
		ok = ok && to >= end && uint64(to) <= uint64(len(p.text))
		end = to
	}
	known := func(l Location) bool { return uint64(l.File) < uint64(len(p.files)) }
	for _, fn := range p.funcs {
		grows(fn.source)
		grows(fn.linkage)
		ok = ok && known(fn.declared)
	}
	for _, dir := range p.dirs {
		grows(dir)
	}
	for _, file := range p.files {
		grows(file.end)
		ok = ok && uint64(file.dir) < uint64(len(p.dirs))
	}
	for i, n := range p.nodes { // parents come first
		ok = ok && n.parent >= -1 && n.parent < int32(i) && uint64(n.fn) <= uint64(len(p.funcs)) && known(n.call)
	}
	for _, n := range p.innermost {
		ok = ok && n >= -1 && int(n) < len(p.nodes)
	}
	last := uint32(0)
	for i := range p.locations {
		last = max(last, uint32(p.locations[i].File))
	}
	return ok && known(Location{File: FileID(last)})
}

// addFiles interns the source files and returns their ids by their numbers in the entry.
func (p *answerParts) addFiles(s *sources) []FileID {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := uint32(0)
	if n := len(p.funcs); n > 0 {
		start = p.funcs[n-1].linkage
	}
	dirs := make([]DirID, len(p.dirs))
	for i, end := range p.dirs {
		dirs[i] = s.addDir(string(p.text[start:end]))
		start = end
	}
	ids := make([]FileID, len(p.files))
	for i, file := range p.files {
		ids[i] = s.addFile(dirs[file.dir], p.text[start:file.end])
		start = file.end
	}
	return ids
}

// inOrder reports whether each id is its index.
func inOrder(ids []FileID) bool {
	for i, id := range ids {
		if int(id) != i {
			return false
		}
	}
	return true
}

// addFuncs adds the functions and returns what is to be added to their numbers.
func (p *answerParts) addFuncs(s *functions, ids []FileID) FuncID {
	names := ""
	if n := len(p.funcs); n > 0 {
		names = string(p.text[:p.funcs[n-1].linkage])
	}
	kept := make([]keptFunction, len(p.funcs))
	start := uint32(0)
	for i, fn := range p.funcs {
		fn.declared.File = ids[fn.declared.File]
		kept[i] = keptFunction{source: names[start:fn.source], linkage: names[fn.source:fn.linkage], declared: fn.declared}
		start = fn.linkage
	}
	return s.addKept(kept)
}

// flatten returns the calls with their nodes in one list, in which parents come before
// their children.
func (c *Calls) flatten() (innermost []int32, nodes []callNode) {
	starts := make([]int32, len(c.nodes))
	for w, list := range c.nodes {
		starts[w] = int32(len(nodes))
		for _, chunk := range list.chunks {
			nodes = append(nodes, chunk...)
		}
	}
	flat := func(number int32) int32 {
		if number < 0 {
			return -1
		}
		return starts[number&(1<<c.workerBits-1)] + number>>c.workerBits
	}
	for i := range nodes {
		nodes[i].parent = flat(nodes[i].parent)
	}
	innermost = make([]int32, len(c.innermost))
	for i, number := range c.innermost {
		innermost[i] = flat(number)
	}
	return innermost, nodes
}

package debuginfo

import (
	"fmt"
	"sync/atomic"
)

// This file defines the directory and file tables of a line table. Where the
// entries start is found when the table first answers for an address; a name is
// read when a row that refers to it does.

// tableFiles is the directory and file tables of one line table. Indices are the
// numbers that the program uses, so index 0 is no entry before version 5.
type tableFiles struct {
	dirs, files           []uint32 // where the entries start, relative to the table
	dirFields, fileFields []entryField
	// fileIDs and dirIDs hold what is interned so far, else 0; dirIDs is guarded
	// by sources.mu.
	fileIDs []atomic.Uint32
	dirIDs  []DirID
	// problem says why there are no entries.
	problem *FormatError
}

// entryField is one field of each entry of a table.
type entryField struct{ content, form uint64 }

// Before version 5 the fields of entries are fixed: a directory is a name, a file
// is name, directory, time of modification, size.
var (
	oldDirFields  = []entryField{{lnctPath, formString}}
	oldFileFields = []entryField{{lnctPath, formString}, {lnctDirectoryIndex, formUdata}, {0, formUdata}, {0, formUdata}}
)

// loadFiles finds the entries of the tables, once.
func (t *lineTable) loadFiles(line contents) *tableFiles {
	f := &t.files
	t.loaded.Do(func() {
		c := t.cursor(line, t.names)
		c.data = c.data[:t.program]
		if uint64(t.end-t.offset) > 1<<32-1 {
			c.fail("line table of more than 4 GiB")
		}
		if t.version >= 5 {
			f.dirFields, f.dirs = t.entries(&c)
			f.fileFields, f.files = t.entries(&c)
		} else {
			f.dirFields, f.dirs = oldDirFields, t.oldEntries(&c, oldDirFields)
			f.fileFields, f.files = oldFileFields, t.oldEntries(&c, oldFileFields)
		}
		if f.problem = c.err; c.err != nil {
			f.dirs, f.files = nil, nil
		}
		f.dirIDs = make([]DirID, len(f.dirs))
		f.fileIDs = make([]atomic.Uint32, len(f.files))
	})
	return f
}

// oldEntries finds the entries of a table of DWARF 2 to 4, which ends with an
// empty name.
func (t *lineTable) oldEntries(c *cursor, fields []entryField) []uint32 {
	entries := []uint32{0}
	for c.err == nil {
		if c.pos < len(c.data) && c.data[c.pos] == 0 {
			c.pos++
			break
		}
		entries = append(entries, uint32(c.pos-t.offset))
		t.readEntry(c, fields)
	}
	return entries
}

// entries finds the entries of a table of DWARF 5, which says the fields and the
// number of its entries.
func (t *lineTable) entries(c *cursor) (fields []entryField, entries []uint32) {
	fields = make([]entryField, c.u8())
	for i := range fields {
		fields[i] = entryField{c.uleb(), c.uleb()}
	}
	count := c.uleb()
	if c.err == nil && count > uint64(len(c.data)-c.pos) {
		c.fail(fmt.Sprintf("%d entries in %d bytes", count, len(c.data)-c.pos))
	}
	sizes := t.fieldSizes(fields)
	if c.err == nil {
		entries = make([]uint32, 0, count)
	}
	for c.err == nil && uint64(len(entries)) < count {
		at := c.pos
		entries = append(entries, uint32(at-t.offset))
		if next := skipEntry(c.data, at, sizes); next > 0 {
			c.pos = next
		} else {
			t.readEntry(c, fields)
		}
		if c.err == nil && c.pos == at {
			c.fail("table of entries without bytes")
		}
	}
	return fields, entries
}

// lebSize stands for the size of a LEB128 number.
const lebSize = -1

// fieldSizes returns the sizes of fields, nil if skipEntry cannot skip one of them.
func (t *lineTable) fieldSizes(fields []entryField) []int {
	sizes := make([]int, len(fields))
	for i, f := range fields {
		if f.form == formUdata {
			sizes[i] = lebSize
		} else if sizes[i] = formSize(f.form, t.encoding); sizes[i] < 0 {
			return nil
		}
	}
	return sizes
}

// skipEntry returns where the entry behind the one at p[i] starts, 0 if readEntry has
// to find out.
func skipEntry(p []byte, i int, sizes []int) int {
	if len(sizes) == 0 {
		return 0
	}
	for _, size := range sizes {
		if size != lebSize {
			i += size
			continue
		}
		for start := i; ; i++ {
			if i >= len(p) || i == start+4 { // longer numbers can overflow
				return 0
			}
			if p[i] < 0x80 {
				i++
				break
			}
		}
	}
	if i > len(p) {
		return 0
	}
	return i
}

// readEntry reads one entry.
func (t *lineTable) readEntry(c *cursor, fields []entryField) (name value, dir uint64) {
	for _, field := range fields {
		v := c.value(field.form, 0, t.encoding)
		switch field.content {
		case lnctPath:
			name = v
		case lnctDirectoryIndex:
			dir = v.n
		}
	}
	return name, dir
}

// entry returns the name of the entry at offset relative to the table, and the
// index of its directory.
func (l *lines) entry(t *lineTable, offset uint32, fields []entryField) (name []byte, dir uint64, err *FormatError) {
	c := t.cursor(l.line, t.offset+int(offset))
	v, dir := t.readEntry(&c, fields)
	if c.err != nil {
		return nil, 0, c.err
	}
	var s cursor
	switch v.form {
	case formString:
		s = l.line.cursor(v.n)
	case formLineStrp:
		s = l.strings(".debug_line_str").cursor(v.n)
	case formStrp:
		s = l.strings(".debug_str").cursor(v.n)
	default:
		c.fail(fmt.Sprintf("file name of form %#x is not supported", v.form))
		return nil, 0, c.err
	}
	return s.text(), dir, s.err
}

// fileID returns the id of file number index of t, 0 if t has no such file.
func (l *lines) fileID(t *lineTable, index uint32) (FileID, *FormatError) {
	if t.problem != nil {
		return 0, t.problem
	}
	f := t.loadFiles(l.line)
	if uint64(index) >= uint64(len(f.files)) || index == 0 && t.version < 5 {
		return 0, f.problem
	}
	if id := f.fileIDs[index].Load(); id != 0 {
		return FileID(id), nil
	}
	name, dir, err := l.entry(t, f.files[index], f.fileFields)
	if err != nil {
		return 0, err
	}
	id, err := l.intern(t, f, name, dir)
	if err == nil {
		f.fileIDs[index].Store(uint32(id))
	}
	return id, err
}

// intern returns the id of the file with that name in directory number dir of t.
func (l *lines) intern(t *lineTable, f *tableFiles, name []byte, dir uint64) (FileID, *FormatError) {
	l.sources.mu.Lock()
	defer l.sources.mu.Unlock()
	if !isBase(name) {
		dirName, err := l.dirName(t, f, dir)
		if !l.sources.spend(len(t.compDir) + len(dirName) + len(name)) {
			return 0, l.line.errorAt(t.offset, longNames)
		}
		return l.sources.addPath(joinPath(t.compDir, dirName, string(name))), err
	}
	if !l.sources.spend(len(name)) {
		return 0, l.line.errorAt(t.offset, longNames)
	}
	if dir < uint64(len(f.dirIDs)) && f.dirIDs[dir] != 0 {
		return l.sources.addFile(f.dirIDs[dir], name), nil
	}
	dirName, err := l.dirName(t, f, dir)
	if !l.sources.spend(len(t.compDir) + len(dirName)) {
		return 0, l.line.errorAt(t.offset, longNames)
	}
	id := l.sources.addDir(joinPath(t.compDir, dirName))
	if dir < uint64(len(f.dirIDs)) {
		f.dirIDs[dir] = id
	}
	return l.sources.addFile(id, name), err
}

// dirName returns the name of directory number dir of t; the compilation
// directory is "" if the table does not name it, since joinPath adds it.
func (l *lines) dirName(t *lineTable, f *tableFiles, dir uint64) (string, *FormatError) {
	if dir >= uint64(len(f.dirs)) || dir == 0 && t.version < 5 {
		return "", nil
	}
	name, _, err := l.entry(t, f.dirs[dir], f.dirFields)
	if dir == 0 && string(name) == t.compDir {
		return "", err
	}
	return string(name), err
}

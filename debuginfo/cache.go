package debuginfo

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// This file defines Cache: where answers are kept, for which file, and for how long.
// How an answer is stored is told in cacheformat.go.

// Cache keeps the answers of ResolveWith and ResolveCalls for large batches in the
// files of a directory, so that another process which asks the same of the same build
// only reads them back. That suits the instrumented addresses of a build, which do not
// change. Several processes may use one directory. A Cache may be used by several Files,
// and from several goroutines at once.
type Cache struct {
	dir   string
	limit int64
	// failed is told what went wrong with the cache itself. Answers do not depend on
	// it: they are then found as without a cache.
	failed func(error)
}

const (
	// minCached is the least number of addresses whose answers are kept. Fewer are
	// found about as fast as a cache is looked up, and would fill it with small files.
	minCached = 4096
	// cacheVersion is part of the names of entries. Count it up if the format changes,
	// or if the rules for answers do.
	cacheVersion = "1"
	// cacheSuffix tells entries from other files.
	cacheSuffix = ".answers"
	// abandonedAfter is the age of temporary files that nobody will finish.
	abandonedAfter = time.Hour
	// DefaultCacheLimit is room for the answers of some ten large builds.
	DefaultCacheLimit = 512 << 20
)

// NewCache returns a cache in dir, which is made when something is stored. When its
// entries have more than limit bytes together, those that were not used for the longest
// time go. failed, if not nil, is called with each problem of the cache: an entry that
// is corrupt, a directory that cannot be written. An entry that is corrupt is removed.
func NewCache(dir string, limit int64, failed func(error)) *Cache {
	return &Cache{dir: dir, limit: limit, failed: failed}
}

// answerKind returns the letter for what an entry answers: lines, or functions and
// inlined calls too; a capital if rows with line 0 count.
func answerKind(o Options, calls bool) byte {
	kind := byte('l')
	if calls {
		kind = 'c'
	}
	if o.Literal {
		kind -= 'a' - 'A'
	}
	return kind
}

// castagnoli is the polynomial of CRC-32C, which processors compute.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// cacheEntry returns the path of the entry for a batch of f, "" if it is not cached:
// without a cache, without anything that tells f from another build, or for few
// addresses. A build is told by its build id and the size of the file that has the debug
// information, or by that file's size and time of change.
func (f *File) cacheEntry(pcs []uint64, kind byte) string {
	c := f.files.options.Cache
	if c == nil || len(pcs) < minCached {
		return ""
	}
	debug := f.path
	var info os.FileInfo
	err := f.guard(func() (err error) {
		if img := f.image.debugImage(); img.path != "" {
			debug = img.path
		}
		info, err = os.Stat(debug)
		return err
	})
	if err != nil {
		return ""
	}
	// runtime.GOARCH is there because entries are in the byte order of this machine.
	key := fmt.Sprintf("%s\n%s\n%x\n%s\n%s\n%d\n", cacheVersion, runtime.GOARCH, f.image.buildID, f.image.goBuildID, f.image.arch, info.Size())
	if len(f.image.buildID) == 0 && f.image.goBuildID == "" {
		key += fmt.Sprintf("%s\n%d\n", debug, info.ModTime().UnixNano())
	}
	id := sha256.Sum256([]byte(key))
	return filepath.Join(c.dir, fmt.Sprintf("%s-%d-%08x-%c%s", hex.EncodeToString(id[:16]), len(pcs), crc32.Checksum(bytesOf(pcs), castagnoli), kind, cacheSuffix))
}

// fromCache sets out, and if withCalls the calls, to what the entry at path has for
// pcs. ok is false if there is no such entry, or none that is sound.
func (f *File) fromCache(path string, pcs []uint64, out []Location, withCalls bool) (calls *Calls, ok bool) {
	if path == "" {
		return nil, false
	}
	m, err := f.files.mapFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if err == nil {
		err = f.guard(func() (err error) {
			calls, err = f.decodeAnswer(m.data, pcs, out, withCalls)
			return err
		})
		f.files.unmap(m)
	}
	c := f.files.options.Cache
	switch {
	case err == nil:
		now := time.Now()
		_ = os.Chtimes(path, now, now) // it was used; a cache that cannot be written works too
		return calls, true
	case errors.Is(err, errOtherAddresses):
		return nil, false
	}
	clear(out)
	c.report(fmt.Errorf("cached answers in %s: %w", path, err))
	_ = os.Remove(path)
	return nil, false
}

// toCache stores an answer.
func (f *File) toCache(path string, pcs []uint64, out []Location, calls *Calls) {
	if path == "" {
		return
	}
	c := f.files.options.Cache
	var data []byte
	err := f.guard(func() error {
		data = f.encodeAnswer(pcs, out, calls)
		return nil
	})
	if err == nil && int64(len(data)) <= c.limit {
		err = c.write(path, data)
	}
	if err == nil {
		err = c.trim()
	}
	if err != nil {
		c.report(fmt.Errorf("caching answers: %w", err))
	}
}

func (c *Cache) report(err error) {
	if c.failed != nil {
		c.failed(err)
	}
}

// write writes an entry under another name first, so that nobody reads half of it.
func (c *Cache) write(path string, data []byte) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(c.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // the first error counts
	}
	return err
}

// trim removes entries until the rest fits the limit, and temporary files of processes
// that ended.
func (c *Cache) trim() error {
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	var entries []fs.FileInfo
	total := int64(0)
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			continue // another process removed it
		}
		if strings.HasSuffix(file.Name(), cacheSuffix) {
			entries = append(entries, info)
			total += info.Size()
		} else if strings.HasPrefix(file.Name(), "new-") && time.Since(info.ModTime()) > abandonedAfter {
			_ = os.Remove(filepath.Join(c.dir, file.Name()))
		}
	}
	slices.SortFunc(entries, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, entry := range entries {
		if total <= c.limit {
			break
		}
		err := os.Remove(filepath.Join(c.dir, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= entry.Size()
	}
	return nil
}

// errOtherAddresses says that an entry answers for other addresses whose checksum
// happens to be the same.
var errOtherAddresses = errors.New("other addresses")

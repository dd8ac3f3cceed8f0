// Package debian gets the source of public C and C++ projects, as Debian distributes it,
// for tests and benchmarks.
package debian

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Unpack puts the upstream source of one of Debian's source packages into dir, which it
// makes. The archive is downloaded with apt-get once for each user; apt's sources need a
// deb-src line, which scripts/setup writes.
func Unpack(name, dir string) error {
	archive, err := Archive(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if out, err := exec.Command("tar", "xf", archive, "-C", dir, "--strip-components=1").CombinedOutput(); err != nil {
		return fmt.Errorf("unpacking %s: %w: %s", archive, err, out)
	}
	return nil
}

// Archive returns the path of a source package's upstream archive.
func Archive(name string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "fuzzls-src")
	pattern := filepath.Join(cache, name+"_*.orig.tar.*z*")
	if found, _ := filepath.Glob(pattern); len(found) > 0 { // the pattern is right
		return found[0], nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	cmd := exec.Command("apt-get", "source", "--download-only", name)
	cmd.Dir = cache
	out, _ := cmd.CombinedOutput() // Debian's own changes, if they cannot be had, are not needed
	if found, _ := filepath.Glob(pattern); len(found) > 0 {
		return found[0], nil
	}
	return "", fmt.Errorf("downloading the source of %s with apt-get: is there a deb-src line in apt's sources? %s", name, out)
}

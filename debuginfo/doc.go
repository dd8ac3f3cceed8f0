// Package debuginfo resolves addresses of executables to source locations, in batches.
package debuginfo

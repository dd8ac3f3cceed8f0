// Package crash tells crashes apart: kind, signature, frames, reproducer.
package crash

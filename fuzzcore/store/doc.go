// Package store keeps corpora, crashes, builds and coverage files on disk.
package store

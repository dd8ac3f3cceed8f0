// Package coverage turns a coverage file and the points of a build into what
// people read: states per line, merged over fuzz tests and targets, differences
// between two moments, and exports (text, lcov, Cobertura, Go cover profile).
package coverage

// Package machinecode tells which source lines ran, from the points of an executable that
// were hit: what is shown as covered ran, what is optimized away has no lines of its own.
//
// A point's address is where code counts that it ran. The code of its function is decoded
// into basic blocks. A block with a point is proved by it; a block without one by those
// that cannot be reached, or not be left, without it. The lines of a block's code are those
// of the line table, and those of the calls that were inlined around it. It serves the
// languages whose compilers put counters into machine code.
package machinecode

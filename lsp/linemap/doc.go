// Package linemap tells where the lines of a text that was built are in the text that
// stands in the editor now.
//
// Coverage, crashes and hints belong to lines of the built text. While the user types,
// lines move, change and disappear. A Map joins lines of both texts that are equal and
// in the same order; everything in between is a hunk, in which lines of the present
// text took the place of lines of the built one. A joined line keeps what is known of
// it. A line of a hunk has nothing known, and is stale if the hunk replaced something.
//
// Lines are counted from 0. Lines that differ only in white space at their end count as
// equal, so that a change of line ends, or trimming by the editor, moves nothing.
package linemap

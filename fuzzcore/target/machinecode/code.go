package machinecode

import "fmt"

// This file defines instructions as this package sees them: where they are and where control
// goes next.

// flow is where control goes after an instruction.
type flow uint8

const (
	// flowNext: to the following instruction.
	flowNext flow = iota
	// flowCall: into another function (at target, if that is known) and, unless that never
	// returns, on.
	flowCall
	// flowJump: to target.
	flowJump
	// flowBranch: to target or to the following instruction.
	flowBranch
	// flowIndirect: to one of several places, which a table tells.
	flowIndirect
	// flowStop: out of the function.
	flowStop
	// flowTrap: nowhere.
	flowTrap
)

// inst is one instruction at [pc, next).
type inst struct {
	pc, next uint64
	target   uint64
	// data is the address of memory that it names, relative to itself or as that of a table
	// of addresses; 0 if none.
	data uint64
	flow flow
}

// decoder decodes the instruction at the start of code, which lies at pc. An instruction
// that it does not know has a length that is guessed.
type decoder func(code []byte, pc uint64) inst

// decoderOf returns the decoder for a machine, named as GOARCH names it.
func decoderOf(arch string) (decoder, error) {
	switch arch {
	case "amd64":
		return decodeAMD64, nil
	case "arm64":
		return decodeARM64, nil
	}
	return nil, fmt.Errorf("no disassembler for %s (only amd64 and arm64)", arch)
}

// decode decodes the code that lies at pc, appending to insts. sync are addresses, in
// order, at which instructions certainly begin: there a wrong guess ends.
func decode(d decoder, code []byte, pc uint64, sync []uint64, insts []inst) []inst {
	end := pc + uint64(len(code))
	for at := pc; at < end; {
		for len(sync) > 0 && sync[0] <= at {
			sync = sync[1:]
		}
		x := d(code[at-pc:], at)
		if len(sync) > 0 && x.next > sync[0] {
			x.next, x.flow = sync[0], flowNext
		}
		x.next = min(max(x.next, at+1), end)
		insts = append(insts, x)
		at = x.next
	}
	return insts
}

package golang

// This file follows constants and addresses through a function's registers, to
// learn which counters each instruction touches and what it stores there.

// valueKind tells what is known about a register.
type valueKind uint8

const (
	unknown valueKind = iota
	// constant: the register holds value.n.
	constant
	// address: the register holds the address value.n of something in the executable.
	address
	// loaded: the register holds what was in memory at address value.n.
	loaded
)

// value is what is known about a register or a stored word.
type value struct {
	kind valueKind
	n    uint64
}

// access is how an instruction touches memory.
type access uint8

const (
	accessLoad access = iota
	accessStore
	// accessAddress: the instruction computes the address.
	accessAddress
)

// reference is one instruction's use of a tracked address.
type reference struct {
	// inst is the instruction's index in the function.
	inst int
	addr uint64
	// width is the number of bytes accessed, 0 if unknown.
	width  uint8
	access access
	// value is what is stored, if that is known.
	value value
}

// compareCall is the call of a comparison's hook.
type compareCall struct {
	// inst is the call's index in the function, site what is passed to the hook.
	inst int
	site uint32
}

// addresses is the range [lo, hi).
type addresses struct{ lo, hi uint64 }

func (a addresses) holds(addr uint64) bool { return addr-a.lo < a.hi-a.lo }

// tracer finds the references of one function after another. Its zero value,
// with arch and the ranges set, is ready.
type tracer struct {
	arch *architecture
	// cells and counters are the addresses of interest.
	cells, counters addresses
	// barriers are the entries of the write barrier, which keeps registers.
	barriers map[uint64]bool
	// hooks are the entries of the functions that comparisons call, and which of their
	// arguments is the site.
	hooks map[uint64]int
	refs  []reference
	// compares are the calls of hooks with a known site, of the function traced last.
	compares []compareCall
	regs     registerValues
	// entries holds, for each address that is jumped to, what all jumps to it agree on.
	entries map[uint64]*registerValues
	spare   []*registerValues
	// changed: entries changed during the pass.
	changed bool
}

type registerValues [registers]value

// trace returns the references of a function, in address order. The slice is
// reused by the next call.
//
// It is a forward data-flow analysis: passes over the code repeat until what the
// jumps bring to their targets does not change any more. Code that nothing is
// seen to lead to (jump tables) starts with unknown registers.
func (t *tracer) trace(code []inst) []reference {
	t.reset()
	for {
		t.changed = false
		orphans := t.pass(code, false)
		if t.changed {
			continue
		}
		if !orphans {
			return t.refs
		}
		t.pass(code, true)
	}
}

func (t *tracer) reset() {
	if t.entries == nil {
		t.entries = map[uint64]*registerValues{}
	}
	for pc, regs := range t.entries {
		t.spare = append(t.spare, regs)
		delete(t.entries, pc)
	}
}

// pass goes over the code once. It leaves out code that nothing leads to and
// then returns true; with adopt it makes that code known instead.
func (t *tracer) pass(code []inst, adopt bool) (orphans bool) {
	t.refs, t.compares = t.refs[:0], t.compares[:0]
	t.regs = registerValues{}
	reachable := true
	for i := range code {
		x := &code[i]
		at := t.entries[x.pc]
		switch {
		case at != nil && reachable:
			meet(&t.regs, at)
		case at != nil:
			t.regs = *at
		case !reachable && adopt:
			t.regs = registerValues{}
			t.enter(x.pc)
		case !reachable:
			orphans = true
			continue
		}
		t.step(i, x)
		if x.flow == flowJump || x.flow == flowBranch {
			t.enter(x.target)
		}
		reachable = x.flow != flowJump && x.flow != flowStop
	}
	return orphans
}

// enter notes the registers with which control gets to pc.
func (t *tracer) enter(pc uint64) {
	if at := t.entries[pc]; at != nil {
		t.changed = meet(at, &t.regs) || t.changed
		return
	}
	var regs *registerValues
	if n := len(t.spare); n > 0 {
		regs, t.spare = t.spare[n-1], t.spare[:n-1]
	} else {
		regs = new(registerValues)
	}
	*regs = t.regs
	t.entries[pc] = regs
	t.changed = true
}

// meet keeps in a what b agrees on, and reports whether that changed a.
func meet(a, b *registerValues) bool {
	changed := false
	for i := range a {
		if a[i].kind != unknown && a[i] != b[i] {
			a[i] = value{}
			changed = true
		}
	}
	return changed
}

func (t *tracer) get(r register) value {
	if r < 0 {
		return value{}
	}
	return t.regs[r]
}

func (t *tracer) set(r register, v value) {
	if r >= 0 {
		t.regs[r] = v
	}
}

// resolve returns the address of an operand.
func (t *tracer) resolve(m memory) (uint64, bool) {
	if m.base == absolute {
		return m.disp, true
	}
	v := t.get(m.base)
	return v.n + m.disp, v.kind == address
}

// step applies one instruction.
func (t *tracer) step(i int, x *inst) {
	addr, known := t.resolve(x.mem)
	switch x.action {
	case actNone:
		if x.flow == flowCall {
			t.call(i, x.target)
		}
	case actForget:
		t.regs = registerValues{}
	case actSet:
		t.set(x.dst, value{constant, x.imm})
	case actInsert:
		v := t.get(x.dst)
		if v.kind == constant {
			v.n = v.n&^(0xffff<<x.shift) | x.imm<<x.shift
		}
		t.set(x.dst, v.onlyIf(v.kind == constant))
	case actCopy:
		t.set(x.dst, t.get(x.src))
	case actAdd:
		v := t.get(x.src)
		v.n += x.imm
		t.set(x.dst, v.onlyIf(v.kind == address || v.kind == constant))
	case actAddress:
		t.set(x.dst, value{address, addr}.onlyIf(known))
		t.note(known, reference{i, addr, 0, accessAddress, value{}})
	case actLoad:
		t.note(known, reference{i, addr, x.width, accessLoad, value{}})
		t.set(x.dst, value{loaded, addr}.onlyIf(known && x.width == 4))
		t.set(x.dst2, value{})
	case actStore:
		v := t.get(x.src)
		if x.src == noRegister {
			v = value{constant, x.imm}
		}
		t.note(known, reference{i, addr, x.width, accessStore, v})
		if known && v.kind == unknown && x.width == 4 {
			// The register goes on holding what is in memory there.
			t.set(x.src, value{loaded, addr})
		}
	case actStorePair:
		t.note(known, reference{i, addr, x.width, accessStore, t.orZero(x.src)})
		t.note(known, reference{i, addr + uint64(x.width), x.width, accessStore, t.orZero(x.src2)})
	case actExchange:
		t.note(known, reference{i, addr, x.width, accessStore, t.get(x.src)})
		t.set(x.dst, value{})
	case actUpdate:
		// A counter that is added to becomes non-zero whatever is added.
		t.note(known, reference{i, addr, x.width, accessStore, value{}})
		t.set(x.dst, value{})
	default:
		t.set(x.dst, value{})
		t.set(x.dst2, value{})
	}
}

// orZero is a register's value; no register is arm64's zero register.
func (t *tracer) orZero(r register) value {
	if r == noRegister {
		return value{kind: constant}
	}
	return t.get(r)
}

// onlyIf returns v if ok, and the unknown value otherwise.
func (v value) onlyIf(ok bool) value {
	if !ok {
		return value{}
	}
	return v
}

// call handles a call: one that gets a cell's address is sync/atomic's
// StoreUint32(cell, value) or AddUint32(cell, 1), which race detector builds do
// not inline. Nothing else ever takes the address of a cell.
func (t *tracer) call(i int, target uint64) {
	if t.barriers[target] {
		t.set(t.arch.barrier, value{})
		return
	}
	if arg, ok := t.hooks[target]; ok {
		if site := t.get(t.arch.args[arg]); site.kind == constant {
			t.compares = append(t.compares, compareCall{i, uint32(site.n)})
		}
	}
	cell, v := t.get(t.arch.args[0]), t.get(t.arch.args[1])
	t.note(cell.kind == address && t.cells.holds(cell.n), reference{i, cell.n, 4, accessStore, v})
	t.regs = registerValues{}
}

// note appends a reference if it is to an address of interest. A wide store may
// begin before the range.
func (t *tracer) note(known bool, r reference) {
	if !known {
		return
	}
	if t.cells.holds(r.addr) || t.counters.holds(r.addr) {
		t.refs = append(t.refs, r)
	}
}

package executor

// This file lets an idle target go for a while.

// Park ends the process of an idle target and reports whether it did. The ring with
// its seen map and with the results that Wait has not yet returned stays; the next
// Flush starts the process again. A target that is at work is left alone.
func (e *Executor) Park() bool {
	p := e.process
	e.readTail()
	if p == nil || e.tail != e.head || e.err != nil {
		return false
	}
	p.end()
	e.process = nil
	return true
}

// unpark starts the process of a parked target.
func (e *Executor) unpark() {
	if e.process == nil && e.err == nil {
		e.watch = watch{}
		e.err = e.spawn()
	}
}

// end lets an idle process end by itself, so that TestMain can clean up, and kills
// it if it does not.
func (p *process) end() {
	p.ring.Close()
	if p.server != nil {
		p.server.control.Close()
	}
	if !p.waitExit(closePatience) {
		p.kill()
	}
	p.release()
}

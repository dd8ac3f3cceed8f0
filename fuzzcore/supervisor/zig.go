package supervisor

import "github.com/fuzzls/fuzzls/fuzzcore/worker"

// This file prepares what only fuzz tests of Zig need: the folders that Zig's fuzzer works
// in, which the workers share.

// prepareZig makes the folders. The function that it returns takes over what is left in
// them, and removes them; it is called when no worker runs.
func (c *Campaign) prepareZig() (finish func(), err error) {
	finish = func() {
		for _, t := range c.tests {
			if !t.test.IsZig() {
				continue
			}
			if err := worker.FinishZig(c.config.State, t.test); err != nil {
				c.notice("%v", err)
			}
		}
	}
	for _, t := range c.tests {
		if !t.test.IsZig() {
			continue
		}
		if err := worker.PrepareZig(c.config.State, t.test); err != nil {
			return nil, err // what is there is taken over by the next campaign
		}
	}
	return finish, nil
}

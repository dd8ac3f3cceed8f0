package golang

import (
	"context"
	"sync"
)

// This file defines BuildAll: several builds on a limited number of cores.

// BuildResult is what became of one request: a target or an error.
type BuildResult struct {
	Target *Target
	Err    error
}

// BuildAll builds all of reqs, using about cores cores, and returns their
// results in the same order. One failure does not stop the others. Calls of the
// requests' Progress functions never overlap.
//
// The first request is built alone, on all cores: builds at the same time would
// each compile what they share, because the go command's cache tells them only
// of what is finished. The others then have mostly their own packages and a link
// left, which keeps one core busy, so cores of them run at a time.
func BuildAll(ctx context.Context, reqs []BuildRequest, cores int) []BuildResult {
	cores = max(cores, 1)
	results := make([]BuildResult, len(reqs))
	if len(reqs) == 0 {
		return results
	}
	var progress sync.Mutex
	build := func(i, parallel int) {
		req := reqs[i]
		req.Parallel = parallel
		if tell := req.Progress; tell != nil {
			req.Progress = func(line string) {
				progress.Lock()
				defer progress.Unlock()
				tell(line)
			}
		}
		results[i].Target, results[i].Err = Build(ctx, req)
	}
	build(0, cores)

	next := make(chan int)
	var wg sync.WaitGroup
	for range min(cores, len(reqs)-1) {
		wg.Go(func() {
			for i := range next {
				build(i, 1)
			}
		})
	}
	for i := 1; i < len(reqs); i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	return results
}

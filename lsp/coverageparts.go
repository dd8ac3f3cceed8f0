package lsp

// This file adds the parts that show coverage.

// addCoverageParts adds what tells of coverage, fuzz tests and crashes. Line maps come
// first: the others ask them.
func (s *server) addCoverageParts() {
	s.addPart(&s.maps)
	s.addPart(newCoveragePush(s))
	s.addPart(newStatusPush(s))
	s.addPart(newCrashesPush(s))
	s.hints = newHintsRefresher(s)
	s.addPart(s.hints)
	s.addCoverageRequests()
}

package cruntime

// This file defines what a target writes about itself (src/describe.c), as JSON.

// Description is what a target says about itself.
type Description struct {
	Modules []Module `json:"modules"`
	// Entry is the address of LLVMFuzzerTestOneInput in its file.
	Entry uint64 `json:"entry"`
	// Initialize, CustomMutator and CustomCrossOver say which of these functions it has.
	Initialize      bool `json:"initialize"`
	CustomMutator   bool `json:"customMutator"`
	CustomCrossOver bool `json:"customCrossOver"`
	// Traces: comparisons are traced in the executable.
	Traces bool `json:"traces"`
	// Foreign names an instrumentation that the runtime has no use for, or is empty.
	Foreign    string   `json:"foreign"`
	Sanitizers []string `json:"sanitizers"`
}

// Module is one executable or shared object with edge counters.
type Module struct {
	Path string `json:"path"`
	Base uint64 `json:"base"`
	// First is the number of its first edge; Count is how many there are.
	First int `json:"first"`
	Count int `json:"count"`
	// Extra: these are the counters that the target counts by itself; the other
	// fields but First and Count are empty.
	Extra bool `json:"extra"`
	// PCs are pairs: the address of an edge in the module's file, and its flags.
	PCs []uint64 `json:"pcs"`
}

// PCFunctionEntry is the flag of an edge at a function's entry.
const PCFunctionEntry = 1

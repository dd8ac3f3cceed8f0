// Package worker is one fuzz worker process: engine and executors, spoken to by the messages of package abi only.
package worker

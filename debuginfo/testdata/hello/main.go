// Command hello is what the examples resolve addresses of.
package main

import "os"

//go:noinline
func greet(name string) {
	os.Stdout.WriteString("hello, ")
	os.Stdout.WriteString(name)
}

func main() {
	greet("world\n")
}

package target

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

var kept [][]byte

// FuzzCrash goes wrong in the way its input names.
func FuzzCrash(f *testing.F) {
	f.Add([]byte("fine"))
	f.Fuzz(func(t *testing.T, b []byte) {
		way, _, _ := strings.Cut(string(b), " ")
		switch way {
		case "panic":
			panic("told to panic")
		case "panic-error":
			panic(fmt.Errorf("told to panic with an error"))
		case "panic-elsewhere":
			done := make(chan bool)
			go func() {
				defer close(done)
				panic("told to panic elsewhere")
			}()
			<-done
			select {}
		case "index":
			_ = b[len(b)+len(way):][0]
		case "nil":
			Deref(nil)
		case "fatal":
			t.Fatal("told to fail")
		case "error":
			t.Errorf("told to err %d", 1)
			t.Error("and again")
		case "exit0":
			os.Exit(0)
		case "exit3":
			fmt.Println("printed before exit")
			os.Exit(3)
		case "log":
			log.Fatal("told to log.Fatal")
		case "goexit":
			runtime.Goexit()
		case "map":
			m := map[int]int{}
			for i := 0; i < 8; i++ {
				go func() {
					for j := 0; ; j++ {
						m[j%10]++
						if j%1000 == 0 {
							runtime.Gosched()
						}
					}
				}()
			}
			select {}
		case "stack":
			Recurse(0)
		case "memory":
			for {
				kept = append(kept, make([]byte, 1<<20))
				for i := range kept[len(kept)-1] {
					kept[len(kept)-1][i] = 1
				}
			}
		case "spin":
			for {
			}
		case "deadlock":
			<-make(chan bool)
		case "sigsegv":
			syscall.Kill(os.Getpid(), syscall.SIGSEGV)
			time.Sleep(time.Hour)
		case "stop":
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			time.Sleep(time.Hour)
		case "kill":
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Hour)
		case "later":
			go func() {
				panic("told to panic later")
			}()
		case "print":
			for i := 0; i < 40000; i++ {
				fmt.Println(strings.Repeat("noise on stdout ", 4))
				fmt.Fprintln(os.Stderr, strings.Repeat("noise on stderr ", 4))
			}
		case "print-panic":
			fmt.Println("said on stdout")
			done := make(chan bool)
			go func() { panic("after much noise") }()
			<-done
		case "close":
			for fd := 0; fd < 512; fd++ {
				syscall.Close(fd)
			}
		case "close-all":
			for fd := 0; fd < 4096; fd++ {
				syscall.Close(fd)
			}
		case "leak-memory":
			kept = append(kept, make([]byte, 1<<20))
			for i := range kept[len(kept)-1] {
				kept[len(kept)-1][i] = 1
			}
		}
		Parse(b)
	})
}

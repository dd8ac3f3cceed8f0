// Command oracle tells how Go itself reads corpus entries. The test that builds
// it adds the encoding.go of Go's internal/fuzz.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
)

// verdict has a twin in the test that runs this command.
type verdict struct {
	Types   []string
	Written []byte // the entry as Go writes it
	Err     string
}

func main() {
	var entries [][]byte
	if err := json.NewDecoder(os.Stdin).Decode(&entries); err != nil {
		log.Fatal(err)
	}
	verdicts := make([]verdict, len(entries))
	for i, entry := range entries {
		verdicts[i] = judge(entry)
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		log.Fatal(err)
	}
}

func judge(entry []byte) verdict {
	values, err := unmarshalCorpusFile(entry)
	if err != nil {
		return verdict{Err: err.Error()}
	}
	if len(values) == 0 {
		return verdict{Err: "no values"}
	}
	v := verdict{Written: marshalCorpusFile(values...)}
	for _, value := range values {
		v.Types = append(v.Types, fmt.Sprintf("%T", value))
	}
	return v
}

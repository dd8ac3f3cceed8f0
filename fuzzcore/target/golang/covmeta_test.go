package golang

import (
	"encoding/binary"
	"errors"
	"reflect"
	"testing"
)

// encodeMeta writes meta-data as the cover tool does.
func encodeMeta(p *coverPackage) []byte {
	texts := []string{p.path}
	number := func(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }
	var bodies [][]byte
	for _, f := range p.funcs {
		body := number(nil, uint32(len(f.blocks)))
		body = number(body, uint32(len(texts)))
		body = number(body, uint32(len(texts)+1))
		texts = append(texts, f.name, f.file)
		for _, u := range f.blocks {
			for _, v := range []uint32{u.startLine, u.startCol, u.endLine, u.endCol, u.stmts} {
				body = number(body, v)
			}
		}
		literal := uint32(0)
		if f.literal {
			literal = 1
		}
		bodies = append(bodies, number(body, literal))
	}
	table := number(nil, uint32(len(texts)))
	for _, s := range texts {
		table = append(number(table, uint32(len(s))), s...)
	}
	blob := make([]byte, metaHeaderSize)
	binary.LittleEndian.PutUint32(blob[40:], uint32(len(bodies)))
	at := metaHeaderSize + 4*len(bodies) + len(table)
	for _, b := range bodies {
		blob = binary.LittleEndian.AppendUint32(blob, uint32(at))
		at += len(b)
	}
	blob = append(blob, table...)
	for _, b := range bodies {
		blob = append(blob, b...)
	}
	binary.LittleEndian.PutUint32(blob, uint32(len(blob)))
	return blob
}

func testMeta() *coverPackage {
	return &coverPackage{path: "example.com/p", funcs: []coverFunc{
		{name: "F", file: "example.com/p/f.go", blocks: []coverBlock{{1, 2, 300, 4, 5}, {6, 7, 8, 9, 1}}},
		{name: "func.L1.C2", file: "example.com/p/g.go", literal: true, blocks: []coverBlock{}},
	}}
}

func TestDecodeMeta(t *testing.T) {
	got, err := decodeMeta(encodeMeta(testMeta()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, testMeta()) {
		t.Errorf("got\n%+v, want\n%+v", got, testMeta())
	}
}

func TestDecodeMetaRefusesEveryTruncation(t *testing.T) {
	whole := encodeMeta(testMeta())
	for n := range whole {
		cut := append([]byte(nil), whole[:n]...)
		if n >= 4 {
			binary.LittleEndian.PutUint32(cut, uint32(n))
		}
		if _, err := decodeMeta(cut); !errors.Is(err, errMeta) {
			t.Errorf("%d of %d bytes: error %v", n, len(whole), err)
		}
	}
}

func FuzzDecodeMeta(f *testing.F) {
	f.Add(encodeMeta(testMeta()))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, blob []byte) {
		p, err := decodeMeta(blob)
		if err == nil && p == nil {
			t.Fatal("neither a package nor an error")
		}
	})
}

package goruntime

import (
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// TestRingLayout checks that the overlay's copies of the ring's structs and
// constants are those of package abi, on each architecture.
func TestRingLayout(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		pkg := parseRing(t, arch)
		sizes := types.SizesFor("gc", arch)
		for name, want := range map[string]reflect.Type{
			"ringHeader":    reflect.TypeFor[abi.RingHeader](),
			"ringSlot":      reflect.TypeFor[abi.RingSlot](),
			"compareRecord": reflect.TypeFor[abi.Compare](),
		} {
			compareLayouts(t, arch+": "+name, sizes, pkg.Scope().Lookup(name).Type().Underlying().(*types.Struct), want)
		}
		for name, want := range map[string]uint64{
			"ringMagic": abi.RingMagic, "ringHeaderSize": abi.RingHeaderSize, "ringSlotSize": abi.RingSlotSize,
			"ringText": abi.RingText, "maxCompares": abi.MaxCompares, "compareText": abi.CompareText,
			"ringWantCounters": abi.RingWantCounters, "ringWantCompares": abi.RingWantCompares, "ringWantBlocks": abi.RingWantBlocks,
			"ringNew": abi.RingNew, "ringFailed": abi.RingFailed, "ringSkipped": abi.RingSkipped,
			"ringHello": uint64(abi.RingHello), "ringReady": uint64(abi.RingReady),
		} {
			if got, _ := constant.Uint64Val(pkg.Scope().Lookup(name).(*types.Const).Val()); got != want {
				t.Errorf("%s is %#x, want %#x", name, got, want)
			}
		}
		for name, want := range map[string]string{"ringEnv": abi.RingEnv, "describeEnv": abi.DescribeEnv} {
			if got := constant.StringVal(pkg.Scope().Lookup(name).(*types.Const).Val()); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	}
	if size := reflect.TypeFor[abi.Compare]().Size(); size != abi.CompareSize {
		t.Errorf("a Compare has %d bytes", size)
	}
	if size := reflect.TypeFor[abi.RingSlot]().Size(); size != abi.RingSlotSize {
		t.Errorf("a RingSlot has %d bytes", size)
	}
	if size := reflect.TypeFor[abi.RingHeader]().Size(); size > abi.RingHeaderSize {
		t.Errorf("a RingHeader has %d bytes", size)
	}
}

// TestRingCacheLines checks that what host and executor write lies apart.
func TestRingCacheLines(t *testing.T) {
	header := reflect.TypeFor[abi.RingHeader]()
	head, _ := header.FieldByName("Head")
	tail, _ := header.FieldByName("Tail")
	for name, offset := range map[string]uintptr{"Head": head.Offset, "Tail": tail.Offset, "the end": header.Size()} {
		if offset%128 != 0 {
			t.Errorf("%s is at %d, not a multiple of two cache lines", name, offset)
		}
	}
}

func parseRing(t *testing.T, arch string) *types.Package {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "_overlay/fuzz/zz_fuzzls_ring.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: importer.Default(), Sizes: types.SizesFor("gc", arch)}
	pkg, err := conf.Check("fuzz", files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func compareLayouts(t *testing.T, name string, sizes types.Sizes, got *types.Struct, want reflect.Type) {
	t.Helper()
	var fields []*types.Var
	for i := range got.NumFields() {
		fields = append(fields, got.Field(i))
	}
	if len(fields) != want.NumField() || uintptr(sizes.Sizeof(got)) != want.Size() {
		t.Errorf("%s has %d fields in %d bytes, want %d in %d", name, len(fields), sizes.Sizeof(got), want.NumField(), want.Size())
		return
	}
	for i, offset := range sizes.Offsetsof(fields) {
		f := want.Field(i)
		if fields[i].Name() != f.Name || uintptr(offset) != f.Offset || uintptr(sizes.Sizeof(fields[i].Type())) != f.Type.Size() {
			t.Errorf("%s: field %s is %d bytes at %d, want %s with %d at %d", name, fields[i].Name(), sizes.Sizeof(fields[i].Type()), offset, f.Name, f.Type.Size(), f.Offset)
		}
	}
}

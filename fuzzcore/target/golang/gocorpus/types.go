package gocorpus

import (
	"errors"
	"fmt"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file defines the types that the arguments of a fuzz test can have.

// goType is one type that testing.F.Fuzz accepts.
type goType struct {
	// name is the type's one name here. Where Go has two, it is the one that Go's
	// own writer prefers: byte for uint8, rune for int32.
	name  string
	field engine.Field
}

// goTypes holds the types that testing.F.Fuzz accepts, by all their names.
var goTypes = func() map[string]goType {
	m := map[string]goType{}
	add := func(f engine.Field, names ...string) {
		for _, name := range names {
			m[name] = goType{names[0], f}
		}
	}
	signed := func(bits uint8) engine.Field {
		return engine.Field{Kind: engine.Int, Bits: bits, Signed: true}
	}
	unsigned := func(bits uint8) engine.Field {
		return engine.Field{Kind: engine.Int, Bits: bits}
	}
	add(engine.Field{Kind: engine.Bytes}, "[]byte", "[]uint8")
	add(engine.Field{Kind: engine.Bytes, Text: true}, "string")
	add(unsigned(1), "bool")
	add(signed(8), "int8")
	add(signed(16), "int16")
	add(signed(32), "rune", "int32")
	add(signed(64), "int64")
	add(signed(64), "int")
	add(unsigned(8), "byte", "uint8")
	add(unsigned(16), "uint16")
	add(unsigned(32), "uint32")
	add(unsigned(64), "uint64")
	add(unsigned(64), "uint")
	add(engine.Field{Kind: engine.Float, Bits: 32}, "float32")
	add(engine.Field{Kind: engine.Float, Bits: 64}, "float64")
	return m
}()

// SchemaOf returns the schema of a fuzz test whose arguments after the
// *testing.T have the named types, such as "[]byte", "string" or "uint8". A
// field's UID is the argument's index. A type that testing.F.Fuzz does not accept
// is an error, and so is a fuzz test without arguments.
func SchemaOf(types []string) (engine.Schema, error) {
	args, err := arguments(types)
	if err != nil {
		return nil, err
	}
	schema := make(engine.Schema, len(args))
	for i, a := range args {
		schema[i] = a.field
		schema[i].UID = uint32(i)
	}
	return schema, nil
}

// arguments looks the named types up.
func arguments(types []string) ([]goType, error) {
	if len(types) == 0 {
		return nil, errors.New("the fuzz test takes no values: give the function passed to F.Fuzz an argument after its *testing.T")
	}
	args := make([]goType, len(types))
	for i, name := range types {
		t, ok := goTypes[name]
		if !ok {
			return nil, fmt.Errorf("argument %d of the fuzz test has the type %q: use []byte, string, bool, or a predeclared integer or float type", i+1, name)
		}
		args[i] = t
	}
	return args, nil
}

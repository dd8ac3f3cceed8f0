package fuzz

import (
	"encoding/binary"
	"reflect"
	"unsafe"
)

// This file converts between a fuzz test's arguments and a Smith stream: the
// values in order, numbers and booleans as 8 bytes little-endian (zero-extended),
// byte strings as a u32 little-endian length and the bytes. What a stream lacks
// at its end reads as zero.

// argument is one argument of a fuzz test, kept from run to run.
type argument struct {
	kind  reflect.Kind
	size  uintptr
	p     unsafe.Pointer // to the value
	value reflect.Value  // the value at p
}

func newArgument(t reflect.Type) argument {
	v := reflect.New(t)
	return argument{t.Kind(), t.Size(), v.UnsafePointer(), v.Elem()}
}

// set takes the argument from the front of stream and returns the rest. Bytes are
// always a fresh copy: the fuzz test may keep them.
func (a *argument) set(stream []byte) []byte {
	switch a.kind {
	case reflect.Slice:
		b, rest := takeBytes(stream)
		*(*[]byte)(a.p) = freshBytes(b)
		return rest
	case reflect.String:
		b, rest := takeBytes(stream)
		*(*string)(a.p) = string(b)
		return rest
	}
	n, rest := takeNumber(stream)
	if a.kind == reflect.Bool {
		n &= 1
	}
	switch a.size {
	case 1:
		*(*uint8)(a.p) = uint8(n)
	case 2:
		*(*uint16)(a.p) = uint16(n)
	case 4:
		*(*uint32)(a.p) = uint32(n)
	default:
		*(*uint64)(a.p) = n
	}
	return rest
}

// append appends the argument to stream.
func (a *argument) append(stream []byte) []byte {
	switch a.kind {
	case reflect.Slice:
		b := *(*[]byte)(a.p)
		return append(binary.LittleEndian.AppendUint32(stream, uint32(len(b))), b...)
	case reflect.String:
		s := *(*string)(a.p)
		return append(binary.LittleEndian.AppendUint32(stream, uint32(len(s))), s...)
	}
	var n uint64
	switch a.size {
	case 1:
		n = uint64(*(*uint8)(a.p))
	case 2:
		n = uint64(*(*uint16)(a.p))
	case 4:
		n = uint64(*(*uint32)(a.p))
	default:
		n = *(*uint64)(a.p)
	}
	return binary.LittleEndian.AppendUint64(stream, n)
}

// encodeValues returns the Smith stream of the values.
func encodeValues(values []any) []byte {
	stream := []byte{}
	for _, value := range values {
		a := newArgument(reflect.TypeOf(value))
		a.value.Set(reflect.ValueOf(value))
		stream = a.append(stream)
	}
	return stream
}

func takeNumber(stream []byte) (n uint64, rest []byte) {
	if len(stream) >= 8 {
		return binary.LittleEndian.Uint64(stream), stream[8:]
	}
	var b [8]byte
	copy(b[:], stream)
	return binary.LittleEndian.Uint64(b[:]), nil
}

func takeBytes(stream []byte) (b, rest []byte) {
	if len(stream) < 4 {
		return nil, nil
	}
	n := uint64(binary.LittleEndian.Uint32(stream))
	stream = stream[4:]
	if n > uint64(len(stream)) {
		n = uint64(len(stream))
	}
	return stream[:n], stream[n:]
}

// freshBytes returns a copy of b without spare capacity, never nil.
func freshBytes(b []byte) []byte {
	fresh := make([]byte, len(b))
	copy(fresh, b)
	return fresh
}

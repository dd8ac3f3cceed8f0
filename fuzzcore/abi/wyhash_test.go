package abi

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

func TestWyhashVectors(t *testing.T) {
	// The vectors of Zig's std/hash/wyhash.zig, and two more measured with Zig 0.16.0.
	for _, v := range []struct {
		seed uint64
		in   string
		want uint64
	}{
		{0, "", 0x0409638ee2bde459},
		{0, "a", 0x28d2053309d28531},
		{1, "a", 0xa8412d091b5fe0a9},
		{2, "abc", 0x32dd92e4b2915153},
		{3, "message digest", 0x8619124089a3a16b},
		{4, "abcdefghijklmnopqrstuvwxyz", 0x7a43afb61d7f5f40},
		{5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 0xff42329b90e50d58},
		{6, "12345678901234567890123456789012345678901234567890123456789012345678901234567890", 0xc39cab13b115aad3},
	} {
		if got := Wyhash(v.seed, []byte(v.in)); got != v.want {
			t.Errorf("Wyhash(%d, %q) = %016x, want %016x", v.seed, v.in, got, v.want)
		}
	}
}

// TestWyhashEveryLength computes SMHasher's verification code, which hashes
// every length from 0 to 255; Zig's own test has the same constant.
func TestWyhashEveryLength(t *testing.T) {
	var in [256]byte
	var all []byte
	for i := range in {
		in[i] = byte(i)
		all = binary.LittleEndian.AppendUint64(all, Wyhash(uint64(256-i), in[:i]))
	}
	if got := uint32(Wyhash(0, all)); got != 0xbd5e840c {
		t.Errorf("verification code %08x, want bd5e840c", got)
	}
}

func TestCoverageID(t *testing.T) {
	pcs := []uint64{0x1000, 0x1010, 0x1020}
	id := CoverageID(pcs)
	if id != 0x4d683265086d6bfe {
		t.Errorf("id %016x, want 4d683265086d6bfe", id)
	}
	if got := HexName(id); got != "fe6b6d086532684d" {
		t.Errorf("name %s, want fe6b6d086532684d", got)
	}
	// What Zig names the file of a build without instrumentation.
	if got := HexName(CoverageID(nil)); got != "59e4bde28e630904" {
		t.Errorf("name of no points %s, want 59e4bde28e630904", got)
	}
	// Zig names a test's corpus directory in the same way.
	for name, want := range map[string]string{
		"root.test.find magic": "bf1b26f0045d117d",
		"root.test.u32 magic":  "7aa768561cf01161",
		"root.test.u20 magic":  "6ea0ac8db222587d",
	} {
		if got := HexName(Wyhash(0, []byte(name))); got != want {
			t.Errorf("directory of %q is %s, want %s", name, got, want)
		}
	}
}

func TestCoverageIDEqualsWyhashOfBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var pcs []uint64
	for range 200 {
		var bytes []byte
		for _, pc := range pcs {
			bytes = binary.LittleEndian.AppendUint64(bytes, pc)
		}
		if got, want := CoverageID(pcs), Wyhash(0, bytes); got != want {
			t.Fatalf("%d points: CoverageID %016x, Wyhash %016x", len(pcs), got, want)
		}
		pcs = append(pcs, random.Uint64())
	}
}

func FuzzHexName(f *testing.F) {
	f.Add("fe6b6d086532684d")
	f.Add("FE6B6D086532684D")
	f.Add("")
	f.Fuzz(func(t *testing.T, name string) {
		id, err := ParseHexName(name)
		if err == nil && HexName(id) != name {
			t.Errorf("ParseHexName(%q) = %x, which is named %q", name, id, HexName(id))
		}
		if back, err := ParseHexName(HexName(id)); err != nil || back != id {
			t.Errorf("round trip of %x: %x, %v", id, back, err)
		}
	})
}

func BenchmarkCoverageID(b *testing.B) {
	pcs := make([]uint64, 1_000_000)
	for i := range pcs {
		pcs[i] = uint64(i) * 16
	}
	b.ReportAllocs()
	b.SetBytes(int64(8 * len(pcs)))
	for b.Loop() {
		CoverageID(pcs)
	}
}

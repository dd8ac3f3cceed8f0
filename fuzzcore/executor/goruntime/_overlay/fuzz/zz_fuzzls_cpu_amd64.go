package fuzz

import "internal/cpu"

// haveAVX2 tells whether judgeAVX2 can run here.
var haveAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

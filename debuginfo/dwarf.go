package debuginfo

// This file defines the numbers of the DWARF standard that this package uses.
// See DWARF 5, chapter 7; forms and attributes from 0x1f00 and 0x2100 on are
// GNU's for split DWARF before version 5 and for dwz.

// Unit types (DW_UT_…).
const (
	utCompile      = 0x01
	utType         = 0x02
	utPartial      = 0x03
	utSkeleton     = 0x04
	utSplitCompile = 0x05
	utSplitType    = 0x06
)

// Tags (DW_TAG_…) of the entries that this package tells apart.
const (
	tagClassType         = 0x02
	tagEntryPoint        = 0x03
	tagLexicalBlock      = 0x0b
	tagCompileUnit       = 0x11
	tagStructureType     = 0x13
	tagUnionType         = 0x17
	tagVariant           = 0x19
	tagCommonBlock       = 0x1a
	tagInlinedSubroutine = 0x1d
	tagModule            = 0x1e
	tagWithStmt          = 0x22
	tagCatchBlock        = 0x25
	tagSubprogram        = 0x2e
	tagTryBlock          = 0x32
	tagVariantPart       = 0x33
	tagInterfaceType     = 0x38
	tagNamespace         = 0x39
	tagPartialUnit       = 0x3c
	tagTypeUnit          = 0x41
	tagSkeletonUnit      = 0x4a
)

// Attributes (DW_AT_…).
const (
	atSibling         = 0x01
	atName            = 0x03
	atStmtList        = 0x10
	atLowPC           = 0x11
	atHighPC          = 0x12
	atCompDir         = 0x1b
	atProducer        = 0x25
	atAbstractOrigin  = 0x31
	atDeclFile        = 0x3a
	atDeclLine        = 0x3b
	atSpecification   = 0x47
	atEntryPC         = 0x52
	atRanges          = 0x55
	atCallColumn      = 0x57
	atCallFile        = 0x58
	atCallLine        = 0x59
	atLinkageName     = 0x6e
	atStrOffsetsBase  = 0x72
	atAddrBase        = 0x73
	atRnglistsBase    = 0x74
	atMIPSLinkageName = 0x2007
	atDwoName         = 0x76
	atGNUDwoName      = 0x2130
	atGNUDwoID        = 0x2131
	atGNURangesBase   = 0x2132
	atGNUAddrBase     = 0x2133
)

// Forms (DW_FORM_…).
const (
	formAddr          = 0x01
	formBlock2        = 0x03
	formBlock4        = 0x04
	formData2         = 0x05
	formData4         = 0x06
	formData8         = 0x07
	formString        = 0x08
	formBlock         = 0x09
	formBlock1        = 0x0a
	formData1         = 0x0b
	formFlag          = 0x0c
	formSdata         = 0x0d
	formStrp          = 0x0e
	formUdata         = 0x0f
	formRefAddr       = 0x10
	formRef1          = 0x11
	formRef2          = 0x12
	formRef4          = 0x13
	formRef8          = 0x14
	formRefUdata      = 0x15
	formIndirect      = 0x16
	formSecOffset     = 0x17
	formExprloc       = 0x18
	formFlagPresent   = 0x19
	formStrx          = 0x1a
	formAddrx         = 0x1b
	formRefSup4       = 0x1c
	formStrpSup       = 0x1d
	formData16        = 0x1e
	formLineStrp      = 0x1f
	formRefSig8       = 0x20
	formImplicitConst = 0x21
	formLoclistx      = 0x22
	formRnglistx      = 0x23
	formRefSup8       = 0x24
	formStrx1         = 0x25
	formStrx2         = 0x26
	formStrx3         = 0x27
	formStrx4         = 0x28
	formAddrx1        = 0x29
	formAddrx2        = 0x2a
	formAddrx3        = 0x2b
	formAddrx4        = 0x2c
	formGNUAddrIndex  = 0x1f01
	formGNUStrIndex   = 0x1f02
	formGNURefAlt     = 0x1f20
	formGNUStrpAlt    = 0x1f21
)

// Entries of a range list (DW_RLE_…).
const (
	rleEndOfList    = 0
	rleBaseAddressx = 1
	rleStartxEndx   = 2
	rleStartxLength = 3
	rleOffsetPair   = 4
	rleBaseAddress  = 5
	rleStartEnd     = 6
	rleStartLength  = 7
)

// Standard opcodes of line programs (DW_LNS_…).
const (
	lnsExtended         = 0 // starts an extended opcode
	lnsCopy             = 1
	lnsAdvancePC        = 2
	lnsAdvanceLine      = 3
	lnsSetFile          = 4
	lnsSetColumn        = 5
	lnsNegateStmt       = 6
	lnsSetBasicBlock    = 7
	lnsConstAddPC       = 8
	lnsFixedAdvancePC   = 9
	lnsSetPrologueEnd   = 10
	lnsSetEpilogueBegin = 11
	lnsSetISA           = 12
)

// Extended opcodes of line programs (DW_LNE_…).
const (
	lneEndSequence = 1
	lneSetAddress  = 2
)

// What a field of a file entry in a line table of version 5 holds (DW_LNCT_…).
const (
	lnctPath           = 1
	lnctDirectoryIndex = 2
)

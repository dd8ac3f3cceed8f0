//! gimli-peer MODE FILE ADDRESSES resolves addresses with addr2line and gimli.
//!
//! ADDRESSES is a file of little-endian 64-bit addresses, sorted. MODE is
//! `location` (find_location for each address), `range` (find_location_range once
//! over all), `frames` (find_frames for each), or `print`: as `frames`, with each
//! frame printed as "function file:line:column" and an empty line behind each
//! address. The other modes print how many addresses are known and how many frames
//! they have.

use addr2line::gimli::{DwarfSections, EndianSlice, LittleEndian, SectionId};
use object::{Object, ObjectSection};
use std::{borrow::Cow, env, error::Error, fs, io::Write};

type Reader<'a> = EndianSlice<'a, LittleEndian>;
type Context<'a> = addr2line::Context<Reader<'a>>;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, mode, file, addresses] = args.as_slice() else {
        return Err("usage: gimli-peer MODE FILE ADDRESSES".into());
    };
    let pcs: Vec<u64> = fs::read(addresses)?
        .chunks_exact(8)
        .map(|b| u64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    let file = fs::File::open(file)?;
    // Nobody changes the file while it is mapped.
    let map = unsafe { memmap2::Mmap::map(&file)? };
    let object = object::File::parse(&*map)?;
    let load = |id: SectionId| -> Result<Cow<[u8]>, object::Error> {
        match object.section_by_name(id.name()) {
            Some(section) => section.uncompressed_data(),
            None => Ok(Cow::Borrowed(&[])),
        }
    };
    let sections = DwarfSections::load(load)?;
    let context = Context::from_dwarf(sections.borrow(|s| EndianSlice::new(s, LittleEndian)))?;
    let (known, frames) = match mode.as_str() {
        "location" => (locations(&context, &pcs), 0),
        "range" => (ranges(&context, &pcs), 0),
        "frames" => frames(&context, &pcs),
        "print" => return print(&context, &pcs),
        _ => return Err("unknown mode".into()),
    };
    println!("{known} {frames}");
    Ok(())
}

fn locations(context: &Context, pcs: &[u64]) -> usize {
    let known = |pc: &&u64| {
        matches!(context.find_location(**pc), Ok(Some(l)) if l.file.is_some())
    };
    pcs.iter().filter(known).count()
}

fn ranges(context: &Context, pcs: &[u64]) -> usize {
    let (Some(first), Some(last)) = (pcs.first(), pcs.last()) else { return 0 };
    let Ok(found) = context.find_location_range(*first, last + 1) else { return 0 };
    let (mut known, mut i) = (0, 0);
    for (start, length, location) in found {
        while i < pcs.len() && pcs[i] < start {
            i += 1;
        }
        while i < pcs.len() && pcs[i] < start + length {
            known += location.file.is_some() as usize;
            i += 1;
        }
    }
    known
}

fn frames(context: &Context, pcs: &[u64]) -> (usize, usize) {
    let (mut known, mut count, mut letters) = (0, 0, 0);
    for &pc in pcs {
        let Ok(mut frames) = context.find_frames(pc).skip_all_loads() else { continue };
        let before = count;
        while let Ok(Some(frame)) = frames.next() {
            count += 1;
            if let Some(Ok(name)) = frame.function.as_ref().map(|f| f.raw_name()) {
                letters += name.len();
            }
        }
        known += (count > before) as usize;
    }
    std::hint::black_box(letters);
    (known, count)
}

fn print(context: &Context, pcs: &[u64]) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for &pc in pcs {
        if let Ok(mut frames) = context.find_frames(pc).skip_all_loads() {
            while let Ok(Some(frame)) = frames.next() {
                let name = match &frame.function {
                    Some(f) => f.raw_name().unwrap_or(Cow::Borrowed("??")),
                    None => Cow::Borrowed("??"),
                };
                let (mut file, mut line, mut column) = ("??", 0, 0);
                if let Some(l) = &frame.location {
                    file = l.file.unwrap_or("??");
                    line = l.line.unwrap_or(0);
                    column = l.column.unwrap_or(0);
                }
                writeln!(out, "{name}\n{file}:{line}:{column}")?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

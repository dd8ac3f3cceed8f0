//! gimli-peer MODE FILE ADDRESSES resolves addresses with addr2line and gimli.
//!
//! ADDRESSES is a file of sorted 64-bit addresses in the byte order of this machine.
//! MODE is `location` (find_location for each address, answers kept), `range`
//! (find_location_range once over all, answers kept), `frames` (find_frames for
//! each, answers counted), or `print`: as `frames`, with each frame printed as
//! "function file:line:column" and an empty line behind each address. With `-warm`
//! behind it a mode makes a second pass over the open file, which is what is measured.
//!
//! Modes but `print` print how many addresses are known, how many frames they have, and
//! the processor and wall time in nanoseconds from opening FILE to the last answer.

use addr2line::gimli::{DwarfSections, EndianSlice, LittleEndian, SectionId};
use object::{Object, ObjectSection};
use std::{borrow::Cow, env, error::Error, fs, io::Write, time::Instant};

type Reader<'a> = EndianSlice<'a, LittleEndian>;
type Context<'a> = addr2line::Context<Reader<'a>>;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, mode, file, addresses] = args.as_slice() else {
        return Err("usage: gimli-peer MODE FILE ADDRESSES".into());
    };
    // Nobody changes the files while they are mapped; mappings start at pages.
    let addresses = unsafe { memmap2::Mmap::map(&fs::File::open(addresses)?)? };
    let (_, pcs, _) = unsafe { addresses.align_to::<u64>() };
    let (mode, warm) = match mode.strip_suffix("-warm") {
        Some(mode) => (mode, true),
        None => (mode.as_str(), false),
    };
    let mut start = (processor_time()?, Instant::now());
    let map = unsafe { memmap2::Mmap::map(&fs::File::open(file)?)? };
    let object = object::File::parse(&*map)?;
    let load = |id: SectionId| -> Result<Cow<[u8]>, object::Error> {
        match object.section_by_name(id.name()) {
            Some(section) => section.uncompressed_data(),
            None => Ok(Cow::Borrowed(&[])),
        }
    };
    let sections = DwarfSections::load(load)?;
    let context = Context::from_dwarf(sections.borrow(|s| EndianSlice::new(s, LittleEndian)))?;
    let pass = || match mode {
        "location" => Ok((locations(&context, pcs), 0)),
        "range" => Ok((ranges(&context, pcs), 0)),
        "frames" => Ok(frames(&context, pcs)),
        _ => Err("unknown mode"),
    };
    if mode == "print" {
        return print(&context, pcs);
    }
    if warm {
        pass()?;
        start = (processor_time()?, Instant::now());
    }
    let (known, frames) = pass()?;
    let wall = start.1.elapsed().as_nanos();
    println!("{known} {frames} {} {wall}", processor_time()? - start.0);
    Ok(())
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

/// The processor time of this process in nanoseconds, on 64-bit Linux.
fn processor_time() -> Result<u64, Box<dyn Error>> {
    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
    let mut time = [0; 2]; // a timespec: seconds, nanoseconds
    if unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) } != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    Ok(time[0] as u64 * 1_000_000_000 + time[1] as u64)
}

fn locations(context: &Context, pcs: &[u64]) -> usize {
    let mut answers = Vec::with_capacity(pcs.len());
    for &pc in pcs {
        answers.push(match context.find_location(pc) {
            Ok(Some(l)) => (l.file, l.line.unwrap_or(0), l.column.unwrap_or(0)),
            _ => (None, 0, 0),
        });
    }
    answers.iter().filter(|a| a.0.is_some()).count()
}

fn ranges(context: &Context, pcs: &[u64]) -> usize {
    let (Some(first), Some(last)) = (pcs.first(), pcs.last()) else { return 0 };
    let Ok(found) = context.find_location_range(*first, last + 1) else { return 0 };
    let mut answers = Vec::with_capacity(pcs.len());
    for (start, length, l) in found {
        while answers.len() < pcs.len() && pcs[answers.len()] < start {
            answers.push((None, 0, 0));
        }
        while answers.len() < pcs.len() && pcs[answers.len()] < start + length {
            answers.push((l.file, l.line.unwrap_or(0), l.column.unwrap_or(0)));
        }
    }
    answers.iter().filter(|a| a.0.is_some()).count()
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

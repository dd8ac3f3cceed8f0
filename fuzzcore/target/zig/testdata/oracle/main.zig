//! Prints what Zig's own source index has for each point of a coverage file, in its order:
//! "directory/file:line:column", or "invalid". Arguments: executable, coverage file.

const std = @import("std");
const Coverage = std.debug.Coverage;
const SeenPcsHeader = std.Build.abi.fuzz.SeenPcsHeader;

const Point = struct { pc: u64, index: usize, location: Coverage.SourceLocation };

pub fn main(init: std.process.Init) !void {
    const gpa = init.gpa;
    const io = init.io;
    const args = try init.minimal.args.toSlice(init.arena.allocator());
    const text = try std.Io.Dir.cwd().readFileAllocOptions(io, args[2], init.arena.allocator(), .unlimited, .of(SeenPcsHeader), null);
    const header: *const SeenPcsHeader = @ptrCast(text.ptr);
    var points: std.MultiArrayList(Point) = .empty;
    for (header.pcAddrs(), 0..) |pc, i| try points.append(gpa, .{ .pc = pc, .index = i, .location = undefined });
    points.sort(struct {
        pcs: []const u64,
        pub fn lessThan(self: @This(), a: usize, b: usize) bool {
            return self.pcs[a] < self.pcs[b];
        }
    }{ .pcs = points.items(.pc) });

    var coverage: Coverage = .init;
    const path: std.Build.Cache.Path = .{ .root_dir = .cwd(), .sub_path = args[1] };
    var info = try std.debug.Info.load(gpa, io, path, &coverage, .elf, @import("builtin").cpu.arch);
    try info.resolveAddresses(gpa, io, points.items(.pc), points.items(.location));

    const locations = try gpa.alloc(Coverage.SourceLocation, points.len);
    for (points.items(.index), points.items(.location)) |i, location| locations[i] = location;
    var buffer: [4096]u8 = undefined;
    var out = std.Io.File.stdout().writer(io, &buffer);
    for (locations) |location| {
        if (location.file == .invalid) {
            try out.interface.writeAll("invalid\n");
            continue;
        }
        const file = coverage.fileAt(location.file);
        const directory = coverage.directories.keys()[file.directory_index];
        try out.interface.print("{s}/{s}:{d}:{d}\n", .{ coverage.stringAt(directory), coverage.stringAt(file.basename), location.line, location.column });
    }
    try out.interface.flush();
    std.process.exit(0); // nothing is worth giving back
}

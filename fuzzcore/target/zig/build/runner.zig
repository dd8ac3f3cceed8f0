//! A build runner for `zig build --build-runner`: it runs a project's build.zig and builds
//! the project's test executables in fuzz mode, as `zig build --fuzz` does before it fuzzes.
//! It runs no test.
//!
//! It takes -Dname=value as `zig build` does. Behind "--" it takes: the file to write its report to, the optimization mode that stands
//! for -Doptimize, and the root files of the test executables to build, absolute; without
//! any it only lists. The report is JSON: see `Report`. The exit code is 0 if a report was
//! written, whatever it says.

const std = @import("std");
const Build = std.Build;
const Io = std.Io;
const Step = Build.Step;

// The standard library looks for these in the root file of a build runner.
pub const root = @import("@build");
pub const dependencies = @import("@dependencies");

pub const std_options: std.Options = .{ .side_channels_mitigations = .none, .http_disable_tls = true };

const Report = struct {
    tests: []const Test,
};

/// A test executable.
const Test = struct {
    name: []const u8,
    /// Its root file, absolute; "" if a step of the build makes it.
    root: []const u8,
    optimize: []const u8,
    /// It has a test runner of its own, or is for another machine, and so cannot be fuzzed.
    custom_runner: bool,
    foreign: bool,
    /// Whether it was to be built, and the executable if that went well, absolute.
    built: bool = false,
    exe: []const u8 = "",
    /// The step that failed, with what the compiler or another tool said.
    failed_step: []const u8 = "",
    errors: []const Message = &.{},
    output: []const u8 = "",
};

/// What the compiler says of a place. Paths are as it has them, relative to the build's
/// working directory; line and column are 1-based, 0 if there is no place.
const Message = struct {
    file: []const u8,
    line: u32,
    column: u32,
    text: []const u8,
};

const Request = struct {
    report: []const u8,
    optimize: std.builtin.OptimizeMode,
    roots: []const []const u8,
};

pub fn main(init: std.process.Init.Minimal) !void {
    var gpa_state: std.heap.DebugAllocator(.{}) = .init;
    const gpa = gpa_state.allocator();
    var threaded: Io.Threaded = .init(gpa, .{ .environ = init.environ, .argv0 = .init(init.args) });
    defer threaded.deinit();
    const io = threaded.io();
    var arena_state: std.heap.ArenaAllocator = .init(std.heap.page_allocator);
    const arena = arena_state.allocator();

    const args = try init.args.toSlice(arena);
    if (args.len < 6) std.process.fatal("this is run by zig build", .{});
    const request = try parseRequest(args[6..]);

    const cwd: Io.Dir = .cwd();
    const global_cache: Build.Cache.Directory = .{ .path = args[5], .handle = try cwd.createDirPathOpen(io, args[5], .{}) };
    const local_cache: Build.Cache.Directory = .{ .path = args[4], .handle = try cwd.createDirPathOpen(io, args[4], .{}) };
    const build_root: Build.Cache.Directory = .{ .path = args[3], .handle = try cwd.openDir(io, args[3], .{}) };
    var graph: Build.Graph = .{
        .io = io,
        .arena = arena,
        .cache = .{
            .io = io,
            .gpa = gpa,
            .manifest_dir = try local_cache.handle.createDirPathOpen(io, "h", .{}),
            .cwd = try std.process.currentPathAlloc(io, arena),
        },
        .zig_exe = args[1],
        .zig_lib_directory = .{ .path = args[2], .handle = try cwd.openDir(io, args[2], .{}) },
        .environ_map = try init.environ.createMap(arena),
        .global_cache_root = global_cache,
        .host = .{ .query = .{}, .result = try std.zig.system.resolveTargetQuery(io, .{}) },
        .time_report = false,
    };
    graph.stderr_mode = .no_color;
    graph.cache.addPrefix(.{ .path = null, .handle = cwd });
    graph.cache.addPrefix(build_root);
    graph.cache.addPrefix(local_cache);
    graph.cache.addPrefix(global_cache);
    graph.cache.hash.addBytes(@import("builtin").zig_version_string);

    const b = try Build.create(&graph, build_root, local_cache, dependencies.root_deps);
    // What build.zig does not ask for is not used: nobody checks that the options exist.
    _ = try b.addUserInputOption("optimize", @tagName(request.optimize));
    if (request.optimize != .Debug) _ = try b.addUserInputFlag("release");
    for (args[6..]) |arg| {
        if (std.mem.eql(u8, arg, "--")) break;
        if (!std.mem.startsWith(u8, arg, "-D")) continue;
        const end = std.mem.indexOfScalar(u8, arg, '=') orelse continue;
        _ = try b.addUserInputOption(arg[2..end], arg[end + 1 ..]);
    }
    b.resolveInstallPrefix(b.pathJoin(&.{ args[4], "prefix" }), .{});
    try b.runBuild(root);
    if (graph.needed_lazy_dependencies.entries.len != 0) try askForPackages(&graph, local_cache, args[6..]);

    const compiles = try findTests(b, request.optimize);
    const progress = std.Progress.start(io, .{ .disable_printing = true });
    var tests: std.ArrayList(Test) = .empty;
    for (compiles) |compile| {
        var t = describe(compile, &graph);
        if (wanted(t, request.roots)) {
            try build(&t, compile, .{ .progress_node = progress, .watch = false, .web_server = null, .unit_test_timeout_ns = null, .gpa = gpa });
        }
        try tests.append(arena, t);
    }
    const report = try std.json.Stringify.valueAlloc(arena, Report{ .tests = tests.items }, .{});
    try cwd.writeFile(io, .{ .sub_path = request.report, .data = report });
}

/// Reads what is behind "--" in the arguments.
fn parseRequest(args: []const [:0]const u8) !Request {
    for (args, 0..) |arg, i| {
        if (!std.mem.eql(u8, arg, "--")) continue;
        const own = args[i + 1 ..];
        if (own.len < 2) break;
        const optimize = std.meta.stringToEnum(std.builtin.OptimizeMode, own[1]) orelse break;
        return .{ .report = own[0], .optimize = optimize, .roots = @ptrCast(own[2..]) };
    }
    std.process.fatal("expected: -- report optimize [root file]...", .{});
}

/// Tells `zig build` which packages it has to fetch first. It does, and starts this again.
fn askForPackages(graph: *Build.Graph, local_cache: Build.Cache.Directory, args: []const [:0]const u8) !noreturn {
    const nonce = for (args) |arg| {
        if (std.mem.startsWith(u8, arg, "-Z")) break arg[2..];
    } else std.process.fatal("zig build passed no -Z", .{});
    var names: std.ArrayList(u8) = .empty;
    for (graph.needed_lazy_dependencies.keys()) |name| {
        try names.appendSlice(graph.arena, name);
        try names.append(graph.arena, '\n');
    }
    const path = try std.fs.path.join(graph.arena, &.{ "tmp", nonce });
    try local_cache.handle.writeFile(graph.io, .{ .sub_path = path, .data = names.items, .flags = .{ .exclusive = true } });
    std.process.exit(3);
}

/// Returns the test executables of all steps, those of the step "test" first, each once,
/// and makes them such that they can be fuzzed.
fn findTests(b: *Build, optimize: std.builtin.OptimizeMode) ![]const *Step.Compile {
    const arena = b.graph.arena;
    var steps: std.AutoArrayHashMapUnmanaged(*Step, void) = .empty;
    if (b.top_level_steps.get("test")) |t| try steps.put(arena, &t.step, {});
    var i: usize = 0;
    while (true) : (i += 1) {
        if (i == steps.count()) { // all that is below "test" is there
            for (b.top_level_steps.values()) |t| try steps.put(arena, &t.step, {});
            if (i == steps.count()) break;
        }
        const step = steps.keys()[i];
        if (step.cast(Step.Compile)) |compile| addModuleSteps(compile);
        for (step.dependencies.items) |other| try steps.put(arena, other, {});
    }
    var tests: std.ArrayList(*Step.Compile) = .empty;
    for (steps.keys()) |step| {
        const compile = step.cast(Step.Compile) orelse continue;
        if (compile.kind != .@"test") continue;
        try tests.append(arena, compile);
        prepareForFuzzing(compile, optimize);
    }
    return tests.items;
}

/// The coverage counters are those of the LLVM backend. The test runner of Zig 0.16 does
/// not compile in fuzz mode with traces of errors, which are on in Debug.
fn prepareForFuzzing(compile: *Step.Compile, optimize: std.builtin.OptimizeMode) void {
    compile.use_llvm = true;
    _ = compile.getEmittedBin(); // or nothing is written where the project only compiles it
    const own = compile.root_module;
    if (own.optimize == null) own.optimize = optimize;
    own.strip = false;
    if (own.optimize == .Debug or own.error_tracing == true) {
        for (own.getGraph().modules) |module| module.error_tracing = false;
    }
}

/// Makes the steps that make the files of the modules of an executable its dependencies:
/// build.zig declares modules, and leaves that to the build runner.
fn addModuleSteps(compile: *Step.Compile) void {
    const step = &compile.step;
    for (compile.root_module.getGraph().modules) |module| {
        if (module.root_source_file) |path| path.addStepDependencies(step);
        for (module.include_dirs.items) |dir| switch (dir) {
            .other_step => |other| {
                other.getEmittedIncludeTree().addStepDependencies(step);
                step.dependOn(&other.step);
            },
            .config_header_step => |other| step.dependOn(&other.step),
            inline else => |path| path.addStepDependencies(step),
        };
        for (module.lib_paths.items) |path| path.addStepDependencies(step);
        for (module.rpaths.items) |rpath| switch (rpath) {
            .lazy_path => |path| path.addStepDependencies(step),
            .special => {},
        };
        for (module.link_objects.items) |object| switch (object) {
            .static_path, .assembly_file => |path| path.addStepDependencies(step),
            .other_step => |other| step.dependOn(&other.step),
            .c_source_file => |source| source.file.addStepDependencies(step),
            .c_source_files => |sources| sources.root.addStepDependencies(step),
            .win32_resource_file => |resource| resource.file.addStepDependencies(step),
            .system_lib => {},
        };
    }
}

fn describe(compile: *Step.Compile, graph: *Build.Graph) Test {
    const module = compile.root_module;
    const b = compile.step.owner;
    const is_source = if (module.root_source_file) |path| path != .generated else false;
    const target = if (module.resolved_target) |t| t.result else graph.host.result;
    return .{
        .name = compile.name,
        .root = if (is_source) b.pathResolve(&.{ graph.cache.cwd, module.root_source_file.?.getPath2(b, null) }) else "",
        .optimize = @tagName(module.optimize.?),
        .custom_runner = compile.test_runner != null,
        .foreign = target.os.tag != graph.host.result.os.tag or target.cpu.arch != graph.host.result.cpu.arch,
    };
}

fn wanted(t: Test, roots: []const []const u8) bool {
    if (t.custom_runner or t.foreign) return false;
    for (roots) |path| {
        if (std.mem.eql(u8, path, t.root)) return true;
    }
    return false;
}

/// Builds an executable and notes in t how it went.
fn build(t: *Test, compile: *Step.Compile, options: Step.MakeOptions) !void {
    const b = compile.step.owner;
    t.built = true;
    for (compile.step.dependencies.items) |step| {
        if (make(step, options)) |failed| return note(t, failed);
    }
    const dir = compile.rebuildInFuzzMode(options.gpa, options.progress_node) catch |err| {
        if (err != error.MakeFailed) try compile.step.addError("{t}", .{err});
        return note(t, &compile.step);
    };
    const path = b.fmt("{f}", .{try dir.join(b.allocator, compile.out_filename)});
    t.exe = b.pathResolve(&.{ b.graph.cache.cwd, path });
}

/// Makes a step and, before it, those that it depends on. Returns the step that failed.
fn make(step: *Step, options: Step.MakeOptions) ?*Step {
    switch (step.state) {
        .success, .skipped => return null,
        .precheck_unstarted => {},
        .precheck_started => {
            step.addError("it depends on itself", .{}) catch @panic("OOM");
            return step;
        },
        else => return step,
    }
    step.state = .precheck_started;
    for (step.dependencies.items) |other| {
        if (make(other, options)) |failed| {
            step.state = .dependency_failure;
            return failed;
        }
    }
    step.state = .success;
    step.make(options) catch |err| {
        step.state = if (err == error.MakeSkipped) .skipped else .failure;
    };
    return if (step.state == .failure) step else null;
}

/// Notes what a step that failed has said.
fn note(t: *Test, step: *Step) !void {
    const arena = step.owner.graph.arena;
    t.failed_step = step.name;
    var errors: std.ArrayList(Message) = .empty;
    const bundle = step.result_error_bundle;
    if (bundle.errorMessageCount() > 0) {
        for (bundle.getMessages()) |index| try errors.append(arena, try message(arena, bundle, index));
    }
    t.errors = errors.items;
    var output: std.ArrayList(u8) = .empty;
    for (step.result_error_msgs.items) |text| {
        try output.appendSlice(arena, text);
        try output.append(arena, '\n');
    }
    try output.appendSlice(arena, step.result_stderr);
    t.output = output.items;
}

/// Returns a message of the compiler. Its notes are lines of its text.
fn message(arena: std.mem.Allocator, bundle: std.zig.ErrorBundle, index: std.zig.ErrorBundle.MessageIndex) !Message {
    const m = bundle.getErrorMessage(index);
    var text: std.ArrayList(u8) = .empty;
    try text.appendSlice(arena, bundle.nullTerminatedString(m.msg));
    for (bundle.getNotes(index)) |i| {
        const n = try message(arena, bundle, i);
        if (n.line == 0) {
            try text.appendSlice(arena, try std.fmt.allocPrint(arena, "\nnote: {s}", .{n.text}));
        } else {
            try text.appendSlice(arena, try std.fmt.allocPrint(arena, "\n{s}:{d}:{d}: note: {s}", .{ n.file, n.line, n.column, n.text }));
        }
    }
    if (m.src_loc == .none) return .{ .file = "", .line = 0, .column = 0, .text = text.items };
    const place = bundle.getSourceLocation(m.src_loc);
    return .{ .file = bundle.nullTerminatedString(place.src_path), .line = place.line + 1, .column = place.column + 1, .text = text.items };
}

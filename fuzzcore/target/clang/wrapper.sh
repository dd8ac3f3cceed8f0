#!/bin/sh
# Stands for the compiler while fuzzls builds a fuzz test: it adds instrumentation to what
# is compiled and the library of fuzzls to the executables that are linked. What a
# project's own build files say about fuzzing (-fsanitize=fuzzer, -lFuzzingEngine) is left
# out, and so are sanitizers that are chosen by fuzzls's settings. fuzzls writes this file.
compiler=@compiler@
library=@library@
cflags=@cflags@
ldflags=@ldflags@
lto=@lto@

# without_ours puts the sanitizers of a list, less those of fuzzls, into $kept.
without_ours() {
	kept=
	rest=$1,
	while [ -n "$rest" ]; do
		item=${rest%%,*}
		rest=${rest#*,}
		case $item in
		fuzzer | fuzzer-no-link | address | memory | thread | leak | hwaddress | '') ;;
		*) kept=$kept${kept:+,}$item ;;
		esac
	done
}

linking=yes
uselto=
optimized=
for arg; do
	shift
	case $arg in
	-c | -S | -E | -M | -MM | -fsyntax-only | -shared | -r | -Wl,-r | --version | -dumpversion | -dumpmachine | -print-* | --print-*)
		linking= ;;
	-fsanitize=*)
		without_ours "${arg#-fsanitize=}"
		[ -n "$kept" ] || continue
		arg=-fsanitize=$kept ;;
	-fsanitize-coverage=* | -lFuzzingEngine | -lFuzzer | -Wl,-z,defs | -Wl,-zdefs | -Wl,--no-undefined | -Werror)
		continue ;;
	-flto | -flto=*)
		uselto=$lto ;;
	-O0)
		continue ;;
	-O*)
		optimized=yes ;;
	esac
	set -- "$@" "$arg"
done
# Of a copy of the sources, the paths of the originals are written down.
if [ -n "${FUZZLS_PREFIX_MAP:-}" ]; then
	set -- "$@" "-ffile-prefix-map=$FUZZLS_PREFIX_MAP"
fi
[ -n "$optimized" ] || cflags="-O1 $cflags"
# The flags hold no spaces of their own.
if [ -n "$linking" ]; then
	exec "$compiler" "$@" $cflags $uselto $ldflags "$library"
fi
exec "$compiler" "$@" $cflags

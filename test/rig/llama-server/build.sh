#!/bin/sh
# Builds a real llama-server for CPUs from a source package and leaves one static program: OUT/llama-server.
# The source is the llama.cpp that the PyPI package llama-cpp-python carries in its sdist.
# usage: build.sh OUT     (a folder of the caller's cache; the work folder beside it is removed at the end)
set -eu

VERSION=0.3.36
SHA256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e

out=$1
work=$out.work
rm -rf "$work"
mkdir -p "$work" "$out"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

need() {
  command -v "$1" >/dev/null || missing="${missing:-} $2"
}
need cmake cmake
need g++ g++
need make make
need pip3 python3-pip
if [ -n "${missing:-}" ]; then
  echo "llama-server needs packages to be built:$missing" >&2
  exit 69
fi

pip3 download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python \
  --dest "$work" "llama-cpp-python==$VERSION"
echo "$SHA256  $work/llama_cpp_python-$VERSION.tar.gz" | sha256sum --check --quiet
tar -xzf "$work/llama_cpp_python-$VERSION.tar.gz" -C "$work"

# Static, so that it runs in any image; no OpenMP, curl or TLS, which a loopback engine does not need.
# GGML_NATIVE=OFF: AVX2 and FMA, which every x86-64 of the last decade has, and nothing of this machine alone.
cmake -S "$work/llama_cpp_python-$VERSION/vendor/llama.cpp" -B "$work/build" \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-O2 -DNDEBUG' -DCMAKE_C_FLAGS_RELEASE='-O2 -DNDEBUG' \
  -DCMAKE_EXE_LINKER_FLAGS=-static -DBUILD_SHARED_LIBS=OFF \
  -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAMA_OPENSSL=OFF \
  -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
  -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF
cmake --build "$work/build" --target llama-server --parallel "${BERTH_RIG_JOBS:-2}"

strip -o "$out/llama-server.new" "$work/build/bin/llama-server"
"$out/llama-server.new" --version
mv "$out/llama-server.new" "$out/llama-server"

// zlib: inflate and deflate with the gzip header.

#pragma once
#include <zlib.h>

// zlib's initialisers are macros that pass the size of z_stream. 31 = 15 window bits + gzip header.
static inline int usher_inflateInit_gzip(z_stream *stream) { return inflateInit2(stream, 31); }
static inline int usher_deflateInit_gzip(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
}

// The decoders behind DecodeImage, one per file format, and what they share. Used inside the module
// only.
//
// All take a whole file's bytes, write RGB into `image` (its storage is reused) and throw
// Error(kInput), prefixed with `name`, for a file that is damaged, truncated, larger than
// kMaxImagePixels, or of an unsupported variety. None rotates. Thread-safe; nothing is printed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "reidbench/imaging/image.h"

namespace reidbench {

// libjpeg-turbo with its default settings, as Pillow uses it. Stricter than Pillow: lost
// entropy-coded data is an error even where an end-of-image marker follows. Refused: arithmetic
// coding, 2 components, more than 8 bits a sample.
void DecodeJpeg(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image);

// libpng. All colour types and depths; alpha and tRNS are dropped as by convert('RGB'); 16-bit grey
// is clipped to 255, 16-bit colour keeps the high byte (both as Pillow). A wrong checksum anywhere
// is an error.
void DecodePng(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image);

// Uncompressed Windows and OS/2 bitmaps of 1, 4, 8, 16, 24 and 32 bits a pixel. Refused: run-length
// coding.
void DecodeBmp(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image);

// First page of an 8-bit grey, palette, RGB or RGBA strip TIFF, uncompressed or LZW, Deflate,
// PackBits. Refused: the rest.
void DecodeTiff(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image);

// libwebp, lossy and lossless, alpha dropped. Refused: animations.
void DecodeWebp(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image);

// PBM's grey and colour siblings, PGM and PPM, as text (P2, P3) and binary (P5, P6), of up to 16
// bits a sample; samples of another maximum than 255 are scaled to it, rounded. Refused: PBM, PAM.
void DecodePnm(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image);

// Throws Error(kInput) when a header declares an empty image or more than kMaxImagePixels; to be
// called before allocating.
void RequireSaneSize(uint64_t width, uint64_t height, std::string_view name);

// Throws Error(kInput) when `file_bytes` bytes cannot hold `raw_bytes` of samples even at the
// format's best compression ratio: a header that lies must not make us allocate.
void RequireEnoughBytes(uint64_t file_bytes, uint64_t raw_bytes, uint64_t best_ratio,
                        std::string_view name);

// A table of 256 RGB colours in which value v is grey v, as Pillow has it before it reads a
// palette: a sample beyond the end of a short palette keeps that grey.
using ColorTable = std::array<std::array<uint8_t, 3>, 256>;
ColorTable GreyRamp();

// Makes `image` width x height, contents unspecified.
void AllocateImage(int width, int height, RgbImage* image);

}  // namespace reidbench

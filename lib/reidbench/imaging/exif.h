// The EXIF orientation tag: finding it in a file without decoding the picture, and undoing it.
// Exif 2.32 (CIPA DC-008), tag 0x0112; the transformations are those of Pillow's
// ImageOps.exif_transpose.
#pragma once

#include <cstdint>
#include <span>

#include "reidbench/imaging/image.h"

namespace reidbench {

// Value 1..8 of the orientation tag in a JPEG (first APP1 "Exif" segment), PNG (eXIf) or WebP
// (EXIF) file; 1, "upright", when there is none or it is malformed. Never throws and never reads
// outside `file_bytes`.
int FindExifOrientation(std::span<const uint8_t> file_bytes);

// Turns a picture stored with `orientation` upright: 2 mirrored left-right, 3 turned by 180
// degrees, 4 mirrored top-bottom, 5 transposed, 6 needs 90 degrees clockwise, 7 transversed, 8
// needs 90 degrees counter-clockwise. Others: unchanged.
void ApplyOrientation(int orientation, RgbImage* image);

}  // namespace reidbench

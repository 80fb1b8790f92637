#!/usr/bin/env python3
"""Makes the images of this folder that golden/preprocess does not have, and expected.csv for all of them.

Needs Pillow 9.4.0, numpy and torch (Debian 12: python3-pil, python3-numpy, python3-torch). Run inside this folder. The JPEGs
that Pillow cannot write (jpg_ycck, jpg_cmyk_no_adobe, jpg_rgb_colorspace, jpg_restart, jpg_two_components) were written with
libjpeg and are only read here, as are the images of golden/preprocess.

expected.csv: name, width, height and SHA-256 of
  rgb           Image.open(name).convert("RGB")
  rgb_exif      the same after ImageOps.exif_transpose
  bilinear8     rgb resized to 128x256 (width x height), uint8 [256,128,3]
  bicubic8      the same with BICUBIC
  chw           torchreid: bilinear8 / 255, minus mean, over std, float32 [3,256,128]
  chw_fastreid  fast-reid: bicubic of rgb_exif, (x - 255 mean) / (255 std) with the constants in double, then float32
"""
import csv
import glob
import hashlib
import io
import struct
import zlib

import numpy as np
import torch
from PIL import Image, ImageOps

RNG = np.random.default_rng(1)


def picture(height, width, channels):
    """A smooth pattern with some noise, uint8."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return ((x * (5 + c) + y * (7 - c) + 40 * c + RNG.integers(0, 24, x.shape)) % 256).astype(np.uint8)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(samples, depth):
    """[h, w, c] samples -> PNG rows of filter type 0."""
    rows = []
    for row in samples:
        if depth == 16:
            data = row.astype(">u2").tobytes()
        elif depth == 8:
            data = row.astype(np.uint8).tobytes()
        else:
            bits = (row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1
            data = np.packbits(bits.reshape(-1)).tobytes()
        rows.append(b"\0" + data)
    return b"".join(rows)


def write_png(name, samples, depth, color, interlace=0, extra=()):
    samples = np.asarray(samples)
    if samples.ndim == 2:
        samples = samples[:, :, None]
    height, width = samples.shape[:2]
    if interlace:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [samples[y0::dy, x0::dx] for y0, x0, dy, dx in passes]
        data = b"".join(pack_rows(p, depth) for p in parts if p.size)
    else:
        data = pack_rows(samples, depth)
    out = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))
    for kind, payload in extra:
        out += png_chunk(kind, payload)
    out += png_chunk(b"IDAT", zlib.compress(data, 9)) + png_chunk(b"IEND", b"")
    open(name, "wb").write(out)


def write_bmp(name, rows, width, height, bits, compression=0, masks=b"", palette=b"", core=False, top_down=False):
    stride = (width * bits + 31) // 32 * 4
    data = b"".join(r.ljust(stride, b"\0") for r in (rows if top_down else rows[::-1]))
    if core:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
        entry = 3
    else:
        header = struct.pack("<IiiHHIIiiII", 40, width, -height if top_down else height, 1, bits, compression, len(data),
                             2835, 2835, len(palette) // 4, 0)
        entry = 4
    assert len(palette) % entry == 0
    offset = 14 + len(header) + len(masks) + len(palette)
    open(name, "wb").write(b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + header + masks + palette + data)


def exif_block(orientation, big_endian):
    order = ">" if big_endian else "<"
    return ((b"MM\0*" if big_endian else b"II*\0") + struct.pack(order + "I", 8) + struct.pack(order + "H", 2)
            + struct.pack(order + "HHI4s", 0x010F, 2, 4, b"abc\0")
            + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack(order + "I", 0))


def make_images():
    rgb = picture(29, 37, 3)
    rgba = picture(29, 37, 4)
    grey = picture(29, 37, 1)[:, :, 0]
    wide = RNG.integers(0, 65536, (29, 37, 4))
    palette = RNG.integers(0, 256, 768).astype(np.uint8).tobytes()
    write_png("png_gray1.png", grey >> 7, 1, 0)
    write_png("png_gray2.png", grey >> 6, 2, 0)
    write_png("png_gray4.png", grey >> 4, 4, 0)
    write_png("png_gray_trns.png", grey, 8, 0, extra=[(b"tRNS", struct.pack(">H", int(grey[3, 3])))])
    write_png("png_gray16_trns.png", wide[:, :, 0] >> 7, 16, 0, extra=[(b"tRNS", struct.pack(">H", 7))])
    write_png("png_gray16_small.png", wide[:, :, 0] >> 7, 16, 0)
    write_png("png_la.png", rgba[:, :, :2], 8, 4)
    write_png("png_la16.png", wide[:, :, :2], 16, 4)
    write_png("png_rgb16.png", wide[:, :, :3], 16, 2)
    write_png("png_rgba16.png", wide, 16, 6)
    write_png("png_rgb_trns.png", rgb, 8, 2, extra=[(b"tRNS", struct.pack(">HHH", *map(int, rgb[2, 2])))])
    write_png("png_palette1.png", grey >> 7, 1, 3, extra=[(b"PLTE", palette[:6])])
    write_png("png_palette2.png", grey >> 6, 2, 3, extra=[(b"PLTE", palette[:12])])
    write_png("png_palette4.png", grey >> 4, 4, 3, extra=[(b"PLTE", palette[:48])])
    write_png("png_palette_trns.png", grey, 8, 3, extra=[(b"PLTE", palette), (b"tRNS", bytes(range(0, 250)))])
    write_png("png_palette_short.png", grey, 8, 3, extra=[(b"PLTE", palette[:300])])
    write_png("png_interlaced_rgb.png", rgb, 8, 2, interlace=1)
    write_png("png_interlaced_gray16.png", wide[:, :, 0] >> 6, 16, 0, interlace=1)
    write_png("png_interlaced_palette2.png", grey >> 6, 2, 3, interlace=1, extra=[(b"PLTE", palette[:12])])
    write_png("png_interlaced_1x1.png", rgb[:1, :1], 8, 2, interlace=1)
    write_png("png_gamma_profile.png", rgb, 8, 2,
              extra=[(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0"), (b"tEXt", b"Comment\0text")])
    write_png("png_exif6.png", rgb, 8, 2, extra=[(b"eXIf", exif_block(6, True))])

    quads = np.frombuffer(palette, np.uint8).reshape(256, 3)
    quads = np.concatenate([quads, np.zeros((256, 1), np.uint8)], axis=1).tobytes()
    bgr = [row[:, ::-1].tobytes() for row in rgb]
    words = [row.astype("<u2").tobytes() for row in wide[:, :, 0]]
    longs = [row.tobytes() for row in rgba]
    write_bmp("bmp_8.bmp", [r.tobytes() for r in grey], 37, 29, 8, palette=quads)
    write_bmp("bmp_8_short.bmp", [r.tobytes() for r in grey], 37, 29, 8, palette=quads[:400])
    write_bmp("bmp_4.bmp", [pack_rows((r >> 4)[None, :, None], 4)[1:] for r in grey], 37, 29, 4, palette=quads[:64])
    write_bmp("bmp_1.bmp", [pack_rows((r >> 7)[None, :, None], 1)[1:] for r in grey], 37, 29, 1, palette=quads[:8])
    write_bmp("bmp_os2.bmp", bgr, 37, 29, 24, core=True)
    write_bmp("bmp_top_down.bmp", bgr, 37, 29, 24, top_down=True)
    write_bmp("bmp_16.bmp", words, 37, 29, 16)
    write_bmp("bmp_565.bmp", words, 37, 29, 16, compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    write_bmp("bmp_32.bmp", longs, 37, 29, 32)
    write_bmp("bmp_32_masks.bmp", longs, 37, 29, 32, compression=3,
              masks=struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00))

    for kind, mode in ((rgb, "RGB"), (rgba, "RGBA"), (grey, "L")):
        for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            if mode == "RGB" or compression == "raw":
                name = f"tiff_{mode.lower()}_{compression.replace('tiff_', '')}.tif"
                Image.fromarray(kind, mode).save(name, compression=compression)
    Image.fromarray(rgb).quantize(17).save("tiff_palette.tif")
    Image.fromarray(grey).save("tiff_white_is_zero.tif", tiffinfo={262: 0})

    Image.fromarray(rgb).save("webp_lossy.webp", quality=70)
    Image.fromarray(rgb).save("webp_lossless.webp", lossless=True)
    Image.fromarray(rgba).save("webp_alpha.webp", quality=70)
    Image.fromarray(rgba).save("webp_alpha_lossless.webp", lossless=True, exact=True)
    Image.fromarray(rgb).save("webp_exif8.webp", lossless=True, exif=b"Exif\0\0" + exif_block(8, False))

    for orientation in range(0, 10):
        Image.fromarray(picture(11, 18, 3)).save(f"exif_{orientation}.jpg", quality=90,
                                                 exif=b"Exif\0\0" + exif_block(orientation, orientation % 2 == 1))
    Image.fromarray(rgb).save("jpg_422.jpg", subsampling=1, quality=85)
    Image.fromarray(rgb).save("jpg_optimized_q100.jpg", subsampling=2, quality=100, optimize=True)


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def expected(name):
    image = Image.open(name)
    rgb = image.convert("RGB")
    upright = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    bilinear = np.asarray(rgb.resize((128, 256), Image.Resampling.BILINEAR))
    bicubic = np.asarray(rgb.resize((128, 256), Image.Resampling.BICUBIC))
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def planes(array):
        return torch.from_numpy(array.copy()).permute(2, 0, 1).contiguous().float()

    def channels(values):
        return torch.tensor(values, dtype=torch.float32).view(3, 1, 1)

    chw = planes(bilinear).div(255).sub(channels(mean)).div(channels(std))
    fast = planes(np.asarray(upright.resize((128, 256), Image.Resampling.BICUBIC)))
    fast = fast.sub(channels([255 * m for m in mean])).div(channels([255 * s for s in std]))
    return [name, rgb.width, rgb.height, digest(np.asarray(rgb)), digest(np.asarray(upright)), digest(bilinear),
            digest(bicubic), digest(chw.numpy()), digest(fast.numpy())]


def main():
    make_images()
    names = sorted(n for pattern in ("*.jpg", "*.png", "*.bmp", "*.tif", "*.webp") for n in glob.glob(pattern))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "width", "height", "rgb", "rgb_exif", "bilinear8", "bicubic8", "chw", "chw_fastreid"])
    for name in names:
        try:
            row = expected(name)
        except Exception as error:  # what Pillow refuses has no expected value
            print(f"{name}: {error!r}")
            continue
        writer.writerow(row)
    open("expected.csv", "w").write(text.getvalue())


if __name__ == "__main__":
    main()

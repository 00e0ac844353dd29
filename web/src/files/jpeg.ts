/** Exif of a JPEG: taken out, made to fit the new picture, and put into another one. */

export interface Segment {
  readonly marker: number;
  readonly body: Uint8Array;
}

const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif", two zeros
const SCAN = 0xda; // from here on there are pixels

/** The segments before the pixels. */
export function* jpegSegments(bytes: Uint8Array): Generator<Segment> {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1; // filling
      continue;
    }
    if (marker === SCAN) return;
    const length = bytes[at + 2] * 256 + bytes[at + 3];
    yield { marker, body: bytes.subarray(at + 4, at + 2 + length) };
    at += 2 + length;
  }
}

/** The block behind the word Exif, from its TIFF header on; undefined for other segments. */
export function exifOf(body: Uint8Array): Uint8Array | undefined {
  return EXIF.every((byte, i) => body[i] === byte) ? body.slice(EXIF.length) : undefined;
}

const ORIENTATION = 0x0112;
const EXIF_TABLE = 0x8769;
const COLOUR_SPACE = 0xa001;
const WIDTH = 0xa002;
const HEIGHT = 0xa003;
const SHORT = 3;
const SRGB = 1;

/**
 * A copy of an Exif block for an upright picture of this size in sRGB, without its thumbnail,
 * which shows the rain. Undefined where it cannot be read.
 */
export function upright(exif: Uint8Array, width: number, height: number): Uint8Array | undefined {
  const copy = exif.slice();
  const view = new DataView(copy.buffer);
  const little = copy[0] === 0x49;
  const put = (at: number, value: number): void => {
    if (view.getUint16(at + 2, little) === SHORT) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  };
  const table = (from: number): void => {
    const count = view.getUint16(from, little);
    for (let at = from + 2; at < from + 2 + 12 * count; at += 12) {
      const tag = view.getUint16(at, little);
      if (tag === ORIENTATION) put(at, 1);
      if (tag === COLOUR_SPACE) put(at, SRGB);
      if (tag === WIDTH) put(at, width);
      if (tag === HEIGHT) put(at, height);
      if (tag === EXIF_TABLE) table(view.getUint32(at + 8, little));
    }
  };
  try {
    const first = view.getUint32(4, little);
    table(first);
    const next = first + 2 + 12 * view.getUint16(first, little);
    view.setUint32(next, 0, little); // the table of the thumbnail
    return copy;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // damaged: points outside
    throw error;
  }
}

/** A JPEG file with an Exif block as its first segment. */
export function withExif(jpeg: Uint8Array, exif: Uint8Array): Uint8Array[] {
  const length = 2 + EXIF.length + exif.length;
  const head = new Uint8Array([0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 0xff, ...EXIF]);
  return [head, exif, jpeg.subarray(2)];
}

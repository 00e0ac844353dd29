/** What AVIF and HEIC say of themselves: both are boxes within boxes (ISO/IEC 14496-12, 23008-12). */

import { text } from "./bytes";
import type { Facts } from "./facts";

interface Box {
  readonly name: string;
  readonly body: Uint8Array;
}

const VERSION = 4; // bytes of version and flags before the body of a "full" box
const ALPHA = ["urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1"];
const METADATA = ["Exif", "mime"]; // the latter is XMP
const SEQUENCES = ["avis", "msf1", "hevc", "hevx"];
const STILLS = ["avif", "mif1", "heic", "heix"];
// Code points that a browser shows as they are: sRGB's, or none; BT.709's curve is taken for sRGB's.
const PRIMARIES = [1, 2];
const CURVES = [1, 2, 6, 13];

/** What a file holds, as far as the boxes before its pixels tell. */
export type HeifFacts = Omit<Facts, "unread" | "exif">;

export function isHeif(bytes: Uint8Array): boolean {
  return brandsOf(bytes).some((brand) => [...STILLS, ...SEQUENCES].includes(brand));
}

export const isAvif = (bytes: Uint8Array): boolean =>
  brandsOf(bytes).some((brand) => brand === "avif" || brand === "avis");

/** Undefined where the file is damaged, or tells it elsewhere than at its beginning. */
export function heifFacts(bytes: Uint8Array): HeifFacts | undefined {
  try {
    const meta = child(bytes, "meta")?.subarray(VERSION);
    const properties = meta && child(child(meta, "iprp"), "ipco");
    return properties && told(bytes, [...boxes(properties)], child(meta, "iinf"));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Properties count whichever of the file's pictures they are of: its tiles, or its transparency. */
function told(
  bytes: Uint8Array,
  properties: readonly Box[],
  items: Uint8Array | undefined,
): HeifFacts {
  const coded = properties.filter(({ name }) => name === "av1C" || name === "hvcC");
  return {
    suffix: isAvif(bytes) ? "avif" : "heic",
    grey: coded.length > 0 && coded.every(isGrey), // transparency is coded in grey, too
    alpha: properties.some(({ name, body }) => name === "auxC" && isAlpha(body)),
    deep: properties.some(isDeep),
    animated: brandsOf(bytes).some((brand) => SEQUENCES.includes(brand)),
    profile: properties.some(({ name, body }) => name === "colr" && isOther(body)),
    metadata: items !== undefined && kinds(items).some((kind) => METADATA.includes(kind)),
  };
}

const isGrey = ({ name, body }: Box): boolean =>
  name === "av1C" ? (at(body, 2) & 0x10) !== 0 : (at(body, 16) & 3) === 0;

function isDeep({ name, body }: Box): boolean {
  if (name === "av1C") return (at(body, 2) & 0x40) !== 0;
  if (name === "hvcC") return ((at(body, 17) | at(body, 18)) & 7) !== 0; // bits beyond 8
  return name === "pixi" && body.subarray(VERSION + 1).some((bits) => bits > 8);
}

function isAlpha(body: Uint8Array): boolean {
  return ALPHA.some((name) => text(body, VERSION, VERSION + name.length) === name);
}

/** Whether colours are others than sRGB's: by an ICC profile, or by code points. */
function isOther(body: Uint8Array): boolean {
  if (text(body, 0, 4) !== "nclx") return true;
  const view = viewOf(body);
  return !PRIMARIES.includes(view.getUint16(4)) || !CURVES.includes(view.getUint16(6));
}

/** Four letters for each item. */
function kinds(items: Uint8Array): string[] {
  const entries = at(items, 0) === 0 ? VERSION + 2 : VERSION + 4; // behind their number
  return [...boxes(items.subarray(entries))].flatMap(({ name, body }) => {
    if (name !== "infe") return [];
    const from = at(body, 0) === 2 ? VERSION + 4 : VERSION + 6; // behind its own number
    return [text(body, from, from + 4)];
  });
}

function brandsOf(bytes: Uint8Array): string[] {
  if (text(bytes, 4, 8) !== "ftyp") return [];
  const end = Math.min(viewOf(bytes).getUint32(0), bytes.length, 256);
  const brands = [text(bytes, 8, 12)];
  for (let from = 16; from + 4 <= end; from += 4) brands.push(text(bytes, from, from + 4));
  return brands;
}

function child(bytes: Uint8Array | undefined, wanted: string): Uint8Array | undefined {
  if (!bytes) return undefined;
  for (const { name, body } of boxes(bytes)) if (name === wanted) return body;
  return undefined;
}

/**
 * Boxes one after the other, each at least as long as its head.
 *
 * @throws RangeError where one is longer than what it lies in.
 */
function* boxes(bytes: Uint8Array): Generator<Box> {
  const view = viewOf(bytes);
  for (let from = 0; from < bytes.length;) {
    const short = view.getUint32(from);
    const head = short === 1 ? 16 : 8;
    let length = short === 0 ? bytes.length - from : short; // 0: to the end
    if (short === 1) length = Number(view.getBigUint64(from + 8));
    if (length < head || from + length > bytes.length) throw new RangeError("a damaged box");
    const name = text(bytes, from + 4, from + 8);
    yield { name, body: bytes.subarray(from + head, from + length) };
    from += length;
  }
}

/** @throws RangeError where the bytes end before. */
const at = (bytes: Uint8Array, index: number): number => viewOf(bytes).getUint8(index);

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

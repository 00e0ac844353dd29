/** What results are saved as, and under which name. */

import type { Facts } from "./facts";
import { upright, withExif } from "./jpeg";
import { contextOf, type Sheet } from "./sheet";

export type Suffix = "jpg" | "png" | "webp";

export const TYPES: Record<Suffix, string> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};

export const SUFFIXES: readonly string[] = Object.keys(TYPES);

export const hasQuality = (suffix: string): boolean =>
  !["png", "tif", "bmp", "ppm"].includes(suffix);

/** The format of the file itself where it can be written, else one that loses least. */
export function naturalSuffix(name: string, facts: Facts, writable: readonly string[]): string {
  const own = facts.suffix || suffixOf(name);
  if (writable.includes(own)) return own;
  return facts.alpha || facts.deep ? "png" : "jpg";
}

function suffixOf(name: string): string {
  const suffix = /\.([a-z]+)$/i.exec(name)?.[1].toLowerCase() ?? "";
  return { jpeg: "jpg", tiff: "tif" }[suffix] ?? suffix;
}

/** `photo.derained.jpg`, as the command line names it. */
export function resultName(name: string, suffix: string): string {
  return `${name.replace(/\.[a-z0-9]+$/i, "")}.derained.${suffix}`;
}

/** Names as they are, but a second one of a kind gets a number. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; taken.has(free); n++) free = name.replace(/(\.[^.]*)?$/, ` (${n})$1`);
    taken.add(free);
    return free;
  });
}

/**
 * The result as a file of the browser's making; a JPEG keeps its Exif.
 *
 * @throws Error where this browser cannot write the format.
 */
export async function encode(
  sheet: Sheet,
  strength: number,
  suffix: Suffix,
  quality: number,
  facts: Facts,
): Promise<Blob> {
  const { width, height } = sheet; // it may be closed while the canvas is encoded
  let canvas = sheet.blended(strength);
  if (suffix === "jpg" && facts.alpha) canvas = onWhite(canvas);
  const type = TYPES[suffix];
  const blob = await canvas.convertToBlob({ type, quality: quality / 100 });
  if (blob.type !== type) throw new Error(`this browser does not write ${type}`);
  const exif = facts.exif && upright(facts.exif, width, height);
  if (suffix !== "jpg" || !exif) return blob;
  const parts = withExif(new Uint8Array(await blob.arrayBuffer()), exif);
  return new Blob(parts as BlobPart[], { type });
}

function onWhite(canvas: OffscreenCanvas): OffscreenCanvas {
  const result = new OffscreenCanvas(canvas.width, canvas.height);
  const context = contextOf(result);
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(canvas, 0, 0);
  return result;
}

/** What a picture file says about itself that a browser does not tell: from its first bytes. */

import { text } from "./bytes";
import { heifFacts, isAvif, isHeif } from "./heif";
import { exifOf, jpegSegments } from "./jpeg";

export interface Facts {
  /** Usual suffix of the format; empty where it is none of those read here. */
  readonly suffix: "" | "jpg" | "png" | "webp" | "gif" | "avif" | "heic";
  /** One channel, which stays one. */
  readonly grey: boolean;
  readonly alpha: boolean;
  /** More than 8 bits a channel. */
  readonly deep: boolean;
  /** More than one picture, of which the first is taken. */
  readonly animated: boolean;
  /** A colour profile, which need not be sRGB's. */
  readonly profile: boolean;
  /** Exif, XMP or text. */
  readonly metadata: boolean;
  /** The file does not tell it here: what it may have counts as there, lest it be lost in silence. */
  readonly unread: boolean;
  /** The Exif block of a JPEG, from its TIFF header on. */
  readonly exif?: Uint8Array;
}

const NONE: Facts = {
  suffix: "",
  grey: false,
  alpha: false,
  deep: false,
  animated: false,
  profile: false,
  metadata: false,
  unread: false,
};

const UNREAD: Facts = {
  ...NONE,
  alpha: true,
  deep: true,
  profile: true,
  metadata: true,
  unread: true,
};

const HEAD = 4 * 2 ** 20; // bytes of a file in which it says what it is

/** Undefined where the file cannot be read, as a folder that is dropped cannot. */
export function readFacts(file: Blob): Promise<Facts | undefined> {
  const head = file.slice(0, HEAD).arrayBuffer();
  return head.then(
    (bytes) => factsOf(new Uint8Array(bytes)),
    () => undefined,
  );
}

export function factsOf(bytes: Uint8Array): Facts {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return ofJpeg(bytes);
  if (text(bytes, 1, 4) === "PNG") return ofPng(bytes);
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP") return ofWebp(bytes);
  if (text(bytes, 0, 3) === "GIF") return { ...NONE, suffix: "gif", alpha: true, animated: true };
  if (isHeif(bytes)) return ofHeif(bytes);
  return UNREAD;
}

function ofJpeg(bytes: Uint8Array): Facts {
  let grey = false;
  let profile = false;
  let metadata = false;
  let exif: Uint8Array | undefined;
  for (const { marker, body } of jpegSegments(bytes)) {
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) grey = body[5] === 1;
    if (marker === 0xe1) metadata = true;
    if (marker === 0xe2) profile ||= text(body, 0, 11) === "ICC_PROFILE";
    exif ??= marker === 0xe1 ? exifOf(body) : undefined;
  }
  return { ...NONE, suffix: "jpg", grey, profile, metadata, ...(exif && { exif }) };
}

function ofPng(bytes: Uint8Array): Facts {
  const colours = bytes[25];
  const facts = {
    ...NONE,
    suffix: "png" as const,
    grey: colours === 0 || colours === 4,
    alpha: colours === 4 || colours === 6,
    deep: bytes[24] === 16,
  };
  for (const { name } of chunks(bytes, 8, false)) {
    if (name === "tRNS") facts.alpha = true;
    if (name === "acTL") facts.animated = true;
    if (name === "iCCP" || name === "cICP") facts.profile = true;
    if (["eXIf", "tEXt", "iTXt", "zTXt"].includes(name)) facts.metadata = true;
  }
  return facts;
}

function ofWebp(bytes: Uint8Array): Facts {
  const facts = { ...NONE, suffix: "webp" as const };
  for (const { name, body } of chunks(bytes, 12, true)) {
    if (name === "VP8X") {
      facts.profile = (body[0] & 0x20) !== 0;
      facts.alpha ||= (body[0] & 0x10) !== 0;
      facts.metadata = (body[0] & 0x0c) !== 0;
      facts.animated = (body[0] & 0x02) !== 0;
    }
    if (name === "VP8L") facts.alpha ||= (body[4] & 0x10) !== 0;
  }
  return facts;
}

function ofHeif(bytes: Uint8Array): Facts {
  const facts = heifFacts(bytes);
  return facts ? { ...NONE, ...facts } : { ...UNREAD, suffix: isAvif(bytes) ? "avif" : "heic" };
}

/** The chunks of a PNG (length, name, body, sum) or of a RIFF file (name, length, body, padding). */
function* chunks(bytes: Uint8Array, from: number, riff: boolean): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + 8 <= bytes.length;) {
    const length = view.getUint32(riff ? at + 4 : at, riff);
    const name = riff ? text(bytes, at, at + 4) : text(bytes, at + 4, at + 8);
    yield { name, body: bytes.subarray(at + 8, at + 8 + length) };
    at += riff ? 8 + length + (length % 2) : 12 + length;
  }
}

interface Chunk {
  readonly name: string;
  readonly body: Uint8Array;
}

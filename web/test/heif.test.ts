import { describe, expect, it } from "vitest";
import { factsOf } from "../src/files/facts";
import { naturalSuffix } from "../src/files/formats";

/** 2x2 pixels with transparency, as Pillow writes them. */
const TRANSPARENT = Uint8Array.from(
  atob(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAAGGbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAA" +
      "AAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAACxpbG9jAAAAAEQAAAIAAQAAAAEAAAHCAAAAIwACAAAAAQAAAa4AAAAUAAAA" +
      "QmlpbmYAAAAAAAIAAAAaaW5mZQIAAAAAAQAAYXYwMUNvbG9yAAAAABppbmZlAgAAAAACAABhdjAxQWxwaGEAAAAAGmly" +
      "ZWYAAAAAAAAADmF1eGwAAgABAAEAAADDaXBycAAAAJ1pcGNvAAAAFGlzcGUAAAAAAAAAAgAAAAIAAAAQcGl4aQAAAAAD" +
      "CAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAAA5waXhpAAAAAAEIAAAADGF2MUOBABwAAAAAOGF1eEMA" +
      "AAAAdXJuOm1wZWc6bXBlZ0I6Y2ljcDpzeXN0ZW1zOmF1eGlsaWFyeTphbHBoYQAAAAAeaXBtYQAAAAAAAAACAAEEAQKD" +
      "BAACBAEFhgcAAAA/bWRhdBIACgQYADYVMgoUAAwxAAF1VEgIEgAKCBgANogIaDQgMhUUx4eGZQIIIJ5QAAAASFrZXNYw" +
      "F2A=",
  ),
  (letter) => letter.charCodeAt(0),
);

const letters = (text: string): number[] => [...new TextEncoder().encode(text)];

function box(name: string, ...parts: readonly number[][]): number[] {
  const body = parts.flat();
  const length = body.length + 8;
  return [0, 0, length >> 8, length & 0xff, ...letters(name), ...body];
}

const full = (name: string, version: number, ...parts: readonly number[][]): number[] =>
  box(name, [version, 0, 0, 0], ...parts);

const item = (kind: string): number[] => full("infe", 2, [0, 1, 0, 0], letters(kind), [0]);
const xmp = (): number[] => full("infe", 3, [0, 0, 0, 1, 0, 0], letters("mime"), [0]);

const brands = (...names: string[]): number[] =>
  box("ftyp", letters(names[0]), [0, 0, 0, 0], letters(names.join("")));

function file(properties: number[][], items: number[][] = [item("av01")], head?: number[]) {
  const meta = full(
    "meta",
    0,
    full("iinf", 0, [0, items.length], ...items),
    box("iprp", box("ipco", ...properties)),
  );
  return new Uint8Array([...(head ?? brands("avif", "mif1")), ...meta, ...box("mdat", [1, 2, 3])]);
}

const av1 = (bits: number): number[] => box("av1C", [0x81, 0, bits, 0]);
const hevc = (chroma: number, deeper: number): number[] =>
  box("hvcC", [...new Array<number>(16).fill(0), 0xfc | chroma, 0xf8 | deeper, 0xf8 | deeper]);
const colours = (primaries: number, curve: number): number[] =>
  box("colr", letters("nclx"), [0, primaries, 0, curve, 0, 6, 0x80]);

it("keeps the transparency of an AVIF", () => {
  const facts = factsOf(TRANSPARENT);
  expect(facts).toEqual({
    ...{ suffix: "avif", grey: false, alpha: true, deep: false, animated: false, profile: false },
    ...{ metadata: false, unread: false },
  });
  expect(naturalSuffix("a.avif", facts, ["jpg", "png", "webp"])).toBe("png");
  expect(naturalSuffix("a.avif", facts, ["jpg", "avif"])).toBe("avif");
});

describe("what the boxes tell", () => {
  it.each([
    ["8 bits of colour", file([av1(0x0c), colours(1, 13)]), {}],
    ["10 bits", file([av1(0x4c)]), { deep: true }],
    ["10 bits of HEVC", file([hevc(1, 2)]), { suffix: "avif", deep: true }],
    ["12 bits of a grid", file([full("pixi", 0, [3, 12, 12, 12])]), { deep: true }],
    ["grey", file([av1(0x1c)]), { grey: true }],
    ["grey of HEVC", file([hevc(0, 0)]), { grey: true }],
    ["a profile", file([box("colr", letters("prof"), [1])]), { profile: true }],
    ["Display P3", file([colours(12, 13)]), { profile: true }],
    ["PQ", file([colours(1, 16)]), { profile: true }],
    ["Exif", file([], [item("av01"), item("Exif")]), { metadata: true }],
    ["XMP", file([], [item("av01"), xmp()]), { metadata: true }],
    ["depth", file([full("auxC", 0, letters("urn:mpeg:hevc:2015:auxid:2\0"))]), {}],
    ["alpha", file([full("auxC", 0, letters("urn:mpeg:hevc:2015:auxid:1\0"))]), { alpha: true }],
    ["a sequence", file([], undefined, brands("avis", "avif")), { animated: true }],
    ["HEIC", file([hevc(1, 0)], undefined, brands("heic", "mif1")), { suffix: "heic" }],
  ])("%s", (_, bytes, expected) => {
    expect(factsOf(bytes)).toEqual({
      ...{ suffix: "avif", grey: false, alpha: false, deep: false, animated: false },
      ...{ profile: false, metadata: false, unread: false },
      ...expected,
    });
  });
});

describe("a damaged file", () => {
  it("that is cut off has what it may have", () => {
    const pixels = TRANSPARENT.length - 0x3f; // only these may be missing
    const lengths = Array.from({ length: pixels - 12 }, (_, index) => 12 + index);
    const read = lengths.filter((length) => !factsOf(TRANSPARENT.subarray(0, length)).unread);
    expect(read).toEqual([]);
    expect(factsOf(TRANSPARENT.subarray(0, pixels - 1))).toMatchObject({
      ...{ suffix: "avif", alpha: true, deep: true, profile: true, metadata: true },
    });
    expect(factsOf(TRANSPARENT.subarray(0, pixels))).toEqual(factsOf(TRANSPARENT));
  });

  it("never stops the page", () => {
    const damage = (): void => {
      for (let at = 0; at < TRANSPARENT.length; at++) {
        for (const byte of [0, 0xff]) factsOf(TRANSPARENT.with(at, byte));
      }
    };
    expect(damage).not.toThrow();
  });
});

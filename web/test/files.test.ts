import { expect, it } from "vitest";
import { factsOf } from "../src/files/facts";
import { distinct, encode, naturalSuffix, resultName } from "../src/files/formats";
import { exifOf, jpegSegments, upright, withExif } from "../src/files/jpeg";
import type { Sheet } from "../src/files/sheet";

/** The head of an Exif block: orientation 6, and a table with a colour space and sides. */
function exif(little: boolean): Uint8Array {
  const bytes = new Uint8Array(100);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put16 = (value: number): void => {
    view.setUint16(at, value, little);
    at += 2;
  };
  const put32 = (value: number): void => {
    view.setUint32(at, value, little);
    at += 4;
  };
  const entry = (tag: number, type: number, value: number): void => {
    put16(tag);
    put16(type);
    put32(1);
    if (type === 3) {
      put16(value);
      put16(0);
    } else put32(value);
  };
  put16(little ? 0x4949 : 0x4d4d);
  put16(42);
  put32(8);
  put16(2);
  entry(0x0112, 3, 6);
  entry(0x8769, 4, 38);
  put32(90); // a thumbnail's table
  put16(3);
  entry(0xa001, 3, 0xffff);
  entry(0xa002, 4, 30);
  entry(0xa003, 3, 40);
  return bytes;
}

function jpeg(components: number, ...segments: [number, number[]][]): Uint8Array {
  const frame: [number, number[]] = [0xc0, [8, 0, 1, 0, 1, components]];
  const body = [...segments, frame].flatMap(([marker, bytes]) => {
    const length = bytes.length + 2;
    return [0xff, marker, length >> 8, length & 0xff, ...bytes];
  });
  return new Uint8Array([0xff, 0xd8, ...body, 0xff, 0xda, 0, 2, 0xff, 0xe1]);
}

const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0];

it.each([true, false])("sets Exif upright (little-endian: %s)", (little) => {
  const result = upright(exif(little), 400, 300);
  if (!result) throw new Error("not read");
  const view = new DataView(result.buffer);
  expect(view.getUint16(18, little)).toBe(1); // orientation
  expect(view.getUint32(34, little)).toBe(0); // no thumbnail
  expect(view.getUint16(48, little)).toBe(1); // sRGB
  expect(view.getUint32(60, little)).toBe(400);
  expect(view.getUint16(72, little)).toBe(300);
});

it("leaves out an Exif block that is cut off", () => {
  expect(upright(exif(true).slice(0, 30), 1, 1)).toBeUndefined();
});

it("reads what a JPEG has, and not what stands behind its pixels", () => {
  const block = exif(false);
  const profile = [...new TextEncoder().encode("ICC_PROFILE"), 0, 1, 1];
  const facts = factsOf(jpeg(1, [0xe1, [...EXIF, ...block]], [0xe2, profile]));
  expect(facts).toMatchObject({ suffix: "jpg", grey: true, profile: true, metadata: true });
  expect(facts.exif).toEqual(block);
  expect(factsOf(jpeg(3))).toMatchObject({ grey: false, profile: false, metadata: false });
  expect(factsOf(jpeg(3)).exif).toBeUndefined();
});

it("puts Exif first into a JPEG", () => {
  const parts = withExif(jpeg(3), exif(true));
  const whole = new Uint8Array(parts.flatMap((part) => [...part]));
  const [first, second] = [...jpegSegments(whole)];
  expect(first.marker).toBe(0xe1);
  expect(first.body.slice(6)).toEqual(exif(true));
  expect(second.marker).toBe(0xc0);
});

it("writes the sides of a picture that is closed while it is encoded", async () => {
  const sheet = {
    width: 400,
    height: 300,
    blended: () => ({
      convertToBlob({ type }: { type: string }): Promise<Blob> {
        Object.assign(sheet, { width: 0, height: 0 });
        return Promise.resolve(new Blob([jpeg(3) as BlobPart], { type }));
      },
    }),
  };
  const facts = factsOf(jpeg(3, [0xe1, [...EXIF, ...exif(true)]]));
  const file = await encode(sheet as unknown as Sheet, 1, "jpg", 92, facts);
  const [first] = jpegSegments(new Uint8Array(await file.arrayBuffer()));
  expect(exifOf(first.body)).toEqual(upright(exif(true), 400, 300));
});

it("reads depth, colours and animation of a PNG", () => {
  const chunk = (name: string, body: number[] = []): number[] => {
    const letters = [...new TextEncoder().encode(name)];
    return [0, 0, 0, body.length, ...letters, ...body, 0, 0, 0, 0];
  };
  const head = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10];
  const png = (depth: number, colours: number, ...chunks: string[]): Uint8Array => {
    const size = [0, 0, 0, 1, 0, 0, 0, 1, depth, colours, 0, 0, 0];
    const rest = chunks.flatMap((name) => chunk(name));
    return new Uint8Array([...head, ...chunk("IHDR", size), ...rest]);
  };
  expect(factsOf(png(16, 4))).toMatchObject({ suffix: "png", grey: true, alpha: true, deep: true });
  expect(factsOf(png(8, 2))).toMatchObject({ grey: false, alpha: false, deep: false });
  expect(factsOf(png(8, 3, "tRNS", "iCCP", "acTL", "tEXt"))).toMatchObject({
    ...{ alpha: true, profile: true, animated: true, metadata: true },
  });
});

it("reads what a WebP says it has", () => {
  const text = (letters: string): number[] => [...new TextEncoder().encode(letters)];
  const body = [...text("VP8X"), 10, 0, 0, 0, 0x3e, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const bytes = new Uint8Array([...text("RIFF"), 0, 0, 0, 0, ...text("WEBP"), ...body]);
  expect(factsOf(bytes)).toMatchObject({
    ...{ suffix: "webp", alpha: true, animated: true, metadata: true, profile: true },
  });
});

it("takes all that it cannot read to be there, in anything else", () => {
  for (const bytes of [new Uint8Array(), new TextEncoder().encode("BM and more")]) {
    expect(factsOf(bytes)).toMatchObject({
      ...{ suffix: "", unread: true, alpha: true, deep: true, profile: true, metadata: true },
    });
  }
});

it("names results as the command line does, each its own", () => {
  expect(resultName("a.b.JPEG", "jpg")).toBe("a.b.derained.jpg");
  expect(distinct(["a.jpg", "a.jpg", "b.png", "a.jpg"])).toEqual([
    ...["a.jpg", "a (2).jpg", "b.png", "a (3).jpg"],
  ]);
});

it("saves in the file's own format where it can", () => {
  const none = { ...factsOf(jpeg(3)), suffix: "" } as const;
  expect(naturalSuffix("x.png", factsOf(jpeg(3)), ["jpg", "png"])).toBe("jpg");
  expect(naturalSuffix("x.tiff", none, ["jpg", "tif"])).toBe("tif");
  expect(naturalSuffix("x.heic", none, ["jpg", "png"])).toBe("jpg");
  expect(naturalSuffix("x.bmp", factsOf(new Uint8Array()), ["jpg", "png"])).toBe("png");
  expect(naturalSuffix("x.gif", { ...none, alpha: true }, ["jpg", "png"])).toBe("png");
});

import { expect, it } from "vitest";
import type { Card } from "../src/engine/card";
import { restore } from "../src/engine/looks";
import type { Picture } from "../src/engine/pixels";
import { fallsSideways, turned, turnedBack } from "../src/engine/sideways";
import type { Network, Step } from "../src/engine/walk";

const CARD: Card = { sizeMultiple: 8, halo: 16, bytesPerPixel: 1 };
const BUDGET = 1e9;

/** Takes half of how much brighter a pixel is than the one to its left: sees upright lines alone. */
const upright: Network = (rainy, height, width) => {
  const change = new Float32Array(rainy.length);
  for (let line = 0; line < 3 * height; line++) {
    for (let x = 1; x < width; x++) {
      const at = line * width + x;
      change[at] = -0.5 * Math.max(0, rainy[at] - rainy[at - 1]);
    }
  }
  return Promise.resolve(change);
};

/** Stripes, upright or lying, every 4 * `wide` pixels and `wide` pixels wide. */
function striped(width: number, height: number, lying: boolean, wide = 1): Picture {
  const pixels = new Uint8ClampedArray(width * height * 4).fill(100);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((lying ? y : x) % (4 * wide) < wide)
        pixels.fill(160, 4 * (y * width + x), 4 * (y * width + x) + 3);
      pixels[4 * (y * width + x) + 3] = (x + y) % 256;
    }
  }
  return { pixels, width, height, grey: false };
}

it("turns as NumPy's rot90, and back", () => {
  const pixels = new Uint8ClampedArray(Array.from({ length: 24 }, (_, i) => i));
  const side = turned({ pixels, width: 3, height: 2, grey: false });
  expect([side.width, side.height]).toEqual([2, 3]);
  const firsts = Array.from(side.pixels).filter((_, i) => i % 4 === 0);
  expect(firsts).toEqual([8, 20, 4, 16, 0, 12]); // np.rot90 of [[0, 4, 8], [12, 16, 20]]
  expect(turnedBack(side)).toEqual(pixels);
});

it.each([
  [300, 200, 1],
  [200, 1500, 1],
  [1300, 1290, 4],
  [140, 129, 1],
])("tells lines that lie in %i x %i pixels, %i wide", async (width, height, wide) => {
  const told = (lying: boolean): Promise<boolean> =>
    fallsSideways(striped(width, height, lying, wide), upright, CARD, BUDGET);
  expect(await told(true)).toBe(true);
  expect(await told(false)).toBe(false);
});

it.each([
  [0.7, true],
  [0.8, false],
])(
  "lets lines that agree be told where %s of them are seen as they lie: %s",
  async (share, told) => {
    let looks = 0;
    const network: Network = (rainy) => {
      const seen = looks++ === 0 ? 1 : share; // turned first, and then as it lies
      return Promise.resolve(rainy.map((level) => seen * (level - 0.4)));
    };
    const picture = striped(300, 200, true);
    expect(await fallsSideways(picture, network, CARD, BUDGET)).toBe(told);
  },
);

it("leaves lines that slant either way as they are", async () => {
  const picture = striped(300, 200, true);
  const { pixels, width } = picture;
  for (let i = 0; i < pixels.length; i += 4) {
    const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
    pixels.fill((2 * x + y) % 8 < 2 ? 160 : 100, i, i + 3);
  }
  const seesAll: Network = (rainy) => Promise.resolve(rainy.map((level) => level - 0.5));
  let looks = 0;
  const counted: Network = async (...of) => {
    looks += 1;
    return seesAll(...of);
  };
  expect(await fallsSideways(picture, counted, CARD, BUDGET)).toBe(false);
  expect(looks).toBe(1);
});

it("tells nothing of pictures that are too small", async () => {
  expect(await fallsSideways(striped(127, 200, true), upright, CARD, BUDGET)).toBe(false);
});

it("looks at a picture that lies on its side, and gives it back as it lies", async () => {
  const picture = striped(300, 220, true);
  const steps: Step[] = [];
  const bands = [];
  for await (const band of restore(picture, upright, CARD, BUDGET, (step) => steps.push(step))) {
    bands.push(band);
  }
  expect(bands.map(({ top, rows }) => [top, rows])).toEqual([[0, 220]]);
  expect(steps.length).toBeGreaterThan(0);
  const { pixels } = bands[0];
  for (const [x, y] of [
    [10, 8],
    [290, 216],
  ]) {
    const at = 4 * (y * 300 + x);
    expect([...pixels.subarray(at, at + 4)]).toEqual([130, 130, 130, (x + y) % 256]);
    expect(pixels[at + 1200]).toBe(100);
  }
});
